"""What each step may do in the tooling account and which settings it needs: no more than its code uses."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aws_cdk import aws_iam as iam

from infra.tooling.names import Names
from infra.tooling.source import find_units, read_repository
from infra.tooling.statements import Statements, allow, tell_of_pushes, within
from orchestrator.config.infrastructure import WEBHOOK_SECRET
from orchestrator.config.organization import Organization
from orchestrator.ledger.partitions import read_by, written_by
from orchestrator.steps.starts import WORK_SECONDS


@dataclass(frozen=True)
class Step:
    """One step's Lambda.

    Attributes:
        name: the step's name: the module of its handler.
        timeout: seconds it may take.
        settings: the names of the settings it reads.
        statements: what it may do.
        concurrency: how many of it may run at the same time; None for as many as there are.
    """

    name: str
    timeout: int
    settings: tuple[str, ...]
    statements: Callable[[Names], Statements]
    concurrency: int | None = None


_READING = ("GetItem", "BatchGetItem", "Query", "ConditionCheckItem")
_WRITING = ("PutItem", "UpdateItem", "DeleteItem")


def ledger(names: Names, role: str) -> Statements:
    """Read and write the partitions of the ledger that a role needs, as their table says."""
    granted = ((_READING, read_by(role)), (_WRITING, written_by(role)))
    return [
        allow([f"dynamodb:{action}" for action in actions], [names.ledger], within(keys))
        for actions, keys in granted
        if keys
    ]


def read_releases(names: Names) -> Statements:
    """Read what was published. Without ListBucket, S3 says of what is not there that access to it is denied."""
    return [allow(["s3:GetObject"], [names.objects("projects/*")]), allow(["s3:ListBucket"], [names.bucket])]


def assume_deployers(names: Names) -> iam.PolicyStatement:
    """Work in the targets, as their deployer."""
    return allow(["sts:AssumeRole"], names.deployers)


def answer_promotions() -> iam.PolicyStatement:
    """Answer a promotion that waits for a decision."""
    # The Service Authorization Reference names no resource for this action, so it is allowed on none in particular.
    # What protects an execution is its token, which few may read.
    return allow(["states:SendTaskSuccess"], ["*"])


def _resolve_release(names: Names) -> Statements:
    return [*ledger(names, "resolve_release"), *find_units(names)]


def _on_merge(names: Names) -> Statements:
    return [
        *ledger(names, "on_merge"),
        *find_units(names),
        allow(["s3:PutObject"], [names.survey]),
        # The embedded cloud knows a second form, for many at once, which to AWS is the same action.
        allow(["sqs:SendMessage*"], [names.starts]),
        allow(["sqs:SendMessage"], [names.dead_letters]),
        allow(["sns:Publish"], [names.failures]),
    ]


_DELETE = ("DeleteStack", "DescribeStacks", "DescribeStackEvents")


def _change_machines(names: Names, actions: Iterable[str]) -> Statements:
    """Have CloudFormation do something to the stacks with units' state machines, with its own role."""
    passed = {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}}
    return [
        allow([f"cloudformation:{action}" for action in actions], [names.unit_stacks]),
        allow(["iam:PassRole"], [names.unit_stack_role], passed),
    ]


def _retire(names: Names) -> Statements:
    return [
        *ledger(names, "retire"),
        assume_deployers(names),
        *_change_machines(names, _DELETE),
    ]


def _start_promotion(names: Names) -> Statements:
    stacks = [
        "CreateChangeSet",
        "DescribeChangeSet",
        "ExecuteChangeSet",
        "DeleteChangeSet",
        "ContinueUpdateRollback",
        "TagResource",
        *_DELETE,
    ]
    # The second forms again.
    messages = ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility*", "GetQueueAttributes"]
    return [
        *ledger(names, "start_promotion"),
        *read_repository(names),
        allow([f"sqs:{action}" for action in messages], [names.starts]),
        allow(["states:StartExecution"], [names.promotions, names.train_machine]),
        # What an execution was started with that has the name of one that is to be started.
        allow(["states:DescribeExecution"], [names.promotion_executions, names.train_executions]),
        *_change_machines(names, stacks),
        # Templates that are too large for a request; CloudFormation reads them with the caller's permissions.
        allow(["s3:GetObject", "s3:PutObject"], [names.objects("stacks/*")]),
        allow(["sns:Publish"], [names.failures]),
    ]


def _who_started() -> iam.PolicyStatement:
    """Ask CloudTrail who started an execution. Its events have no ARNs: the action is allowed on all or on none."""
    return allow(["cloudtrail:LookupEvents"], ["*"])


def _plan(names: Names) -> Statements:
    return [
        *ledger(names, "plan"),
        _who_started(),
        *read_repository(names),
        *read_releases(names),
        allow(["s3:PutObject"], [names.objects("plans/*")]),
        allow(["states:DescribeExecution"], [names.promotion_executions, names.train_executions]),
        assume_deployers(names),
    ]


def _deploy(names: Names) -> Statements:
    return [
        *_with_targets("deploy")(names),
        *read_decisions(names),
        # What was planned, and who wrote what was decided on.
        allow(["s3:GetObject"], [names.objects("plans/*")]),
        allow(["states:DescribeExecution"], [names.promotion_executions, names.train_executions]),
    ]


def _preview(names: Names) -> Statements:
    return [
        *_with_targets("preview")(names),
        *read_repository(names),
        allow(["states:DescribeExecution"], [names.promotion_executions, names.train_executions]),
    ]


def _with_targets(role: str) -> Callable[[Names], Statements]:
    def statements(names: Names) -> Statements:
        return [*ledger(names, role), *read_releases(names), assume_deployers(names)]

    return statements


TOKEN_READERS = ("request_approval", "request_train_approval", "decide")
"""The steps that may read task tokens of approvals; nobody else may, whatever policies say."""


def keep_tokens(names: Names) -> iam.PolicyStatement:
    """Keep the token of a request, and read those of requests that are superseded."""
    return allow(["dynamodb:GetItem", "dynamodb:PutItem"], [names.tokens])


def read_decisions(names: Names) -> Statements:
    """Read decisions. Without ListBucket, S3 says of what is not there that access to it is denied."""
    read = allow(["s3:GetObject", "s3:GetObjectVersion"], [names.decisions])
    return [read, allow(["s3:ListBucket"], [names.decisions_bucket])]


def _request_approval(names: Names) -> Statements:
    return [
        *ledger(names, "request_approval"),
        keep_tokens(names),
        *read_decisions(names),
        allow(["s3:GetObject"], [names.objects("plans/*")]),
        allow(["sns:Publish"], [names.approvals]),
        # Whether the train still runs whose approval it is.
        allow(["states:DescribeExecution"], [names.train_executions]),
        answer_promotions(),
    ]


def _decide(names: Names) -> Statements:
    return [
        *ledger(names, "decide"),
        *read_decisions(names),
        allow(["s3:PutObject"], [names.decisions]),
        # Who wrote what is decided on.
        allow(["s3:GetObject"], [names.objects("plans/*")]),
        allow(["dynamodb:GetItem"], [names.tokens]),
        answer_promotions(),
        _who_started(),
    ]


def _on_promotion_change(names: Names) -> Statements:
    return [
        *ledger(names, "on_promotion_change"),
        allow(["states:DescribeExecution"], [names.promotion_executions]),
        allow(["sns:Publish"], [names.failures]),
    ]


def _webhook(names: Names) -> Statements:
    return [
        allow(["secretsmanager:GetSecretValue"], [names.secret(WEBHOOK_SECRET)]),
        allow(["dynamodb:PutItem", "dynamodb:DeleteItem"], [names.ledger], within(written_by("webhook"))),
        tell_of_pushes(names),
    ]


GUARDRAILS_SETTING = "guardrails_table"
"""What a step reads that acts on an environment: functions that have this setting may read the guardrails."""
_GUARDED = ("ledger_table", GUARDRAILS_SETTING)
_TARGETS = (*_GUARDED, "bucket", "external_id")
SOURCE_SETTINGS = ("repository_url", "repository_secret", "repository_proxy", "branch")
_TELLING = ("failures_topic", *SOURCE_SETTINGS)

STEPS = (
    Step("on_merge", 900, (*_GUARDED, "bucket", "code", "starts_url", "dead_letters_url", *_TELLING), _on_merge),
    Step(
        "start_promotion",
        WORK_SECONDS,
        (*_GUARDED, "bucket", "starts_url", "start_tries", *_TELLING),
        _start_promotion,
    ),
    Step("resolve_release", 60, (*_GUARDED, "bucket", *SOURCE_SETTINGS), _resolve_release),
    Step("plan", 120, (*_TARGETS, *SOURCE_SETTINGS), _plan),
    Step(
        "request_approval",
        60,
        (*_GUARDED, "tokens_table", "decisions_bucket", "bucket", "approvals_topic"),
        _request_approval,
    ),
    Step("decide", 60, (*_GUARDED, "tokens_table", "decisions_bucket", "bucket"), _decide),
    Step("deploy", 120, (*_TARGETS, "decisions_bucket"), _deploy),
    Step("smoke_test", 120, _TARGETS, _with_targets("smoke_test")),
    Step("roll_back", 120, _TARGETS, _with_targets("roll_back")),
    Step("retire", 120, (*_GUARDED, "external_id", "branch"), _retire),
    Step("drift", 120, _TARGETS, _with_targets("drift")),
    Step("preview", 180, (*_TARGETS, *SOURCE_SETTINGS), _preview),
    Step("on_promotion_change", 60, ("ledger_table", "failures_topic"), _on_promotion_change),
)
# What anybody may call must not take what the others run with.
WEBHOOK = Step(
    "webhook",
    15,
    ("ledger_table", "webhook_secret", "repository_url", "repository_id", "branch"),
    _webhook,
    concurrency=5,
)
# The steps that a promotion's states call; the gate calls `decide`, builders `begin_publish`, people `drift` and
# `preview`, events the others.
PROMOTION_STEPS = ("prepare_build", "resolve_release", "plan", "request_approval", "deploy", "smoke_test", "roll_back")
TARGET_STEPS = ("plan", "deploy", "smoke_test", "roll_back", "drift", "preview", "retire")


def steps_of(organization: Organization) -> tuple[Step, ...]:
    """The steps that an organization needs."""
    return (*STEPS, WEBHOOK) if organization.repository.on_github else STEPS
