"""A promotion as it stands, read off histories."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.promotions.progress import CellState, innermost, progress

ENVIRONMENTS = ["dev", "prod"]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class History:
    """Events as GetExecutionHistory gives them, one second apart."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, **details: Any) -> "History":
        """Add any event."""
        time = BEGIN + timedelta(seconds=len(self.events))
        self.events.append({"type": kind, "timestamp": time, **details})
        return self

    def enter(self, *names: str) -> "History":
        """Enter states."""
        for name in names:
            kind = "TaskStateEntered" if name.split(" ", maxsplit=1)[0] != "Wait" else "WaitStateEntered"
            self.add(kind, stateEnteredEventDetails={"name": name})
        return self


def test_each_environment_has_its_step_and_its_time() -> None:
    """A step that is tried again is one step."""
    history = History().enter("Build", "Resolve release", "Plan dev", "Deploy dev", "Wait to deploy dev", "Deploy dev")
    history.enter("Smoke-test dev", "Plan prod", "Approve prod")
    seen = progress(history.events, ENVIRONMENTS)
    assert list(seen.cells) == ["build", "dev", "prod"]
    assert [cell.state for cell in seen.cells.values()] == [CellState.PASSED, CellState.PASSED, CellState.WAITING]
    assert (seen.cells["dev"].seconds(BEGIN), seen.cells["prod"].step) == (5, "awaiting approval")
    assert seen.cells["prod"].seconds(BEGIN + timedelta(seconds=10)) == 3
    assert (seen.ended, seen.transitions) == (False, 9)


@pytest.mark.parametrize(
    ("error", "state"), [("ROLLED_BACK", CellState.ROLLED_BACK), ("FAILED", CellState.FAILED), ("X", CellState.FAILED)]
)
def test_a_failure_is_where_it_happened(error: str, state: CellState) -> None:
    """With its cause."""
    history = History().enter("Plan dev", "Deploy dev", "Roll back dev")
    history.add("ExecutionFailed", executionFailedEventDetails={"error": error, "cause": "because"})
    seen = progress(history.events, ENVIRONMENTS)
    assert (seen.status, seen.message, seen.cells["dev"].state) == ("FAILED", "because", state)


def test_an_end_as_superseded_names_the_release_that_took_over() -> None:
    """It is a success that did not go all the way."""
    document = {"environments": {"dev": {"plan": {"status": "SUPERSEDED", "message": "by orders@2"}}}}
    history = History().enter("Plan dev")
    history.add("ExecutionSucceeded", executionSucceededEventDetails={"output": json.dumps(document)})
    seen = progress(history.events, ENVIRONMENTS)
    assert (seen.status, seen.message) == ("SUCCEEDED", "by orders@2")
    assert seen.cells["dev"].state is CellState.SUPERSEDED


def test_the_version_is_known_once_the_release_is() -> None:
    """From the state that resolves it."""
    output = json.dumps({"release": {"version": "0.1.0"}})
    history = History().enter("Resolve release")
    history.add("TaskStateExited", stateExitedEventDetails={"name": "Resolve release", "output": output})
    assert progress(history.events, ENVIRONMENTS).version == "0.1.0"


@pytest.mark.parametrize("kind", ["ExecutionAborted", "ExecutionTimedOut"])
def test_an_end_without_details_is_an_end(kind: str) -> None:
    """Somebody stopped it, or it ran out of time."""
    seen = progress(History().enter("Plan dev").add(kind).events, ENVIRONMENTS)
    assert (seen.ended, seen.cells["dev"].state) == (True, CellState.FAILED)


@given(st.lists(st.sampled_from(["Build", "Plan dev", "Deploy dev", "Approve prod", "Begin", "Healthy dev?"])))
def test_any_history_can_be_read(names: list[str]) -> None:
    """At most one cell is still open, and every state counts."""
    seen = progress(History().enter(*names).events, ENVIRONMENTS)
    assert seen.transitions == len(names)
    assert sum(cell.ended is None for cell in seen.cells.values()) <= 1


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ('{"errorMessage": "No such unit", "errorType": "E"}', "No such unit"),
        ("plain text", "plain text"),
        ('["list"]', '["list"]'),
        ("", ""),
    ],
)
def test_what_a_lambda_said_is_taken_out_of_its_document(cause: str, said: str) -> None:
    """Anything else is a message as it is."""
    assert innermost(cause) == said


def test_a_build_that_failed_on_codebuild_is_a_sentence_with_its_log() -> None:
    """Step Functions gives the build's whole description as the cause."""
    build = {
        "Id": "orchestrator-build:1",
        "BuildStatus": "FAILED",
        "Phases": [
            {"PhaseType": "INSTALL", "PhaseStatus": "SUCCEEDED"},
            {"PhaseType": "BUILD", "PhaseStatus": "FAILED", "Contexts": [{"Message": "exit status 1"}]},
            {"PhaseType": "COMPLETED"},
        ],
        "Logs": {"DeepLink": "https://log"},
    }
    said = innermost(json.dumps({"Build": build}))
    assert said == "The CodeBuild build orchestrator-build:1 ended as FAILED in BUILD: exit status 1 Log: https://log"
    assert innermost('{"Build": {"Id": "b:1"}}') == "The CodeBuild build b:1 ended as None."
