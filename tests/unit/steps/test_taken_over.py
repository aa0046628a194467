"""Giving a stack back where CloudFormation cannot."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.aws.stack_state import StackState
from orchestrator.config.environment import Environment, Target
from orchestrator.errors import DeploymentError
from orchestrator.steps.contract import Execution, Release, StepInput
from orchestrator.steps.taken_over import StackBefore, TakenOver

TARGET = Target(account="222222222222", region="eu-west-1")
RELEASE = Release(unit="clock", version="1.0.0", digest="d", commit="c", manifest="m", manifest_sha256="s")
STEP = StepInput(
    release=RELEASE,
    environment=Environment(name="dev", targets=(TARGET,)),
    stack_name="clock-live",
    execution=Execution(id="arn:first", name="first", started_at=datetime(2026, 1, 1, tzinfo=UTC)),
)


class _Account:
    """A target with a stack that has some parameters; it is its own stack."""

    target = TARGET
    name, where = "clock-live", str(TARGET)

    def __init__(self, *parameters: str) -> None:
        self._parameters = dict.fromkeys(parameters, "****")

    def stack(self, *_arguments: object) -> "_Account":
        """The only stack."""
        return self

    def state(self) -> StackState:
        """It is there."""
        return StackState(id="arn:stack", status="UPDATE_COMPLETE", parameters=self._parameters)


class _Files:
    """A bucket that holds what was kept of a stack."""

    def __init__(self, before: StackBefore) -> None:
        self._before = before

    def store_of(self, _account: object) -> "_Files":
        """The only bucket."""
        return self

    def get(self, _key: str, sha256: str) -> bytes:
        """What was kept, as it was."""
        assert sha256 == "d"
        return self._before.model_dump_json().encode()


BEFORE = StackBefore(id="arn:stack", template="{}", parameters={"Secret": "****", "Level": "DEBUG"}, tags={"a": "b"})


def test_a_value_that_is_gone_and_shown_to_nobody_is_refused() -> None:
    """CloudFormation would refuse it in other words; the error says where the rest of the stack is."""
    account: Any = _Account("Level")
    files: Any = None  # Nothing is read.
    with pytest.raises(DeploymentError) as caught:
        TakenOver(files).propose(BEFORE, account, STEP)
    said = str(caught.value)
    assert "clock@1.0.0 lacks the parameter Secret, and CloudFormation shows nobody its value" in said
    assert "below projects/clock/taken-over" in said


def test_hidden_values_stay_and_all_others_are_given() -> None:
    """CloudFormation keeps what it shows nobody."""
    store: Any = None  # A small template goes in the request.
    template = BEFORE.as_template(store, "clock")
    assert (template.body, template.parameters, template.kept) == ("{}", {"Level": "DEBUG"}, ("Secret",))
    assert template.tags == {"a": "b"}


def test_a_stack_that_was_made_anew_is_not_made_what_another_one_was() -> None:
    """Somebody deleted that one meanwhile."""
    account: Any = _Account()
    older: Any = _Files(BEFORE.model_copy(update={"id": "arn:older"}))
    files: Any = _Files(BEFORE)
    assert TakenOver(files).kept(account, STEP, "d") == BEFORE
    assert TakenOver(files).kept(account, STEP, None) is None
    assert TakenOver(older).kept(account, STEP, "d") is None
