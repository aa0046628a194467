"""Trains of a company in moto: its units are in the repository, and the state machine of trains is there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.config.organization import Organization
from orchestrator.config.unit import UnitSettings
from orchestrator.decisions.document import train_subject
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.trains import Stage, Train
from orchestrator.steps.gate_input import plan_prefix
from orchestrator.trains.names import TRAIN_MACHINE, train_gate_name
from tests.moto_company import SOMEBODY, MotoCompany
from tests.train_definition import train_machines
from tests.waiting import until


@dataclass(frozen=True)
class MotoTrains:
    """The trains of a company.

    Args:
        company: the company.
        units: by name, what each comes after.
    """

    company: MotoCompany
    units: dict[str, tuple[str, ...]]

    def found(self, cache: Path) -> None:
        """Put the units into the repository, and make all state machines."""
        folder = self.company.folder
        (folder / "orchestrator.toml").write_text(_toml(self.company.organization))
        for name, after in self.units.items():
            project = folder / "projects" / name
            project.mkdir(parents=True)
            tool = f"[tool.orchestrator]\nafter = {json.dumps(after)}\n"
            (project / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "0.1.0"\n\n{tool}')
            self.of(name).install()
        self.company.commit("Add units")
        for name, definition in train_machines(self.company.organization, cache).items():
            self.company.make_machine(name, definition)

    def of(self, unit: str) -> MotoCompany:
        """The company, seen from one of the units."""
        return self.company.with_unit(unit, UnitSettings(after=self.units[unit]))

    def publish(self, version: str) -> dict[str, str]:
        """Publish a release of each unit; returns their versions."""
        for name in self.units:
            self.company.publish(version, unit=name, smoke_tests=[{"url": f"{self.company.site.url}/{name}-{version}"}])
        return dict.fromkeys(self.units, version)

    def break_(self, unit: str, version: str) -> None:
        """Make a release fail its smoke tests everywhere."""
        self.company.site.broken.add(f"{unit}-{version}")

    def start(self, name: str, who: str = SOMEBODY, **request: Any) -> str:
        """Start a train as somebody; returns its execution."""
        arn = self.company.organization.state_machine_arn(TRAIN_MACHINE)
        self.company.record_start(arn, name, who)
        client = self.company.wiring.stepfunctions
        return client.start_execution(stateMachineArn=arn, name=name, input=json.dumps(request))["executionArn"]

    def carry(self, name: str, version: str, **request: Any) -> Train:
        """Start a train of all units with one version, and wait for its end."""
        return self.end(self.start(name, units=[f"{unit}@{version}" for unit in self.units], **request))

    def end(self, execution: str, told: str | None = None) -> Train:
        """Wait for a train's end, and deliver its event, which moto does not; it may tell of another status."""

        def ended() -> str | None:
            status = self.company.wiring.stepfunctions.describe_execution(executionArn=execution)["status"]
            return status if status != "RUNNING" else None

        self.company.call("on_train_change", {"detail": {"executionArn": execution, "status": told or until(ended)}})
        return self.train(execution)

    def asked(self, execution: str, environment: str) -> ApprovalRequest | None:
        """What a train waits to be decided on; None when it does not."""
        name = execution.rsplit(":", 1)[-1]
        request = self.company.ledger.approvals.request(train_subject(name), environment)
        return request if request and request.status == "PENDING" else None

    def decide(self, execution: str, environment: str, decision: str, who: str = SOMEBODY) -> dict[str, Any]:
        """Start the gate of trains as somebody, and describe how it ended."""
        train, gate = execution.rsplit(":", 1)[-1], f"gate-{len(self.company.site.starts)}"
        arn = self.company.organization.state_machine_arn(train_gate_name(environment))
        self.company.record_start(arn, gate, who)
        client = self.company.wiring.stepfunctions
        asked = self.asked(execution, environment)
        plan = plan_prefix(asked.shown) if asked else ""
        document = json.dumps({"train": train, "decision": decision, "plan": plan, "reason": "tried"})
        started = client.start_execution(stateMachineArn=arn, name=gate, input=document)["executionArn"]

        def ended() -> dict[str, Any] | None:
            described = dict(client.describe_execution(executionArn=started))
            return described if described["status"] != "RUNNING" else None

        return until(ended)

    def settle(self, environment: str) -> None:
        """Lift what failures left behind."""
        for name in self.units:
            self.company.ledger.controls.lift_hold(name, environment, "test")

    def train(self, execution: str) -> Train:
        """What the ledger says of a train."""
        found = self.company.ledger.trains.train(execution.rsplit(":", 1)[-1])
        assert found is not None
        return found

    def stages(self, execution: str) -> dict[str, Stage]:
        """What the ledger says was done, by environment."""
        return self.company.ledger.trains.stages(execution.rsplit(":", 1)[-1])

    def outcomes(self, execution: str) -> dict[str, dict[str, str]]:
        """What became of whom, by environment."""
        stages = self.stages(execution)
        order = [name for name in ("BUILD", *self.company.organization.environment_names) if name in stages]
        return {name: {unit: one.value for unit, one in stages[name].outcomes.items()} for name in order}

    def running(self, environment: str) -> dict[str, str | None]:
        """The versions that are really deployed, by unit."""
        return {name: self.of(name).running(environment) for name in self.units}


def _toml(organization: Organization) -> str:
    tooling = organization.tooling
    environments = "".join(
        f'\n[[environments]]\nname = "{one.name}"\n'
        f"requires_approval = {str(one.requires_approval).lower()}\ntargets = [\n"
        + "".join(f'  {{ account = "{target.account}", region = "{target.region}" }},\n' for target in one.targets)
        + "]\n"
        for one in organization.environments
    )
    return f'[tooling]\naccount = "{tooling.account}"\nregion = "{tooling.region}"\n{environments}'
