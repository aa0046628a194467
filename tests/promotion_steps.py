"""The steps of one promotion, called one by one, as its states would."""

from datetime import UTC, datetime
from typing import Any

from orchestrator.decisions.document import Decision
from orchestrator.steps.approved import entry_of
from orchestrator.steps.contract import Execution, Release
from tests.moto_accounts import TOOLING
from tests.moto_company import MotoCompany


class Steps:
    """Calls the steps of one promotion to one environment, as its states would."""

    def __init__(
        self, company: MotoCompany, release: Release, environment: str, name: str, *, stack: str = "app-clock"
    ) -> None:
        arn = company.organization.state_machine_arn("promote-clock").replace(":stateMachine:", ":execution:")
        self.company = company
        self.execution = Execution(id=f"{arn}:{name}", name=name, started_at=datetime.now(UTC))
        self.input: dict[str, Any] = {
            "release": release.model_dump(mode="json"),
            "environment": environment,
            "stack_name": stack,
            "execution": self.execution.model_dump(mode="json"),
        }

    def __call__(self, step: str, **extra: Any) -> Any:
        """Call one step."""
        return self.company.call(step, {**self.input, **extra})

    def approval(self, plan: dict[str, Any]) -> dict[str, Any]:
        """The answer of two people who approved a plan; their decision is kept, as Decide keeps it."""
        release = self.input["release"]
        entry = entry_of(Release.model_validate(release), plan["plan_hash"])
        decision = Decision(
            unit=release["unit"],
            environment=self.input["environment"],
            version=release["version"],
            request=self.execution.name,
            execution=self.execution.id,
            decision="approve",
            status="APPROVED",
            settles=True,
            message="approved",
            gate="arn:gate",
            decided_at="2026-01-01T00:00:00Z",
            entries=(entry,),
        )
        who = [f"arn:aws:iam::{TOOLING}:user/approver-{number}" for number in (1, 2)]
        approvals = tuple(decision.approval.model_copy(update={"identity": one, "evidence": "proof"}) for one in who)
        decision = decision.model_copy(update={"approvals": approvals})
        _, kept = self.company.wiring.decisions.keep(decision)
        return {"status": "APPROVED", "message": "", "decision": kept.model_dump()}

    def deployed(self) -> dict[str, Any]:
        """Plan and deploy."""
        plan = self("plan")
        approval = self.approval(plan) if plan["requires_approval"] else None
        deployment = self("deploy", plan=plan, approval=approval)
        assert deployment["status"] == "SUCCEEDED", deployment["message"]
        return {"plan": plan, "deployment": deployment}
