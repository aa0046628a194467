"""What can go wrong with each Task state, how a promotion ends then, and the page that says so.

The table is what the tests are made of: each row is a test. `python -m tests.failure_modes` writes the page.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "failure-modes.md"


class LambdaError(Exception):
    """What Lambda says of a function that did not return.

    Attributes:
        error_type: as Lambda names it.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


@dataclass(frozen=True)
class Failure:
    """One way in which a Lambda fails: also a handler that fails in that way.

    Attributes:
        name: as the page has it.
        answer: what happens instead of an answer, or the answer.
        steps: where it can happen.
        is_noticed: whether the promotion fails of it; otherwise the state is tried again.
    """

    name: str
    answer: Any
    steps: tuple[str, ...]
    is_noticed: bool = True

    def __call__(self, _event: Any, _context: object) -> Any:
        """Fail."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


STEPS = {
    "resolve_release": "Resolve release",
    "plan": "Plan <env>",
    "request_approval": "Approve <env>",
    "deploy": "Deploy <env>",
    "smoke_test": "Smoke-test <env>",
    "roll_back": "Roll back <env>",
}
_ALL = tuple(STEPS)
FAILURES = (
    Failure("raises", RuntimeError("A step went wrong."), _ALL),
    Failure("times out", LambdaError("Sandbox.Timedout", "Task timed out after 120.00 seconds"), _ALL),
    # The answer of Approve's Lambda is not looked at, and what Deploy answers decides about a roll back.
    Failure("answers garbage", {"nonsense": True}, ("resolve_release", "plan", "smoke_test", "roll_back")),
    Failure("is throttled", LambdaError("Lambda.TooManyRequestsException", "Rate exceeded"), _ALL, is_noticed=False),
)
CASES = [(step, failure) for failure in FAILURES for step in failure.steps]


def outcome(step: str, failure: Failure) -> str:
    """What is in the environment's record, and what the next promotion does."""
    if step not in failure.steps:
        return "-"
    if not failure.is_noticed:
        return "the state is tried again, and the promotion goes on"
    if step in ("smoke_test", "roll_back"):
        return "fails; the environment is noted as interrupted; the next promotion works"
    return "fails; nothing was changed; the next promotion works"


def page() -> str:
    """The page, in Markdown."""
    head = "".join(f"| {failure.name} " for failure in FAILURES)
    rows = "\n".join(
        f"| `{state}` {''.join(f'| {outcome(step, failure)} ' for failure in FAILURES)}|"
        for step, state in STEPS.items()
    )
    return (
        "# Failure modes\n\n"
        "Written by `python -m tests.failure_modes` out of the table that\n"
        "`tests/state_machines/test_failures_on_moto.py` proves, cell by cell: the Lambda of a state fails, and the\n"
        "promotion ends as it says here. In every case no lock remains and the cause is in `history`. What failed\n"
        "unexpectedly goes on with `orchestrator retry`.\n\n"
        f"| the Lambda of | {head.removeprefix('| ')}|\n|---{'|---' * len(FAILURES)}|\n{rows}\n\n"
        f"{_ELSEWHERE}"
    )


_ELSEWHERE = """\
## What fails elsewhere

| what | how it ends | shown by |
| --- | --- | --- |
| STS denies the deployer's role | the state fails; the message says which role, in which account, and what its trust must say | `tests/end_to_end/test_bootstrap.py`, `tests/unit/aws/test_session.py` |
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
| a build worker is killed | its heartbeat ends, `Build` fails after five minutes; the next build takes over what was published | `tests/unit/build/test_worker.py`, `tests/unit/build/test_build.py` |
"""


if __name__ == "__main__":
    PAGE.write_text(page())
