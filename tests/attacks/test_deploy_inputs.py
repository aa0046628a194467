"""Attack: somebody who may call `deploy` names a change set, a plan or a stack that nobody has looked at.

Only Step Functions assumes the role that may; what it passes on is a promotion's document, which its input begins.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.releases import layout
from orchestrator.steps.contract import Status
from orchestrator.steps.plan_document import Plan
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company in which dev asks for no approval and prod for one; 1.0.0 runs in both."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("dev", "prod")) as made:
        release = made.publish("1.0.0")
        for environment in ("dev", "prod"):
            steps = Steps(made, release, environment, f"first-{environment}")
            steps.deployed()
            assert steps("smoke_test")["status"] == "SUCCEEDED"
        yield made


def change_sets(company: MotoCompany, environment: str, execution: str) -> dict[str, str]:
    """By target, the change set that a promotion planned."""
    text = company.wiring.store.get(layout.plan_key("clock", execution, environment))
    return {str(one.target): one.change_set for one in Plan.model_validate_json(text).targets}


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_another_change_set_of_the_same_stack(company: MotoCompany, environment: str) -> None:
    """One was made for another release, and is waiting beside the one that was planned, or approved."""
    other, name = Steps(company, company.publish("6.6.6"), environment, f"other-{environment}"), f"own-{environment}"
    other("plan")
    steps = Steps(company, company.publish("2.0.0"), environment, name)
    plan = steps("plan")
    theirs = change_sets(company, environment, other.execution.name)
    targets = company.organization.environment(environment).targets
    forged = [
        {"target": one.model_dump(mode="json"), "change_set": theirs[str(one)], "empty": False} for one in targets
    ]
    try:
        answer = steps("deploy", plan={**plan, "change_sets": forged}, approval=steps.approval(plan))
    except AssertionError as refused:
        assert "plan.change_sets" in str(refused)  # noqa: PT017  # What it says where it is refused.
    else:
        assert answer["status"] != Status.SUCCEEDED
    assert company.running(environment) == "1.0.0"


def test_the_plan_of_another_promotion(company: MotoCompany) -> None:
    """A plan is read where the promotion's own is, whatever key is named, and must have the hash that is named."""
    other = Steps(company, company.publish("6.7.0"), "dev", "others-plan")
    theirs = other("plan")
    steps = Steps(company, company.publish("2.1.0"), "dev", "own-plan")
    steps("plan")
    with pytest.raises(AssertionError, match="is not the plan that was made"):
        steps("deploy", plan=theirs)
    assert company.running("dev") == "1.0.0"


@pytest.mark.parametrize("differing", ["release", "stack"])
def test_the_promotions_own_plan_for_something_else(company: MotoCompany, differing: str) -> None:
    """The ledger would say that one release runs where another one was deployed, or another stack be changed."""
    planned = Steps(company, company.publish("2.2.0"), "dev", f"own-{differing}")
    plan = planned("plan")
    release = company.ledger.releases.release("clock", "1.0.0" if differing == "release" else "2.2.0")
    stack = "app-clock" if differing == "release" else "app-calendar"
    steps = Steps(company, release, "dev", planned.execution.name, stack=stack)
    answer = steps("deploy", plan=plan)
    assert (answer["status"], company.running("dev")) == (Status.STALE, "1.0.0")


def test_what_was_planned_is_deployed(company: MotoCompany) -> None:
    """Without the attacks, the same calls deploy."""
    for environment in ("dev", "prod"):
        steps = Steps(company, company.publish(f"3.0.{len(environment)}"), environment, f"good-{environment}")
        deployed: dict[str, Any] = steps.deployed()
        assert deployed["deployment"]["status"] == Status.SUCCEEDED
        assert company.running(environment) == f"3.0.{len(environment)}"
