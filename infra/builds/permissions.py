"""What prepares and opens the sessions that builds publish with, and what those sessions may do at most."""

from infra.tooling.names import Names
from infra.tooling.permissions import GUARDRAILS_SETTING, Step
from infra.tooling.statements import Statements, allow, within
from orchestrator.config.infrastructure import PUBLISHER_ROLE
from orchestrator.ledger.partitions import written_by
from orchestrator.publication.session_policy import ONCE


def _prepare_build(names: Names) -> Statements:
    """Note the secrets of builds."""
    return [allow(["dynamodb:PutItem"], [names.ledger], within(written_by("prepare_build")))]


def _begin_publish(names: Names) -> Statements:
    """Compare and redeem the secrets of builds, learn what executions and builds are at, open sessions."""
    facts = [
        allow(["dynamodb:GetItem", "dynamodb:PutItem"], [names.ledger], within(written_by("begin_publish"))),
        allow(["states:DescribeExecution", "states:GetExecutionHistory"], [names.promotion_executions]),
        allow(["sts:AssumeRole"], [names.organization.tooling_role_arn(PUBLISHER_ROLE)]),
    ]
    if names.organization.build.runner != "codebuild":
        return facts
    return [*facts, allow(["codebuild:BatchGetBuilds"], [names.organization.build_project_arn])]


def publisher(names: Names) -> Statements:
    """Publish releases, each object once. Each session is limited to one unit besides."""
    numbers = [f"dynamodb:{action}" for action in ("GetItem", "PutItem", "UpdateItem")]
    return [
        allow(["s3:GetObject"], [names.objects("projects/*")]),
        allow(["s3:PutObject"], [names.objects("projects/*")], ONCE),
        allow(["s3:PutObject"], [names.objects("logs/*")]),
        # Without it, S3 says of what is missing that access to it is denied.
        allow(["s3:ListBucket"], [names.bucket]),
        allow(numbers, [names.ledger], within(written_by("builder"))),
    ]


BUILD_STEPS = (
    Step("prepare_build", 30, ("ledger_table", GUARDRAILS_SETTING), _prepare_build),
    Step(
        "begin_publish",
        60,
        ("ledger_table", "bucket", "publisher_role", "ledger_arn", "promotions", "build_runner"),
        _begin_publish,
    ),
)
