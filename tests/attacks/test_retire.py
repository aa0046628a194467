"""Somebody who may call `retire` has it delete the stack of another unit, or one of prod that nobody approved."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.errors import RequestError
from orchestrator.guardrails.lookup import context_of
from orchestrator.identity.proof import Proven
from orchestrator.ledger.environments import Running
from orchestrator.steps.contract import Execution
from orchestrator.steps.retire import RetireInput, Retirer, RetireStatus
from orchestrator.steps.retire_approval import RetireApprovals, deletion
from orchestrator.wiring.targets import TargetWiring
from tests.merges import ORGANIZATION, merge, organize, project, write
from tests.moto_company import MotoCompany, moto_company

_WHO: dict[str, Any] = {
    "id": "arn:aws:iam::123456789012:user/mallory",
    "name": "retire-mallory",
    "started_at": "2026-01-01T00:00:00Z",
}
_TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
_PROD = """
[[environments]]
name = "prod"
account = "555555555555"
region = "eu-west-1"
requires_approval = true
required_approvals = 2
approvers = ["arn:aws:iam::*:user/approver-*"]
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company in which `clock` ran in dev and prod, and is no longer in the repository; others run beside it."""
    with moto_company(tmp_path_factory.mktemp("company"), execute=False, environments=("dev", "prod")) as made:
        organize(made, ORGANIZATION + _PROD)
        for name in ("clock", "calendar"):
            write(made, f"projects/{name}/pyproject.toml", project(name))
        merge(made, "Add two units")
        for environment in ("dev", "prod"):
            for stack, unit in (("app-clock", "clock"), ("app-calendar", "calendar"), ("app-foreign", "")):
                _deploy(made, environment, stack, unit)
            running = Running(unit="clock", environment=environment, version="0.1.0")
            made.ledger.environments.record(running, Execution.model_validate(_WHO))
        shutil.rmtree(made.folder / "projects/clock")
        merge(made, "Remove the clock")
        yield made


def _deploy(company: MotoCompany, environment: str, stack: str, unit: str) -> None:
    tags = [
        {"Key": "orchestrator:unit", "Value": unit},
        {"Key": "orchestrator:environment", "Value": environment},
    ]
    client = company.client(environment, "cloudformation")
    client.create_stack(StackName=stack, TemplateBody=_TEMPLATE, Tags=tags if unit else [])


def _retag(company: MotoCompany) -> None:
    """Give the unit's stack in dev its own tags again."""
    tags = [
        {"Key": f"orchestrator:{key}", "Value": value} for key, value in (("unit", "clock"), ("environment", "dev"))
    ]
    company.client("dev", "cloudformation").update_stack(StackName="app-clock", TemplateBody=_TEMPLATE, Tags=tags)


def _stacks(company: MotoCompany, environment: str) -> list[str]:
    return [one["StackName"] for one in company.client(environment, "cloudformation").describe_stacks()["Stacks"]]


def _step(environment: Any, stack: str, **more: Any) -> dict[str, Any]:
    return {"unit": "clock", "environment": environment, "stack_name": stack, "execution": _WHO, **more}


@pytest.mark.parametrize("stack", ["app-calendar", "app-foreign", "app-tagged", "app-nowhere", ""])
def test_another_stack_than_the_ledger_knows(company: MotoCompany, stack: str) -> None:
    """Another unit's, one that was tagged to look like the unit's, or one that is not there.

    What is not there needs no deletion: the environment would be forgotten, and with it that something runs there.
    """
    if stack == "app-tagged":
        _deploy(company, "dev", stack, "clock")
    before = _stacks(company, "dev")
    with pytest.raises(AssertionError, match="in dev, the ledger knows the stack of clock as app-clock"):
        company.call("retire", _step("dev", stack))
    assert _stacks(company, "dev") == before
    assert company.ledger.environments.running("clock", "dev").version == "0.1.0"


def test_the_ledgers_stack_with_the_tags_of_another_unit(company: MotoCompany) -> None:
    """Somebody made another one of that name since: tags and ledger must agree."""
    client = company.client("dev", "cloudformation")
    tags = [{"Key": "orchestrator:unit", "Value": "calendar"}]
    client.update_stack(StackName="app-clock", TemplateBody=_TEMPLATE, Tags=tags)
    with pytest.raises(AssertionError, match="is not deleted: it is not clock's in dev"):
        company.call("retire", _step("dev", "app-clock"))
    _retag(company)


def test_a_stack_that_the_unit_left_behind(company: MotoCompany) -> None:
    """A merge gave it another stack before it was removed: while the older one is there, nothing is forgotten."""
    claim = company.ledger.claims.of_unit("clock")
    assert claim
    older = replace(claim, stacks=claim.stacks | {"222222222222/eu-west-1/app-older"})
    company.ledger.claims.write([older], "main", company.ledger.branches.begin("main"))
    _deploy(company, "dev", "app-older", "clock")
    with pytest.raises(AssertionError, match="app-older in 222222222222/eu-west-1 is left of clock in dev"):
        company.call("retire", _step("dev", "app-clock"))
    assert {"app-clock", "app-older"} <= set(_stacks(company, "dev"))
    company.client("dev", "cloudformation").delete_stack(StackName="app-older")


def test_the_stack_that_worked_last_counts(company: MotoCompany) -> None:
    """Settings that were never deployed there name a stack that may not exist, and that nobody would miss."""
    running = company.ledger.environments.running("clock", "dev")
    assert running.version
    company.ledger.environments.record_good(running, "app-before", Execution.model_validate(_WHO))
    with pytest.raises(AssertionError, match="in dev, the ledger knows the stack of clock as app-before"):
        company.call("retire", _step("dev", "app-clock"))
    company.ledger.environments.record_good(running, "app-clock", Execution.model_validate(_WHO))


@pytest.mark.parametrize("step", ["retire", "drift", "preview"])
def test_an_environment_of_the_callers_own(company: MotoCompany, step: str) -> None:
    """Its accounts and roles would be the caller's; only the name of one is taken."""
    environment = {"name": "dev", "targets": [{"account": "666666666666", "region": "eu-west-1"}]}
    with pytest.raises(AssertionError, match="environment"):
        company.call(step, _step(environment, "app-clock"))
    with pytest.raises(AssertionError, match="There is no environment 'mine'"):
        company.call(step, _step("mine", "app-clock"))


def test_the_state_machines_while_something_runs(company: MotoCompany) -> None:
    """With them goes what says that the unit's name and stacks are taken: another folder could have them."""
    with pytest.raises(AssertionError, match="clock still runs in dev, prod"):
        company.call("retire", {"unit": "clock", "execution": _WHO})
    assert "clock" in company.ledger.branches.standings("main")


def test_an_environment_that_asks_for_approvals(company: MotoCompany) -> None:
    """Without a proof of who asks, nothing is deleted, however often it is tried."""
    for begun in (False, True):
        answer = company.call("retire", _step("prod", "app-clock", begun=begun))
        assert answer["status"] == "NOT_APPROVED"
        assert answer["message"].startswith("prod asks for 2 approvals, and 2 of this deletion are missing")
    with pytest.raises(AssertionError, match="The proof of identity must be a request to"):
        company.call("retire", _step("prod", "app-clock", proof="https://evil.example.com/?Action=GetCallerIdentity"))
    assert "app-clock" in _stacks(company, "prod")


def _retire(company: MotoCompany, who: str, expected: dict[str, str]) -> RetireStatus:
    """Retire in prod as somebody whose proof is genuine."""

    def verify(_proof: str, decision: dict[str, str]) -> Proven:
        assert decision == expected
        return Proven(who, who)

    retirer: Retirer = TargetWiring.from_environment().retire()
    approvals = RetireApprovals(company.ledger.retirements, verify, company.wiring.guardrails)
    context = context_of(company.wiring.guardrails())
    step = RetireInput.model_validate(_step("prod", "app-clock", proof="signed"), context=context)
    return replace(retirer, approvals=approvals)(step).status


@pytest.fixture
def retire(company: MotoCompany) -> Callable[[str], RetireStatus]:
    """Retires in prod as somebody, whose proof must be of this very deletion."""
    demand = company.ledger.branches.standings("main", ["clock"])["clock"].demand
    assert demand
    expected = deletion("clock", "prod", "app-clock", demand.commit)
    return lambda who: _retire(company, who, expected)


def test_one_person_twice_and_somebody_else(company: MotoCompany, retire: Callable[[str], RetireStatus]) -> None:
    """Two approvers must agree, who are named as such, and then it goes."""
    with pytest.raises(RequestError, match="user/mallory is not among the approvers"):
        retire("arn:aws:iam::123456789012:user/mallory")
    first, second = (f"arn:aws:iam::123456789012:user/approver-{number}" for number in (1, 2))
    assert retire(first) is RetireStatus.NOT_APPROVED
    assert retire(first) is RetireStatus.NOT_APPROVED
    assert "app-clock" in _stacks(company, "prod")
    assert retire(second) is RetireStatus.IN_PROGRESS
    assert "app-clock" not in _stacks(company, "prod")
    assert "app-calendar" in _stacks(company, "prod")
