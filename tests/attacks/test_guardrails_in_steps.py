"""An event, a state machine or an older plan claims what the guardrails do not say."""

from collections.abc import Iterator

import pytest

from orchestrator.ledger.environments import Running
from tests.merges import apply
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company that promotes."""
    with moto_company(tmp_path_factory.mktemp("running"), environments=("dev", "prod")) as made:
        made.install()
        yield made


def test_a_guardrail_that_is_tightened_after_the_plan_holds_at_once(running: MotoCompany) -> None:
    """Deploy finds no decision where one is asked for by now, and deploys nothing; the definition plans again."""
    steps = Steps(running, running.publish("1.0.0"), "dev", "tightened")
    plan = steps("plan")
    assert plan["requires_approval"] is False
    text = running.organization.model_dump(by_alias=True)
    text["environments"][0]["requires_approval"] = True
    apply(running, type(running.organization).model_validate(text))
    refused = steps("deploy", plan=plan)
    assert refused["status"] == "NOT_APPROVED"
    assert running.running("dev") is None
    assert steps("plan")["requires_approval"] is True
    apply(running, running.organization)


@pytest.mark.parametrize("step", ["plan", "deploy", "smoke_test", "roll_back", "request_approval", "preview", "drift"])
def test_an_environment_in_an_event_is_refused(running: MotoCompany, step: str) -> None:
    """What somebody else describes as dev, with an account and roles of theirs, is nobody's dev."""
    mine = running.organization.environment("dev").model_dump(mode="json", by_alias=True)
    steps = Steps(running, running.publish("1.0.1"), "dev", "described")
    steps.input["environment"] = {**mine, "targets": [{"account": "9" * 12, "region": "eu-west-1"}]}
    with pytest.raises(AssertionError, match="an environment is given by its name"):
        steps(step)


def test_what_a_build_may_reach_is_what_the_guardrails_say(running: MotoCompany) -> None:
    """Nobody who asks for a build names it, and other units get nothing."""
    execution = {"id": "arn:x:execution:promote-clock:mine", "name": "mine", "started_at": "2026-01-01T00:00:00Z"}
    asked = {"unit": "clock", "execution": execution}
    assert running.call("prepare_build", asked)["network"] == []
    text = running.organization.model_dump(by_alias=True)
    text["build"] |= {"network": ["models.example.com"], "network_units": ["cl*"]}
    apply(running, type(running.organization).model_validate(text))
    assert running.call("prepare_build", asked)["network"] == ["models.example.com"]
    assert running.call("prepare_build", {**asked, "unit": "metronome"})["network"] == []
    with pytest.raises(AssertionError, match="network"):
        running.call("prepare_build", {**asked, "network": ["evil.example.com"]})
    apply(running, running.organization)


def test_a_stack_outside_the_units_is_refused(running: MotoCompany) -> None:
    """A state machine that names it, whoever made that, gets no plan."""
    steps = Steps(running, running.publish("1.0.2"), "dev", "elsewhere", stack="network")
    with pytest.raises(AssertionError, match="let roles touch no stack called 'network'"):
        steps("plan")


def test_a_state_machine_from_before_an_environment_was_mandatory_promotes_nothing(running: MotoCompany) -> None:
    """It leaves out what the guardrails have made mandatory since."""
    text = running.organization.model_dump(by_alias=True)
    text["environments"][0]["mandatory"] = True
    apply(running, type(running.organization).model_validate(text))
    steps = Steps(running, running.publish("1.0.3"), "prod", "older")
    event = {
        "unit": "clock",
        "request": {"version": "1.0.3"},
        "environments": ["prod"],
        "execution": steps.input["execution"],
    }
    with pytest.raises(AssertionError, match="leaves out dev, which the guardrails make mandatory"):
        running.call("resolve_release", event)
    apply(running, running.organization)


def test_a_plan_for_other_targets_is_made_again(running: MotoCompany) -> None:
    """Accounts and regions are the guardrails' at each step, also those in which a change set was made before."""
    steps = Steps(running, running.publish("1.0.4"), "dev", "moved")
    plan = steps("plan")
    text = running.organization.model_dump(by_alias=True)
    text["environments"][0]["targets"] = [{"account": "9" * 12, "region": "eu-west-1"}]
    apply(running, type(running.organization).model_validate(text))
    assert steps("deploy", plan=plan)["status"] == "STALE"
    apply(running, running.organization)
    assert running.running("dev") is None


def test_a_release_that_is_not_merged_is_neither_planned_nor_deployed(running: MotoCompany) -> None:
    """Where the guardrails took such releases when it was resolved, and do not by now, or where nobody resolved it."""
    steps = Steps(running, running.publish("1.0.5", merged=False), "dev", "unmerged")
    refused = "clock@1.0.5 is refused in dev: it is not known to be of a merged commit"
    with pytest.raises(AssertionError, match=refused):
        steps("plan")
    assert steps("preview")["kept_back"].startswith(refused)
    text = running.organization.model_dump(by_alias=True)
    text["repository"]["allow_unmerged"] = ["dev"]
    apply(running, type(running.organization).model_validate(text))
    plan = steps("plan")
    assert plan["status"] == "PLANNED"
    apply(running, running.organization)
    with pytest.raises(AssertionError, match=refused):
        steps("deploy", plan=plan)
    back = {"version": "1.0.5", "rollback": True, "reason": "a test", "from": "dev", "to": "dev"}
    with pytest.raises(AssertionError, match=refused):
        steps("plan", request=back)
    worked = Running(unit="clock", environment="dev", version="1.0.5")
    running.ledger.environments.record_good(worked, "app-clock", steps.execution)
    assert steps("plan", request=back)["status"] == "PLANNED"
    running.ledger.environments.forget("clock", "dev")
    assert running.running("dev") is None


def test_a_mandatory_environment_is_not_skipped(running: MotoCompany) -> None:
    """Whoever starts a promotion with skip_gates skips the others alone."""
    running.publish("1.0.4")
    text = running.organization.model_dump(by_alias=True)
    text["environments"][0]["mandatory"] = True
    apply(running, type(running.organization).model_validate(text))
    request = {"version": "1.0.4", "from": "prod", "skip_gates": True, "reason": "an attack"}
    name = "skips"
    execution = {"id": running.execution_arn(name), "name": name, "started_at": "2026-06-01T12:00:00Z"}
    event = {"unit": "clock", "request": request, "environments": ["dev", "prod"], "execution": execution}
    with pytest.raises(AssertionError, match="the guardrails make dev mandatory, so 'skip_gates'"):
        running.call("resolve_release", event)
    apply(running, running.organization)
    assert running.call("resolve_release", event)["first"] == "prod"
