"""What can go wrong with each Task state, and how a promotion ends then: each cell is a test."""

from functools import partial

from orchestrator.config.infrastructure import LEDGER_TABLE
from tests.aws_answers import Answer, refuse, say
from tests.failures import cloudformation
from tests.failures.cloudformation import Script, once, once_at, once_where
from tests.failures.endings import Ending
from tests.failures.kinds import Failure, LambdaError, LambdaFailure, ServiceFailure, Stop

STATES = {
    "build": "Build",
    "resolve_release": "Resolve release",
    "plan": "Plan <env>",
    "request_approval": "Approve <env>",
    "decide": "Decide",
    "deploy": "Deploy <env>",
    "smoke_test": "Smoke-test <env>",
    "roll_back": "Roll back <env>",
}
_IN_TARGETS = ("plan", "deploy", "smoke_test", "roll_back")
_BEFORE = dict.fromkeys(("resolve_release", "plan", "request_approval", "deploy"), Ending.UNTOUCHED)
_AFTER = dict.fromkeys(("smoke_test", "roll_back"), Ending.INTERRUPTED)
_PROMOTION = {**_BEFORE, **_AFTER}
_LAMBDAS = {**_PROMOTION, "decide": Ending.UNDECIDED}
_ALL = {"build": Ending.UNTOUCHED, **_LAMBDAS}
_TRIED_AGAIN = dict.fromkeys(_LAMBDAS, Ending.GOES_ON)
# Deploy reads the plan before it notes that it begins, and the release after that.
_READING_PLANS = dict.fromkeys(("request_approval", "deploy"), Ending.UNTOUCHED)
_READING_RELEASES = {**_AFTER, "plan": Ending.UNTOUCHED, "deploy": Ending.INTERRUPTED}
_LEFT_OVER = dict.fromkeys(("plan", "roll_back"), Ending.GOES_ON)
_EMPTY = dict.fromkeys(("plan", "roll_back"), Ending.NOTHING_TO_DO)


def _first(operation: str, answer: Answer) -> Script:
    return {operation: once(answer)}


def _reading(place: str, answer: Answer) -> Script:
    return {"s3.GetObject": once_at(place, answer)}


_MISSING = refuse("NoSuchKey", "The specified key does not exist.", 404)
_DENIED = refuse("AccessDenied", "Not authorized to perform sts:AssumeRole", 403)
_CONDITION = refuse(
    "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "The conditional request failed"
)

FAILURES: tuple[Failure, ...] = (
    LambdaFailure("the Lambda (of Build: the worker) raises", _ALL, answer=RuntimeError("A step went wrong.")),
    LambdaFailure("it times out", _ALL, answer=LambdaError("Sandbox.Timedout", "Task timed out after 120.00 seconds")),
    # The answer of Approve's Lambda is not looked at.
    LambdaFailure(
        "it answers garbage",
        {step: ending for step, ending in _ALL.items() if step != "request_approval"},
        answer={"nonsense": True},
    ),
    LambdaFailure(
        "it is throttled", _TRIED_AGAIN, answer=LambdaError("Lambda.TooManyRequestsException", "Rate exceeded")
    ),
    ServiceFailure(
        "STS denies the deployer",
        {step: _ALL[step] for step in _IN_TARGETS},
        script=lambda: _first("sts.AssumeRole", _DENIED),
    ),
    ServiceFailure(
        "CloudFormation throttles",
        dict.fromkeys(_IN_TARGETS, Ending.GOES_ON),
        script=lambda: _first("cloudformation.DescribeStacks", refuse("Throttling", "Rate exceeded")),
    ),
    ServiceFailure(
        "the stack is busy with somebody else's operation",
        dict.fromkeys(("plan", "deploy", "roll_back"), Ending.GOES_ON),
        script=cloudformation.busy,
    ),
    ServiceFailure(
        "CloudFormation rolls the deployment back",
        {"deploy": Ending.ROLLED_BACK, "roll_back": Ending.ON_HOLD},
        script=cloudformation.rolls_back,
    ),
    ServiceFailure(
        "the stack is in `ROLLBACK_COMPLETE`",
        _LEFT_OVER,
        script=lambda: cloudformation.left_in("ROLLBACK_COMPLETE", "DeleteStack"),
    ),
    ServiceFailure(
        "the stack is in `UPDATE_ROLLBACK_FAILED`",
        _LEFT_OVER,
        script=lambda: cloudformation.left_in("UPDATE_ROLLBACK_FAILED", "ContinueUpdateRollback"),
    ),
    ServiceFailure(
        "the change set disappears while it is made",
        dict.fromkeys(("plan", "roll_back"), Ending.GOES_ON),
        script=cloudformation.gone,
    ),
    ServiceFailure(
        'the change set is empty: "didn\'t contain changes"',
        _EMPTY,
        script=lambda: cloudformation.empty("The submitted information didn't contain changes."),
    ),
    ServiceFailure(
        'the change set is empty: "No updates are to be performed"',
        _EMPTY,
        script=lambda: cloudformation.empty("No updates are to be performed."),
    ),
    *(
        ServiceFailure(f"{what} {how} in S3", endings, script=partial(_reading, place, answer))
        for what, place, endings in (
            ("a part of the release", "/projects/", _READING_RELEASES),
            ("the plan", "/plans/", _READING_PLANS),
        )
        for how, answer in (("is missing", _MISSING), ("was altered", say("altered")))
    ),
    ServiceFailure(
        "a condition of DynamoDB fails",
        {
            "resolve_release": Ending.GOES_ON,
            "request_approval": Ending.SUPERSEDED,
            "decide": Ending.GOES_ON,
            "deploy": Ending.GOES_ON,
        },
        script=lambda: {"dynamodb.PutItem": once_where(LEDGER_TABLE, _CONDITION)},
    ),
    Stop(
        "the execution is stopped as the step begins",
        {
            **dict.fromkeys(("resolve_release", "plan", "deploy"), Ending.UNTOUCHED),
            **dict.fromkeys(("smoke_test", "roll_back"), Ending.COMPLETED),
        },
    ),
    Stop(
        "it is stopped while CloudFormation works",
        {"deploy": Ending.INTERRUPTED, "roll_back": Ending.COMPLETED},
        at="cloudformation.ExecuteChangeSet",
    ),
    LambdaFailure("it raises, and no event tells of the end", _PROMOTION, told=False, answer=RuntimeError("Unseen.")),
)
