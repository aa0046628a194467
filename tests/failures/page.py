"""The page on failure modes, written out of the table: `python -m tests.failures.page`."""

from pathlib import Path

from tests.failures.endings import Ending
from tests.failures.kinds import Failure
from tests.failures.table import FAILURES, STATES
from tests.failures.trains import TRAIN_FAILURES, TRAIN_STATES, TrainEnding

PAGE = Path(__file__).parents[2] / "docs" / "failure-modes.md"


def page() -> str:
    """The page, in Markdown: a row for every failure, a column for every Task state."""
    rows = "\n".join(
        f"| {failure.name} | {' | '.join(_cell(failure, step) for step in STATES)} |" for failure in FAILURES
    )
    key = "\n".join(f"* **{_short(ending)}**: {ending.value}." for ending in Ending)
    return (
        "# Failure modes\n\n"
        "Written by `python -m tests.failures.page` out of the table that `tests/state_machines/test_failures_on_moto.py`\n"
        "proves cell by cell, and `tests/end_to_end/test_kills.py` for `Build`: something fails under a state, and the\n"
        "promotion ends as it says here. In every case no lock remains, the next promotion works, and the cause is in\n"
        "`status` and `history`. What failed unexpectedly goes on with `orchestrator retry`.\n\n"
        f"| what fails | {' | '.join(f'`{state}`' for state in STATES.values())} |\n|---{'|---' * len(STATES)}|\n{rows}\n\n"
        f"{key}\n* **-**: the step makes no such call, does not look at the answer, or cannot meet it.\n\n"
        f"{_trains()}\n\n{_ELSEWHERE}"
    )


def _trains() -> str:
    """The table of the states that a train has besides those of its members' promotions."""
    rows = "\n".join(
        f"| {name} | {' | '.join(_short(endings[step]) if step in endings else '-' for step in TRAIN_STATES)} |"
        for name, (_, endings) in TRAIN_FAILURES.items()
    )
    key = "\n".join(f"* **{_short(ending)}**: {ending.value}." for ending in TrainEnding)
    return (
        "## Trains\n\n"
        "What fails under a member's promotion ends as above, and the train's `on_failure` says what follows. What fails\n"
        "under a state of the train itself is proven cell by cell in `tests/state_machines/test_train_failures_on_moto.py`.\n\n"
        f"| what fails | {' | '.join(f'`{state}`' for state in TRAIN_STATES.values())} |\n|---{'|---' * len(TRAIN_STATES)}|\n"
        f"{rows}\n\n{key}"
    )


def _cell(failure: Failure, step: str) -> str:
    ending = failure.endings.get(step)
    return _short(ending) if ending else "-"


def _short(ending: Ending | TrainEnding) -> str:
    return ending.name.lower().replace("_", " ")


_ELSEWHERE = """\
## What fails elsewhere

| what | how it ends | shown by |
| --- | --- | --- |
| STS denies the deployer's role, on an engine that checks trust | the state fails; the message says which role, in which account, and what its trust must say | `tests/end_to_end/test_bootstrap.py`, `tests/unit/aws/test_session.py` |
| CloudFormation refuses the template | `Plan` fails with its reason | `tests/end_to_end/test_promotion.py` |
| the rollback of a stack in `UPDATE_ROLLBACK_FAILED` cannot be continued | the state fails; the message says what to mend | `tests/unit/aws/test_stack.py` |
| the stack, or what runs there, moved since the plan | planned anew, and asked for anew | `tests/state_machines/test_on_moto.py` |
| an artifact was altered or is missing | nothing is deployed; the message names the key and both digests | `tests/integration/steps/test_handlers.py`, `tests/unit/build/test_store.py` |
| a smoke test fails | the environment is rolled back, and put on hold | `tests/state_machines/test_on_moto.py`, `tests/end_to_end/test_promotion.py` |
| the first release in a stack that was taken over does not work | the stack is returned to what it was before, and the environment is on hold | `tests/integration/steps/test_adoption.py`, `tests/end_to_end/test_adoption.py` |
| the rollback fails, too | the promotion says both; the environment is on hold | both of them |
| the status event comes twice, late or out of order | nothing is done, nobody is told twice | `tests/integration/steps/test_on_promotion_change.py` |
| Step Functions forgot an execution whose event was lost | the next end closes it | `tests/integration/steps/test_on_promotion_change.py` |
| an execution is redriven | it is under way again, goes on where it failed, and ends anew | `tests/integration/steps/test_on_promotion_change.py` |
| a Lambda's process is killed, anywhere in any step | as when it raises; a retry ends right | `tests/end_to_end/test_kills.py` |
| the whole cloud ends with all that runs, and comes back | the executions are lost, and no event says so; a retry, or the next promotion, takes over what they left | `tests/end_to_end/test_restart.py` |
| a merge event, or what it asked for, is lost, comes twice, late or out of order | nothing is started twice; what is newest is promoted, at the latest by the schedule | `tests/integration/steps/test_on_merge.py`, `tests/integration/steps/test_level_triggered.py` |
| what was found at a branch is lost, damaged, another version's, or may not be read | all of the branch is looked at, or of the commit that is built or promoted | `tests/unit/steps/test_surveys.py`, `tests/unit/steps/test_scope.py`, `tests/unit/steps/test_catalogs.py` |
| the event of a push comes twice, or after the branch moved on | the push is noted once, for the units that it touched | `tests/attacks/test_identity_pushers.py` |
| the event of a push comes before the host shows the push | the look takes place, the event fails and is tried again | `tests/integration/steps/test_level_triggered.py` |
| a promotion cannot be started | tried five times, then put aside, and people are told; asked for again half an hour later | `tests/integration/steps/test_start_promotion.py` |
| `start_promotion` is killed | its messages come again as soon as it cannot be at work any more, within a quarter of an hour | `tests/integration/steps/test_start_promotion.py` |
| a build worker is killed | its processes end with it; after five minutes without a heartbeat `Build` is given to another worker, once, which takes over what was published | `tests/unit/confine/test_launch.py`, `tests/state_machines/test_definitions.py`, `tests/unit/build/test_build.py` |
| a build worker is stopped | it finishes what it builds; asked twice, it hands the build back, and another worker takes it | `tests/end_to_end/test_workers.py` |
| a build asks to publish and is not known to be the one that its promotion waits for | `Build` fails, and says what does not fit; nothing is published | `tests/attacks/test_builder_sessions.py`, `tests/attacks/test_builder_codebuild.py` |
| a unit cannot be built, on CodeBuild | `Build` fails as States.TaskFailed; `history` and the notice say what the build said | `tests/end_to_end/test_codebuild.py`, `tests/unit/steps/test_on_promotion_change.py` |
| CodeBuild throttles, or the account's builds are at their limit | `Build` is tried again, for two minutes or for a day | `tests/state_machines/test_definitions.py` |
| a build hangs, prints, forks, fills memory or disk, or writes elsewhere | it is ended with all it started, or refused; the message says what it did too much of | `tests/unit/build/test_hostile.py`, `tests/unit/build/test_run.py` |
"""


if __name__ == "__main__":
    PAGE.write_text(page())
