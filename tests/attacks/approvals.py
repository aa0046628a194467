"""Commits of different people, and what comes of it when they approve them for prod."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from orchestrator.aws.executions import execution_arn
from orchestrator.steps.contract import Release
from tests.moto_accounts import TOOLING
from tests.moto_company import MotoCompany
from tests.promotion_steps import Steps

ADA, BEN, CARL = (f"arn:aws:iam::{TOOLING}:user/{name}" for name in ("ada", "ben", "carl"))
NUMBERS = count(1)


def deployed(company: MotoCompany, release: Release) -> None:
    """Deploy to prod."""
    Steps(company, release, "prod", f"run-{next(NUMBERS)}").deployed()


def commit(company: MotoCompany, path: str, author: str, message: str = "Change", committer: str = "Test") -> str:
    """Change a file as somebody."""
    file = company.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{message} {next(NUMBERS)}")
    git = company.repository
    git("add", "--all")
    as_committer = ("-c", f"user.name={committer}", "-c", f"user.email={committer.lower()}@example.com")
    git(*as_committer, "commit", "--quiet", f"--author={author} <{author.lower()}@example.com>", "-m", message)
    return git.head


def ask(company: MotoCompany) -> tuple[str, str]:
    """Publish what is at the branch's head, plan it and ask for approval; returns the version and the plan's hash."""
    version = f"1.{next(NUMBERS)}.0"
    steps = Steps(company, company.publish(version), "prod", f"run-{next(NUMBERS)}")
    plan = steps("plan")
    gate = company.organization.state_machine_arn("clock-approve-prod")
    steps("request_approval", plan=plan, gate_arn=gate, token=f"t0ken-{next(NUMBERS)}")
    return version, plan["plan_hash"]


def approve(company: MotoCompany, asked: tuple[str, str], who: str) -> tuple[str, str]:
    """Approve as somebody; returns what came of it. Nothing waits for the answer, so one that counts has no effect."""
    gate, name = company.organization.state_machine_arn("clock-approve-prod"), f"gate-{next(NUMBERS)}"
    company.record_start(gate, name, who)
    given = {"release": asked[0], "decision": "approve", "plan": asked[1][:12], "reason": ""}
    now = datetime.now(UTC).isoformat()
    step = {"unit": "clock", "environment": "prod", "gate": execution_arn(gate, name), "started_at": now}
    answer: Any = company.call("decide", {**step, "merged": {}, "decision": given})
    return answer["status"], answer["message"]


def counts(result: tuple[str, str]) -> bool:
    """Whether an approval was enough."""
    return "no longer waits" in result[1] or result[0] == "APPROVED"
