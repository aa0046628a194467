"""What can go wrong with each Task state, how a promotion ends then, and the page that says so.

The table is what the tests are made of: each row is a test. `python -m tests.failure_modes` writes the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tests.aws_answers import Answer, refuse, say
from tests.moto_company import MotoCompany

PAGE = Path(__file__).parents[1] / "docs" / "failure-modes.md"


class LambdaError(Exception):
    """What Lambda says of a function that did not return.

    Attributes:
        error_type: as Lambda names it.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class Ending(Enum):
    """How a promotion ends when a step fails: what the page says of it."""

    GOES_ON = "the state is tried again, and the promotion goes on"
    UNTOUCHED = "fails; nothing was changed; the next promotion works"
    INTERRUPTED = "fails; the environment is noted as interrupted; the next promotion works"
    SUPERSEDED = "ends as superseded; nothing was changed; the next promotion works"


STEPS = {
    "resolve_release": "Resolve release",
    "plan": "Plan <env>",
    "request_approval": "Approve <env>",
    "deploy": "Deploy <env>",
    "smoke_test": "Smoke-test <env>",
    "roll_back": "Roll back <env>",
}
_BEFORE = dict.fromkeys(("resolve_release", "plan", "request_approval", "deploy"), Ending.UNTOUCHED)
_AFTER = dict.fromkeys(("smoke_test", "roll_back"), Ending.INTERRUPTED)
_ALL = {**_BEFORE, **_AFTER}
_TRIED_AGAIN = dict.fromkeys(STEPS, Ending.GOES_ON)
# Deploy reads the release after it noted that it began; Resolve release reads nothing.
_READING = {step: ending for step, ending in _ALL.items() if step != "resolve_release"} | {"deploy": Ending.INTERRUPTED}
_IN_TARGETS = ("plan", "deploy", "smoke_test", "roll_back")


@dataclass(frozen=True)
class LambdaFailure:
    """One way in which a Lambda fails.

    Attributes:
        name: as the page has it.
        answer: what happens instead of an answer, or the answer.
        endings: by step, how the promotion ends.
    """

    name: str
    answer: Any
    endings: Mapping[str, Ending]

    def arrange(self, company: MotoCompany, step: str) -> None:
        """Make the next call of the step's Lambda fail."""

        def fail(_event: Any, _context: object) -> Any:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        company.lambdas.faults[step] = [fail]


@dataclass(frozen=True)
class ServiceFailure:
    """One way in which an AWS service fails under a step that is healthy itself.

    Attributes:
        name: as the page has it.
        operation: the call that fails, such as `sts.AssumeRole`: the first one of the step.
        answer: what the service says.
        endings: by step, how the promotion ends.
    """

    name: str
    operation: str
    answer: Answer
    endings: Mapping[str, Ending]

    def arrange(self, company: MotoCompany, step: str) -> None:
        """Make the first such call fail that the step's Lambda makes when it is called next."""

        def carry_out(event: Any, context: object) -> Any:
            company.answers.next[self.operation] = [self.answer]
            return company.lambdas.handler(step)(event, context)

        company.lambdas.faults[step] = [carry_out]


FAILURES: tuple[LambdaFailure | ServiceFailure, ...] = (
    LambdaFailure("the Lambda raises", RuntimeError("A step went wrong."), _ALL),
    LambdaFailure("it times out", LambdaError("Sandbox.Timedout", "Task timed out after 120.00 seconds"), _ALL),
    # The answer of Approve's Lambda is not looked at, and what Deploy answers decides about a roll back.
    LambdaFailure(
        "it answers garbage",
        {"nonsense": True},
        {step: ending for step, ending in _ALL.items() if step not in ("request_approval", "deploy")},
    ),
    LambdaFailure("it is throttled", LambdaError("Lambda.TooManyRequestsException", "Rate exceeded"), _TRIED_AGAIN),
    ServiceFailure(
        "STS denies the deployer",
        "sts.AssumeRole",
        refuse("AccessDenied", "Not authorized to perform sts:AssumeRole", 403),
        {step: _ALL[step] for step in _IN_TARGETS},
    ),
    ServiceFailure(
        "CloudFormation throttles",
        "cloudformation.DescribeStacks",
        refuse("Throttling", "Rate exceeded"),
        dict.fromkeys(_IN_TARGETS, Ending.GOES_ON),
    ),
    ServiceFailure(
        "an object is missing in S3",
        "s3.GetObject",
        refuse("NoSuchKey", "The specified key does not exist.", 404),
        _READING,
    ),
    ServiceFailure(
        "an object was altered in S3",
        "s3.GetObject",
        say("something else"),
        _READING,
    ),
    ServiceFailure(
        "a condition of DynamoDB fails",
        "dynamodb.PutItem",
        refuse("com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "The conditional request failed"),
        {"resolve_release": Ending.GOES_ON, "request_approval": Ending.SUPERSEDED, "deploy": Ending.GOES_ON},
    ),
)
CASES = [(step, failure) for failure in FAILURES for step in failure.endings]


def page() -> str:
    """The page, in Markdown: a row for every failure, a column for every Task state."""
    rows = "\n".join(
        f"| {failure.name} | {' | '.join(_cell(failure, step) for step in STEPS)} |" for failure in FAILURES
    )
    key = "\n".join(f"* **{_short(ending)}**: {ending.value}." for ending in Ending)
    return (
        "# Failure modes\n\n"
        "Written by `python -m tests.failure_modes` out of the table that\n"
        "`tests/state_machines/test_failures_on_moto.py` proves, cell by cell: something fails under a state, and the\n"
        "promotion ends as it says here. In every case no lock remains and the cause is in `history`. What failed\n"
        "unexpectedly goes on with `orchestrator retry`.\n\n"
        f"| what fails | {' | '.join(f'`{state}`' for state in STEPS.values())} |\n|---{'|---' * len(STEPS)}|\n{rows}\n\n"
        f"{key}\n* **-**: the step makes no such call, or does not look at the answer.\n\n"
        f"{_ELSEWHERE}"
    )


def _cell(failure: LambdaFailure | ServiceFailure, step: str) -> str:
    ending = failure.endings.get(step)
    return _short(ending) if ending else "-"


def _short(ending: Ending) -> str:
    return ending.name.lower().replace("_", " ")


_ELSEWHERE = """\
## What fails elsewhere

| what | how it ends | shown by |
| --- | --- | --- |
| STS denies the deployer's role, on an engine that checks trust | the state fails; the message says which role, in which account, and what its trust must say | `tests/end_to_end/test_bootstrap.py`, `tests/unit/aws/test_session.py` |
| CloudFormation refuses the template | `Plan` fails with its reason | `tests/end_to_end/test_promotion.py` |
| CloudFormation rolls a deployment back | `Deploy` answers FAILED with the resource that failed first; the environment is rolled back | `tests/unit/aws/test_stack.py` |
| the stack is left in `ROLLBACK_COMPLETE` | it is deleted, then created anew | `tests/unit/aws/test_stack.py` |
| the stack is left in `UPDATE_ROLLBACK_FAILED` | its rollback is continued once; if that fails, the message says what to mend | `tests/unit/aws/test_stack.py` |
| the change set is empty, in either wording | a deployment like any other: smoke tested, nothing executed | `tests/unit/aws/test_change_set.py`, `make demo` |
| the stack is busy with somebody else's operation | the promotion waits | `tests/unit/aws/test_stack.py` |
| the stack, or what runs there, moved since the plan | planned anew, and asked for anew | `tests/state_machines/test_on_moto.py` |
| an artifact was altered or is missing | nothing is deployed; the message names the key and both digests | `tests/integration/steps/test_handlers.py`, `tests/unit/build/test_store.py` |
| a smoke test fails | the environment is rolled back, and put on hold | `tests/state_machines/test_on_moto.py`, `tests/end_to_end/test_promotion.py` |
| the rollback fails, too | the promotion says both; the environment is on hold | both of them |
| the execution is stopped | its locks are freed, the environment is noted as interrupted; the next one works | `tests/end_to_end/test_promotion.py` |
| the status event is lost | the next promotion takes the lock over, and its end closes the lost one | `tests/state_machines/test_failures_on_moto.py` |
| the status event comes twice | nothing is done, nobody is told twice | `tests/integration/steps/test_handlers.py` |
| a merge event comes twice, late or out of order | nothing is started twice; what is newest is promoted | `tests/integration/steps/test_on_merge.py` |
| a build worker is killed | its processes end with it; after five minutes without a heartbeat `Build` is given to another worker, once, which takes over what was published | `tests/unit/confine/test_launch.py`, `tests/state_machines/test_definitions.py`, `tests/unit/build/test_build.py` |
| a build worker is stopped | it finishes what it builds; asked twice, it hands the build back, and another worker takes it | `tests/end_to_end/test_workers.py` |
| a unit cannot be built, on CodeBuild | `Build` fails as States.TaskFailed; `history` and the notice say what the build said | `tests/end_to_end/test_codebuild.py`, `tests/unit/steps/test_on_promotion_end.py` |
| CodeBuild throttles, or the account's builds are at their limit | `Build` is tried again for two minutes | `tests/state_machines/test_definitions.py` |
| a build hangs, prints, forks, fills memory or disk, or writes elsewhere | it is ended with all it started, or refused; the message says what it did too much of | `tests/unit/build/test_hostile.py`, `tests/unit/build/test_run.py` |
"""


if __name__ == "__main__":
    PAGE.write_text(page())
