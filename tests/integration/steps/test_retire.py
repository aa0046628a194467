"""What is left of a unit that is gone: kept until somebody deletes it, and then deleted place by place."""

import shutil
from typing import Any

import pytest

from orchestrator.ledger.environments import Running
from orchestrator.steps.contract import Execution
from tests.aws_answers import refuse
from tests.merges import ORGANIZATION, executions, look, machines, merge, organize, project, write
from tests.moto_company import MotoCompany

_WHO: dict[str, Any] = {
    "id": "arn:aws:iam::123456789012:user/ada",
    "name": "retire-ada",
    "started_at": "2026-01-01T00:00:00Z",
}
_TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


def _tags(environment: str) -> Any:
    """Those that a deployment gives a stack."""
    return [
        {"Key": "orchestrator:unit", "Value": "clock"},
        {"Key": "orchestrator:environment", "Value": environment},
    ]


def ask(company: MotoCompany, environment: str | None, **more: Any) -> str:
    """Call Retire for one place; returns how far it is."""
    step = {"unit": "clock", "environment": environment, "stack_name": "app-clock", "execution": _WHO, **more}
    return str(company.call("retire", step)["status"])


def delete(company: MotoCompany, environment: str | None) -> None:
    """Call Retire until it is done."""
    assert ask(company, environment) == "IN_PROGRESS"
    assert ask(company, environment, begun=True) == "DELETED"


_PROD = """
[[environments]]
name = "prod"
targets = [
    { account = "555555555555", region = "eu-west-1" },
    { account = "666666666666", region = "eu-west-1" },
]
"""


@pytest.fixture
def gone(company: MotoCompany) -> MotoCompany:
    """A company in which `clock` runs in prod's two targets, and is no longer in the repository."""
    organize(company, ORGANIZATION + _PROD)
    merge(company)
    execution = Execution.model_validate(_WHO)
    for target in (0, 1):
        prod = company.client("prod", "cloudformation", target)
        prod.create_stack(StackName="app-clock", TemplateBody=_TEMPLATE, Tags=_tags("prod"))
    company.ledger.environments.record(Running(unit="clock", environment="prod", version="0.1.0"), execution)
    shutil.rmtree(company.folder / "projects/clock")
    merge(company, "Remove")
    return company


def stacks(company: MotoCompany, target: int) -> list[str]:
    """What there is in prod."""
    found = company.client("prod", "cloudformation", target).describe_stacks()["Stacks"]
    return [one["StackName"] for one in found]


def test_what_runs_of_a_retired_unit_is_kept(gone: MotoCompany) -> None:
    """Until somebody says otherwise."""
    assert stacks(gone, 0) == stacks(gone, 1) == ["app-clock"]
    assert gone.ledger.environments.running("clock", "prod").version == "0.1.0"


def test_all_that_is_left_is_deleted_place_by_place(gone: MotoCompany) -> None:
    """In all targets of an environment, and its state machines last; the ledger keeps who did it."""
    delete(gone, "prod")
    assert stacks(gone, 0) == stacks(gone, 1) == []
    assert gone.ledger.environments.running("clock", "prod").version is None
    delete(gone, None)
    assert machines(gone) == ["promote-calendar"]
    assert [by for _, by in gone.ledger.branches.deletions("clock")] == [_WHO["id"]]
    assert look(gone)["settled"]


@pytest.mark.parametrize("planned", [True, False])
def test_where_a_unit_was_never_deployed_a_stack_that_was_only_planned_goes(
    *, planned: bool, gone: MotoCompany
) -> None:
    """A plan leaves an empty one; what has something in it is somebody else's, whatever its tag says."""
    dev = gone.client("dev", "cloudformation")
    told: Any = {"StackName": "app-clock", "TemplateBody": _TEMPLATE}
    told["Tags"] = [{"Key": "orchestrator:unit", "Value": "clock"}]
    if planned:
        dev.create_change_set(ChangeSetName="first", ChangeSetType="CREATE", **told)
        delete(gone, "dev")
        assert dev.describe_stacks()["Stacks"] == []
    else:
        dev.create_stack(**told)
        assert ask(gone, "dev") == "DELETED"
        assert len(dev.describe_stacks()["Stacks"]) == 1


def test_a_unit_that_comes_back_after_that_is_a_new_one(gone: MotoCompany) -> None:
    """It is promoted again, whatever was there before."""
    delete(gone, "prod")
    delete(gone, None)
    write(gone, "projects/clock/pyproject.toml", project("clock"))
    commit = merge(gone, "Add it again")["commit"]
    assert commit in executions(gone)["clock"]


def test_a_unit_that_is_still_there_is_not_deleted(company: MotoCompany) -> None:
    """Nor one that never was."""
    with pytest.raises(AssertionError, match="clock is not retired: take its folder out of main"):
        ask(company, "dev")
    merge(company)
    with pytest.raises(AssertionError, match="clock is not retired"):
        ask(company, None)
    assert "promote-clock" in machines(company)


def test_a_stack_that_cannot_be_deleted_says_why(gone: MotoCompany) -> None:
    """The next try begins anew."""
    gone.answers.next["cloudformation.DeleteStack"] = [refuse("ValidationError", "It is protected.")]
    with pytest.raises(AssertionError, match="refused to delete it: stack app-clock in 555555555555"):
        ask(gone, "prod")
    delete(gone, "prod")
