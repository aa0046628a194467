"""Merges into a company's repository in moto, and what came of them."""

import json
from typing import Any

from orchestrator.config.load import load_organization
from orchestrator.config.organization import Organization
from orchestrator.ownership.claims import Claim
from tests.moto_company import MotoCompany
from tests.organization_toml import organization_toml
from tests.recorded import recorded

ORGANIZATION = organization_toml("dev", tooling="123456789012")


def project(name: str) -> str:
    """The project file of a unit."""
    return f'[project]\nname = "{name}"\nversion = "0.1.0"\n'


def write(company: MotoCompany, file: str, text: str) -> None:
    """Write a file of the repository."""
    path = company.folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def organize(company: MotoCompany, text: str) -> None:
    """Have an administrator record what `orchestrator.toml` is going to say, and write it."""
    apply(company, load_organization(text))
    write(company, "orchestrator.toml", text)


def apply(company: MotoCompany, organization: Organization) -> None:
    """Have an administrator record the next version of the guardrails."""
    records = company.wiring.guardrail_records
    assert records.record(recorded(organization, records.current().version + 1))


def claim(company: MotoCompany, unit: str, stack: str) -> None:
    """Claim a stack for a unit in all targets, as a look at the branch does that finds the unit."""
    stacks = frozenset(f"{target}/{stack}" for target in company.organization.targets)
    run = company.ledger.branches.begin("main")
    assert company.ledger.claims.write([Claim(unit, f"projects/{unit}", stacks)], "main", run)


def look(company: MotoCompany, commit: str | None = None, branch: str = "main") -> Any:
    """Tell on_merge that it is time, and have done what it asks for."""
    detail = {"branch": branch, **({"commit": commit} if commit else {})}
    result = company.call("on_merge", {"detail": detail})
    assert company.deliver_starts() == []
    return result


def merge(company: MotoCompany, message: str = "Merge", branch: str = "main") -> Any:
    """Commit, and tell on_merge."""
    return look(company, company.commit(message), branch)


def asked(result: Any) -> list[str]:
    """The units that something was asked for."""
    return [one["unit"] for one in result["asked"]]


def machines(company: MotoCompany) -> list[str]:
    """The state machines of promotions that there are."""
    return [name for name in all_machines(company) if name.startswith("promote-")]


def all_machines(company: MotoCompany) -> list[str]:
    """The state machines that there are, gates included."""
    return [one["name"] for one in company.wiring.stepfunctions.list_state_machines()["stateMachines"]]


def definition(company: MotoCompany, machine: str) -> Any:
    """What a state machine does."""
    arn = company.organization.state_machine_arn(machine)
    return json.loads(company.wiring.stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"])


def executions(company: MotoCompany) -> dict[str, list[str]]:
    """By unit, the commits that promotions were started for, in order."""
    return {name.removeprefix("promote-"): _commits(company, name) for name in machines(company)}


def _commits(company: MotoCompany, machine: str) -> list[str]:
    client, arn = company.wiring.stepfunctions, company.organization.state_machine_arn(machine)
    # Two may have started within a millisecond; their names end with the number of the look that led to them.
    listed = sorted(
        client.list_executions(stateMachineArn=arn)["executions"], key=lambda one: int(one["name"].rsplit("-", 1)[-1])
    )
    inputs = (client.describe_execution(executionArn=one["executionArn"])["input"] for one in listed)
    return [json.loads(one)["commit"] for one in inputs]
