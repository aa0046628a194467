"""Somebody uses a role for what it is not for: every role that the orchestrator makes, as it is synthesized.

Add a row to `MAY`, `MAY_NOT` or `ONLY`; nothing else has to change. Roles of targets are called `<account>/<role>`, and
managed policies by their name. The policies of resources, such as buckets and tables, are found by the resource's ARN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator.ledger.partitions import DELIVERIES, FREEZES
from tests.infra.simulator import Answer, Request, request_of, simulate
from tests.infra.synthesized import REGION, TOOLING, Policies, example, texts_of, with_all_options

_HERE = f"{REGION}:{TOOLING}"
_DEV, _STAGING = "222222222222", "333333333333"
PEOPLE = tuple(
    f"orchestrator-{name}"
    for name in ("viewer", "developer", "operator", "approver", "controller", "ci", "administrator")
)


def machine(name: str) -> str:
    """ARN of a state machine."""
    return f"arn:aws:states:{_HERE}:stateMachine:{name}"


def execution(machine_name: str) -> str:
    """ARN of an execution of a state machine."""
    return f"arn:aws:states:{_HERE}:execution:{machine_name}:some"


def function(step: str) -> str:
    """ARN of a step's Lambda."""
    return f"arn:aws:lambda:{_HERE}:function:orchestrator-{step}"


def role(name: str, account: str = TOOLING) -> str:
    """ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


def key(name: str, account: str = TOOLING) -> str:
    """ARN of an object in an account's artifacts bucket."""
    return f"arn:aws:s3:::orchestrator-artifacts-{account}-{REGION}/{name}"


def stack(name: str, account: str = TOOLING) -> str:
    """ARN of a stack."""
    return f"arn:aws:cloudformation:{REGION}:{account}:stack/{name}/1"


LEDGER = f"arn:aws:dynamodb:{_HERE}:table/orchestrator-ledger"
TOKENS = f"arn:aws:dynamodb:{_HERE}:table/orchestrator-approval-tokens"
DECISION = f"arn:aws:s3:::orchestrator-decisions-{TOOLING}-{REGION}/decisions/orders/prod/some.json"
ONCE = {"s3:if-none-match": "*"}
GUARDRAILS = f"arn:aws:dynamodb:{_HERE}:table/orchestrator-guardrails"
BUS = f"arn:aws:events:{_HERE}:event-bus/default"
STARTS = f"arn:aws:sqs:{_HERE}:orchestrator-starts.fifo"
DEAD_LETTERS = f"arn:aws:sqs:{_HERE}:orchestrator-dead-letters"
APPROVALS = f"arn:aws:sns:{_HERE}:orchestrator-approvals"
FAILURES = f"arn:aws:sns:{_HERE}:orchestrator-failures"
ACTIVITY = f"arn:aws:states:{_HERE}:activity:orchestrator-build"
WEBHOOK_SECRET = f"arn:aws:secretsmanager:{_HERE}:secret:orchestrator/github-webhook-AbCdEf"
GITHUB_SECRET = f"arn:aws:secretsmanager:{_HERE}:secret:orchestrator/github-AbCdEf"
PROD_GATE, PROMOTION, TRAIN = machine("orders-approve-prod"), machine("promote-orders"), machine("orchestrator-train")
DEPLOYER = role("deployer-of-ours", _STAGING)
UNIT_FUNCTION = f"arn:aws:lambda:{REGION}:{_DEV}:function:shop-orders-api"
OTHER_FUNCTION = f"arn:aws:lambda:{REGION}:{_DEV}:function:payroll"
MAPPING = f"arn:aws:lambda:{REGION}:{_DEV}:event-source-mapping:1"
DEV_DEPLOYER, DEV_CLOUDFORMATION = f"{_DEV}/orchestrator-deployer", f"{_DEV}/orchestrator-cloudformation"
DEV_BILLING = f"{_DEV}/billing-cloudformation"
BILLING_FUNCTION = f"arn:aws:lambda:{REGION}:{_DEV}:function:shop-billing-api"
LAMBDA = {"iam:PassedToService": "lambda.amazonaws.com"}
STEP_FUNCTIONS = {"iam:PassedToService": "states.amazonaws.com"}
CLOUDFORMATION = {"iam:PassedToService": "cloudformation.amazonaws.com"}
# What the deployers' trust policies ask for.
OURS = {"sts:ExternalId": "promotion-orchestrator", "aws:PrincipalOrgID": "o-abcdefghij"}


@dataclass(frozen=True)
class Row:
    """One request of a role.

    Attributes:
        who: the role or managed policy.
        context: the condition keys that the request carries.
    """

    who: str
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        carried = f" {dict(self.context)}" if self.context else ""
        return f"{self.who} {self.action} {self.resource.rsplit(':', 1)[-1]}{carried}"


@dataclass(frozen=True)
class Only:
    """A request that some roles may make and all others may not."""

    action: str
    resource: str
    who: frozenset[str]
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


def only(action: str, resource: str, *who: str, **context: str) -> Only:
    """A request that only some roles may make; `_` in a name of a condition key stands for `:`."""
    return Only(action, resource, frozenset(who), {name.replace("_", ":"): value for name, value in context.items()})


def steps(*names: str) -> tuple[str, ...]:
    """The roles of some steps."""
    return tuple(f"orchestrator-{name}" for name in names)


def partition(*keys: str) -> dict[str, Sequence[str]]:
    """What a request of DynamoDB carries that is about some partitions."""
    return {"dynamodb:LeadingKeys": list(keys)}


def event(source: str, kind: str) -> dict[str, Sequence[str]]:
    """What a request carries that puts an event."""
    return {"events:source": [source], "events:detail-type": [kind]}


MAY = [
    # What runs promotions, gates and trains.
    Row("orchestrator-promotion", "lambda:InvokeFunction", function("deploy")),
    Row("orchestrator-gate", "lambda:InvokeFunction", function("decide")),
    Row("orchestrator-train", "states:StartExecution", PROMOTION),
    Row("orchestrator-train", "states:StopExecution", execution("promote-orders")),
    Row("orchestrator-unit-stack", "states:UpdateStateMachine", PROMOTION),
    Row("orchestrator-unit-stack", "iam:PassRole", role("orchestrator-promotion"), STEP_FUNCTIONS),
    # Steps.
    Row("orchestrator-on-merge", "sqs:SendMessage", STARTS),
    Row("orchestrator-on-merge", "sns:Publish", FAILURES),
    Row("orchestrator-start-promotion", "states:StartExecution", PROMOTION),
    Row("orchestrator-start-promotion", "iam:PassRole", role("orchestrator-unit-stack"), CLOUDFORMATION),
    Row("orchestrator-resolve-release", "dynamodb:PutItem", LEDGER, partition("PROMOTIONS#orders")),
    Row("orchestrator-plan", "s3:PutObject", key("plans/orders/some/prod.json")),
    Row("orchestrator-request-approval", "sns:Publish", APPROVALS),
    Row("orchestrator-decide", "states:SendTaskSuccess", "*"),
    Row("orchestrator-decide", "cloudtrail:LookupEvents", "*"),
    Row("orchestrator-decide", "s3:PutObject", DECISION, ONCE),
    Row("orchestrator-decide", "dynamodb:PutItem", LEDGER, partition("DECISIONS#orders")),
    Row("orchestrator-decide", "dynamodb:GetItem", TOKENS),
    Row("orchestrator-request-approval", "dynamodb:PutItem", TOKENS),
    Row("orchestrator-deploy", "s3:GetObjectVersion", DECISION),
    Row("orchestrator-smoke-test", "dynamodb:PutItem", LEDGER, partition("GOOD#prod")),
    Row("orchestrator-deploy", "sts:AssumeRole", DEPLOYER, OURS),
    Row("orchestrator-smoke-test", "sts:AssumeRole", DEPLOYER, OURS),
    Row("orchestrator-roll-back", "s3:GetObject", key("projects/orders/release/0.1.0/template.json")),
    Row("orchestrator-retire", "cloudformation:DeleteStack", stack("promote-orders")),
    Row("orchestrator-drift", "sts:AssumeRole", DEPLOYER, OURS),
    Row("orchestrator-preview", "sts:AssumeRole", DEPLOYER, OURS),
    Row("orchestrator-on-promotion-change", "dynamodb:DeleteItem", LEDGER, partition("LOCKS#orders")),
    Row("orchestrator-webhook", "secretsmanager:GetSecretValue", WEBHOOK_SECRET),
    Row("orchestrator-webhook", "dynamodb:PutItem", LEDGER, partition(DELIVERIES.key())),
    Row("orchestrator-webhook", "events:PutEvents", BUS, event("orchestrator", "Push")),
    Row("orchestrator-on-merge", "dynamodb:UpdateItem", LEDGER, partition("PUSHES#orders")),
    Row("orchestrator-plan", "dynamodb:Query", LEDGER, partition("PUSHES#orders")),
    Row("orchestrator-resolve-train", "states:DescribeStateMachine", PROMOTION),
    Row("orchestrator-plan-train", "states:DescribeExecution", execution("promote-orders")),
    Row("orchestrator-request-train-approval", "s3:GetObject", key("plans/orders/some/prod.json")),
    Row("orchestrator-settle-train", "sns:Publish", FAILURES),
    Row("orchestrator-on-train-change", "states:StopExecution", execution("promote-orders")),
    # Builds.
    Row("orchestrator-builder", "states:GetActivityTask", ACTIVITY),
    Row("orchestrator-builder", "states:SendTaskHeartbeat", "*"),
    Row("orchestrator-builder", "lambda:InvokeFunction", function("begin-publish")),
    Row("orchestrator-codebuild", "s3:GetObject", key("bundles/some.zip")),
    Row("orchestrator-prepare-build", "dynamodb:PutItem", LEDGER, partition("BUILDS#orders")),
    Row("orchestrator-begin-publish", "sts:AssumeRole", role("orchestrator-publisher")),
    Row("orchestrator-publisher", "dynamodb:PutItem", LEDGER, partition("RELEASES#orders")),
    # Services.
    Row("states.amazonaws.com", "sts:AssumeRole", role("orchestrator-promotion"), {"aws:SourceAccount": TOOLING}),
    Row("lambda.amazonaws.com", "sts:AssumeRole", role("orchestrator-decide")),
    # Targets.
    Row(DEV_DEPLOYER, "cloudformation:ExecuteChangeSet", stack("shop-orders", _DEV)),
    Row(DEV_DEPLOYER, "iam:PassRole", role("orchestrator-cloudformation", _DEV), CLOUDFORMATION),
    Row(f"{_STAGING}/deployer-of-ours", "lambda:InvokeFunction", UNIT_FUNCTION.replace(_DEV, _STAGING)),
    Row(f"{TOOLING}/orchestrator-deployer", "cloudformation:CreateChangeSet", stack("shop-orders")),
    Row(DEV_CLOUDFORMATION, "lambda:CreateFunction", UNIT_FUNCTION),
    Row(DEV_CLOUDFORMATION, "iam:CreateRole", role("shop-orders-api", _DEV)),
    Row(
        DEV_CLOUDFORMATION,
        "iam:PassRole",
        role("shop-orders-api", _DEV),
        {"iam:PassedToService": "lambda.amazonaws.com"},
    ),
    Row(DEV_CLOUDFORMATION, "lambda:UpdateEventSourceMapping", MAPPING, {"lambda:FunctionArn": UNIT_FUNCTION}),
    Row(f"{_STAGING}/orchestrator-cloudformation", "iam:DeleteRole", role("shop-orders-api", _STAGING)),
    Row(f"{TOOLING}/orchestrator-cloudformation", "sqs:CreateQueue", f"arn:aws:sqs:{_HERE}:shop-orders"),
    Row(DEV_DEPLOYER, "iam:PassRole", role("billing-cloudformation", _DEV), CLOUDFORMATION),
    Row(DEV_BILLING, "lambda:UpdateFunctionCode", BILLING_FUNCTION),
    Row(DEV_BILLING, "iam:CreateRole", role("shop-billing-api", _DEV)),
    Row(DEV_BILLING, "lambda:DeleteEventSourceMapping", MAPPING, {"lambda:FunctionArn": BILLING_FUNCTION}),
    # People.
    *(Row(who, "dynamodb:GetItem", LEDGER, partition("BRANCH#trunk")) for who in PEOPLE),
    *(Row(who, "dynamodb:Query", GUARDRAILS, partition("GUARDRAILS")) for who in PEOPLE),
    Row("orchestrator-operator", "states:StopExecution", execution("promote-orders")),
    Row("orchestrator-approver", "states:DescribeExecution", execution("orders-approve-prod")),
    Row("orchestrator-approver", "states:StartExecution", machine("train-approve-prod")),
    Row("orchestrator-approver", "s3:GetObject", key("plans/orders/some/prod.json")),
    Row("orchestrator-controller", "dynamodb:PutItem", LEDGER, partition(FREEZES.key())),
    Row("orchestrator-controller", "lambda:InvokeFunction", function("retire")),
    Row("orchestrator-administrator", "dynamodb:PutItem", GUARDRAILS, partition("GUARDRAILS")),
]

MAY_NOT = [
    # What runs promotions, gates and trains calls its steps and does nothing itself.
    Row("orchestrator-promotion", "lambda:InvokeFunction", function("decide")),
    Row("orchestrator-promotion", "dynamodb:GetItem", LEDGER, partition("UNIT#orders")),
    Row("orchestrator-gate", "lambda:InvokeFunction", function("deploy")),
    Row("orchestrator-train", "states:StartExecution", PROD_GATE),
    Row("orchestrator-train", "lambda:InvokeFunction", function("deploy")),
    Row("orchestrator-unit-stack", "states:UpdateStateMachine", TRAIN),
    Row("orchestrator-unit-stack", "iam:PassRole", role("orchestrator-decide"), STEP_FUNCTIONS),
    Row(
        "orchestrator-unit-stack",
        "iam:PassRole",
        role("orchestrator-promotion"),
        {"iam:PassedToService": "lambda.amazonaws.com"},
    ),
    # Steps.
    Row("orchestrator-on-merge", "states:StartExecution", PROMOTION),
    Row("orchestrator-on-merge", "s3:PutObject", key("projects/orders/release/0.1.0/template.json")),
    Row("orchestrator-start-promotion", "cloudformation:ExecuteChangeSet", stack("orchestrator")),
    Row("orchestrator-start-promotion", "iam:PassRole", role("orchestrator-decide"), CLOUDFORMATION),
    Row("orchestrator-resolve-release", "s3:GetObject", key("plans/orders/some/prod.json")),
    Row("orchestrator-plan", "s3:PutObject", key("projects/orders/release/0.1.0/template.json")),
    Row("orchestrator-request-approval", "sts:AssumeRole", DEPLOYER),
    Row("orchestrator-request-approval", "s3:PutObject", key("plans/orders/some/prod.json")),
    Row("orchestrator-decide", "sts:AssumeRole", DEPLOYER, OURS),
    Row("orchestrator-decide", "states:StartExecution", PROMOTION),
    Row("orchestrator-decide", "s3:PutObject", DECISION),
    Row("orchestrator-decide", "dynamodb:PutItem", LEDGER, partition("PROMOTIONS#orders")),
    Row("orchestrator-decide", "dynamodb:PutItem", LEDGER, partition("DECISIONS#orders", "RELEASES#orders")),
    Row("orchestrator-deploy", "dynamodb:PutItem", LEDGER, partition("GOOD#prod")),
    Row("orchestrator-deploy", "dynamodb:GetItem", LEDGER, partition("APPROVALS#orders")),
    Row("orchestrator-on-merge", "dynamodb:PutItem", LEDGER, partition("APPROVALS#orders")),
    Row("orchestrator-builder", "dynamodb:PutItem", LEDGER, partition("APPROVALS#train/billing-42")),
    Row("orchestrator-builder", "dynamodb:PutItem", LEDGER, partition("TRAIN#billing-42")),
    Row("orchestrator-deploy", "sts:AssumeRole", DEPLOYER),
    Row("orchestrator-deploy", "sts:AssumeRole", DEPLOYER, {**OURS, "sts:ExternalId": "of-somebody-else"}),
    Row("orchestrator-deploy", "sts:AssumeRole", DEPLOYER, {**OURS, "aws:PrincipalOrgID": "o-zzzzzzzzzz"}),
    Row("orchestrator-deploy", "sts:AssumeRole", role("orchestrator-cloudformation", _STAGING), OURS),
    Row("orchestrator-deploy", "sts:AssumeRole", role("orchestrator-deployer", "999999999999")),
    Row("orchestrator-smoke-test", "lambda:InvokeFunction", UNIT_FUNCTION),
    Row("orchestrator-roll-back", "s3:PutObject", key("projects/orders/release/0.1.0/template.json")),
    Row("orchestrator-retire", "cloudformation:DeleteStack", stack("orchestrator")),
    Row("orchestrator-drift", "s3:PutObject", key("plans/orders/some/prod.json")),
    Row("orchestrator-preview", "s3:PutObject", key("plans/orders/some/prod.json")),
    Row("orchestrator-on-promotion-change", "states:StopExecution", execution("promote-orders")),
    Row("orchestrator-webhook", "dynamodb:PutItem", LEDGER, partition("UNIT#orders")),
    Row("orchestrator-webhook", "dynamodb:PutItem", LEDGER, partition(DELIVERIES.key(), "UNIT#orders")),
    Row("orchestrator-webhook", "secretsmanager:GetSecretValue", GITHUB_SECRET),
    *(Row(who, "events:PutEvents", BUS, event("orchestrator", "Push")) for who in PEOPLE),
    *(Row(who, "dynamodb:UpdateItem", LEDGER, partition("PUSHES#orders")) for who in PEOPLE),
    Row("orchestrator-plan", "dynamodb:UpdateItem", LEDGER, partition("PUSHES#orders")),
    Row("orchestrator-webhook", "events:PutEvents", BUS, event("orchestrator", "Merge")),
    Row("orchestrator-webhook", "events:PutEvents", BUS, event("aws.codecommit", "CodeCommit Repository State Change")),
    Row("orchestrator-resolve-train", "states:StartExecution", PROMOTION),
    Row("orchestrator-plan-train", "sts:AssumeRole", DEPLOYER),
    Row("orchestrator-request-train-approval", "states:StartExecution", machine("train-approve-prod")),
    Row("orchestrator-settle-train", "states:SendTaskSuccess", "*"),
    Row("orchestrator-on-train-change", "states:StopExecution", execution("orders-approve-prod")),
    # Builds.
    Row("orchestrator-builder", "s3:PutObject", key("plans/orders/some/prod.json")),
    Row("orchestrator-builder", "s3:PutObject", key("bundles/some.zip")),
    Row("orchestrator-builder", "lambda:InvokeFunction", function("prepare-build")),
    Row("orchestrator-prepare-build", "dynamodb:PutItem", LEDGER, partition("RELEASES#orders")),
    Row("orchestrator-begin-publish", "dynamodb:PutItem", LEDGER, partition("RELEASES#orders")),
    Row("orchestrator-begin-publish", "sts:AssumeRole", DEPLOYER, OURS),
    Row("orchestrator-publisher", "dynamodb:PutItem", LEDGER, partition("APPROVALS#orders")),
    Row("orchestrator-publisher", "s3:PutObject", DECISION, ONCE),
    Row("orchestrator-codebuild", "s3:PutObject", key("bundles/some.zip")),
    Row("orchestrator-codebuild", "states:StartExecution", PROD_GATE),
    # Services that work for another account.
    Row(
        "states.amazonaws.com", "sts:AssumeRole", role("orchestrator-promotion"), {"aws:SourceAccount": "999999999999"}
    ),
    Row("states.amazonaws.com", "sts:AssumeRole", role("orchestrator-train"), {"aws:SourceAccount": "999999999999"}),
    Row("states.amazonaws.com", "sts:AssumeRole", role("orchestrator-decide"), {"aws:SourceAccount": TOOLING}),
    Row("lambda.amazonaws.com", "sts:AssumeRole", role("orchestrator-promotion"), {"aws:SourceAccount": TOOLING}),
    Row(
        "cloudformation.amazonaws.com",
        "sts:AssumeRole",
        role("orchestrator-cloudformation", _DEV),
        {"aws:SourceAccount": "999999999999"},
    ),
    Row(
        "cloudformation.amazonaws.com",
        "sts:AssumeRole",
        role("orchestrator-deployer", _DEV),
        {"aws:SourceAccount": _DEV},
    ),
    # Targets: what is not of units, and what would lead out of the limits.
    Row(DEV_DEPLOYER, "cloudformation:ExecuteChangeSet", stack("payroll", _DEV)),
    Row(DEV_DEPLOYER, "cloudformation:DeleteStack", stack("orchestrator-target", _DEV)),
    Row(DEV_DEPLOYER, "iam:PassRole", role("administrator", _DEV), CLOUDFORMATION),
    Row(
        DEV_DEPLOYER,
        "iam:PassRole",
        role("orchestrator-cloudformation", _DEV),
        {"iam:PassedToService": "ec2.amazonaws.com"},
    ),
    Row(DEV_DEPLOYER, "iam:CreateRole", role("shop-orders-api", _DEV)),
    Row(f"{_STAGING}/deployer-of-ours", "cloudformation:ExecuteChangeSet", stack("shop-orders", _DEV)),
    Row(f"{TOOLING}/orchestrator-deployer", "cloudformation:ExecuteChangeSet", stack("orchestrator")),
    Row(f"{TOOLING}/orchestrator-deployer", "cloudformation:ExecuteChangeSet", stack("promote-orders")),
    Row(DEV_CLOUDFORMATION, "lambda:UpdateFunctionCode", OTHER_FUNCTION),
    Row(DEV_CLOUDFORMATION, "lambda:UpdateEventSourceMapping", MAPPING, {"lambda:FunctionArn": OTHER_FUNCTION}),
    Row(DEV_CLOUDFORMATION, "iam:PassRole", role("shop-orders-api", _DEV), CLOUDFORMATION),
    Row(
        DEV_CLOUDFORMATION, "iam:PassRole", role("administrator", _DEV), {"iam:PassedToService": "lambda.amazonaws.com"}
    ),
    Row(DEV_CLOUDFORMATION, "s3:PutObject", key("projects/orders/release/0.1.0/template.json", _DEV)),
    *(
        Row(f"{account}/orchestrator-cloudformation", action, role(name, account))
        for account in (_DEV, _STAGING, TOOLING)
        for name in ("orchestrator-deployer", "orchestrator-cloudformation", "administrator")
        for action in ("iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy")
    ),
    Row(f"{TOOLING}/orchestrator-cloudformation", "iam:PutRolePolicy", role("orchestrator-decide")),
    Row(f"{TOOLING}/orchestrator-cloudformation", "lambda:UpdateFunctionCode", function("decide")),
    Row(f"{TOOLING}/orchestrator-cloudformation", "dynamodb:PutItem", LEDGER, partition("UNIT#orders")),
    Row(f"{TOOLING}/orchestrator-cloudformation", "states:SendTaskSuccess", "*"),
    # Units that have a role of their own, and all others.
    Row(DEV_BILLING, "lambda:UpdateFunctionCode", UNIT_FUNCTION),
    Row(DEV_BILLING, "iam:PutRolePolicy", role("shop-orders-api", _DEV)),
    Row(DEV_BILLING, "iam:PassRole", role("shop-orders-api", _DEV), LAMBDA),
    Row(DEV_BILLING, "lambda:UpdateEventSourceMapping", MAPPING, {"lambda:FunctionArn": UNIT_FUNCTION}),
    Row(DEV_BILLING, "iam:PutRolePolicy", role("billing-cloudformation", _DEV)),
    Row(DEV_CLOUDFORMATION, "lambda:UpdateFunctionCode", BILLING_FUNCTION),
    Row(DEV_CLOUDFORMATION, "iam:PutRolePolicy", role("shop-billing-api", _DEV)),
    Row(DEV_CLOUDFORMATION, "iam:PassRole", role("shop-billing-api", _DEV), LAMBDA),
    Row(DEV_CLOUDFORMATION, "dynamodb:DeleteTable", f"arn:aws:dynamodb:{REGION}:{_DEV}:table/shop-billing-ledger"),
    Row(DEV_CLOUDFORMATION, "s3:PutBucketPolicy", "arn:aws:s3:::shop-billing-files"),
    Row(DEV_CLOUDFORMATION, "lambda:UpdateEventSourceMapping", MAPPING, {"lambda:FunctionArn": BILLING_FUNCTION}),
    Row(DEV_CLOUDFORMATION, "iam:PutRolePolicy", role("billing-cloudformation", _DEV)),
    # People.
    *(Row(who, "states:SendTaskSuccess", "*") for who in PEOPLE),
    *(Row(who, "states:SendTaskFailure", "*") for who in PEOPLE),
    *(Row(who, "dynamodb:PutItem", LEDGER, partition("UNIT#orders")) for who in PEOPLE),
    *(Row(who, "dynamodb:Scan", LEDGER) for who in PEOPLE),
    *(Row(who, "s3:PutObject", key("projects/orders/release/0.1.0/template.json")) for who in PEOPLE),
    Row("orchestrator-ci", "dynamodb:GetItem", LEDGER, partition("UNIT#orders")),
    Row(
        "orchestrator-operator", "events:PutEvents", BUS, event("aws.codecommit", "CodeCommit Repository State Change")
    ),
    Row("orchestrator-developer", "states:StopExecution", execution("promote-orders")),
    Row("orchestrator-controller", "dynamodb:PutItem", LEDGER, partition(FREEZES.key(), "UNIT#orders")),
    Row("orchestrator-controller", "lambda:InvokeFunction", function("deploy")),
]

_WORK_IN_TARGETS = steps("plan", "deploy", "smoke-test", "roll-back", "drift", "preview", "retire")
ONLY = [
    # Decisions.
    only("states:StartExecution", PROD_GATE, "orchestrator-approver"),
    only("states:StartExecution", machine("train-approve-prod"), "orchestrator-approver"),
    only(
        "states:SendTaskSuccess",
        "*",
        "orchestrator-builder",
        *steps("decide", "request-approval", "request-train-approval"),
    ),
    only("states:SendTaskFailure", "*", "orchestrator-builder"),
    only("lambda:InvokeFunction", function("decide"), "orchestrator-gate"),
    # Promotions.
    only(
        "states:StartExecution",
        PROMOTION,
        "orchestrator-train",
        "orchestrator-developer",
        "orchestrator-operator",
        *steps("start-promotion"),
    ),
    only("states:StartExecution", TRAIN, "orchestrator-operator", *steps("start-promotion")),
    only("lambda:InvokeFunction", function("deploy"), "orchestrator-promotion"),
    only("lambda:InvokeFunction", function("retire"), "orchestrator-controller"),
    only("states:UpdateStateMachine", PROMOTION, "orchestrator-unit-stack"),
    only("states:UpdateStateMachine", PROD_GATE, "orchestrator-unit-stack"),
    only("states:UpdateStateMachine", TRAIN),
    # Targets.
    Only("sts:AssumeRole", DEPLOYER, frozenset(_WORK_IN_TARGETS), OURS),
    Only("sts:AssumeRole", role("orchestrator-deployer"), frozenset(_WORK_IN_TARGETS), OURS),
    only("sts:AssumeRole", role("orchestrator-cloudformation", _STAGING)),
    only("sts:AssumeRole", role("orchestrator-builder")),
    only("sts:AssumeRole", role("orchestrator-promotion")),
    only("sts:AssumeRole", role("orchestrator-decide")),
    # Releases, plans and code.
    only("s3:PutObject", key("plans/orders/some/prod.json"), *steps("plan")),
    only(
        "s3:PutObject",
        key("projects/orders/release/0.1.0/template.json"),
        f"{TOOLING}/orchestrator-deployer",
    ),
    only(
        "s3:PutObject",
        key("projects/orders/release/0.1.0/template.json"),
        "orchestrator-publisher",
        f"{TOOLING}/orchestrator-deployer",
        **{"s3_if-none-match": "*"},
    ),
    only("s3:PutObject", key("bundles/some.zip")),
    only("s3:DeleteObject", key("projects/orders/release/0.1.0/template.json")),
    only("s3:DeleteObjectVersion", key("projects/orders/release/0.1.0/template.json")),
    only("s3:PutBucketPolicy", f"arn:aws:s3:::orchestrator-artifacts-{TOOLING}-{REGION}"),
    only("lambda:UpdateFunctionCode", function("decide")),
    only("lambda:UpdateFunctionConfiguration", function("deploy")),
    # Decisions and tokens.
    only("s3:PutObject", DECISION, "orchestrator-decide", **{"s3_if-none-match": "*"}),
    only("s3:DeleteObject", DECISION),
    only("s3:DeleteObjectVersion", DECISION),
    only("s3:PutObjectRetention", DECISION),
    only("s3:BypassGovernanceRetention", DECISION),
    only("dynamodb:GetItem", TOKENS, *steps("decide", "request-approval", "request-train-approval")),
    only("dynamodb:PutItem", TOKENS, *steps("request-approval", "request-train-approval")),
    only("dynamodb:Scan", TOKENS),
    # The ledger and the guardrails as a whole.
    only("dynamodb:DeleteTable", LEDGER),
    only("dynamodb:Scan", LEDGER),
    only("dynamodb:PartiQLUpdate", LEDGER),
    only("dynamodb:PutResourcePolicy", GUARDRAILS),
    only("dynamodb:PutItem", GUARDRAILS, "orchestrator-administrator"),
    only("dynamodb:UpdateItem", GUARDRAILS),
    only("dynamodb:DeleteItem", GUARDRAILS),
    # IAM of the tooling account.
    only("iam:CreateRole", role("anybody")),
    only("iam:PutRolePolicy", role("orchestrator-decide")),
    only("iam:AttachRolePolicy", role("orchestrator-decide")),
    only("iam:UpdateAssumeRolePolicy", role("orchestrator-deployer")),
    only("iam:CreateUser", f"arn:aws:iam::{TOOLING}:user/anybody"),
    only("iam:CreateAccessKey", f"arn:aws:iam::{TOOLING}:user/anybody"),
    only("iam:PassRole", role("orchestrator-decide"), iam_PassedToService="lambda.amazonaws.com"),
    only("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{_HERE}:trail/some"),
]


@pytest.fixture(scope="session")
def policies(shared: Path) -> Policies:
    """Those of an installation with everything that is optional; where both have a role, the one without counts."""
    plain, full = (
        Policies.of(texts_of(organization, shared, name))
        for name, organization in (("infra", example()), ("infra-with-options", with_all_options(example())))
    )
    return Policies(
        {**full.identity, **plain.identity}, {**full.trust, **plain.trust}, {**full.resource, **plain.resource}
    )


@pytest.fixture(scope="session")
def answers(policies: Policies) -> dict[int, Answer]:
    """The answer to each row, all asked at once."""
    rows = [*MAY, *MAY_NOT]
    requests = [request_of(policies, row.who, row.action, row.resource, row.context) for row in rows]
    return {id(row): answer for row, answer in zip(rows, simulate(requests), strict=True)}


@pytest.mark.parametrize("row", MAY, ids=str)
def test_a_role_may_do_its_work(row: Row, answers: dict[int, Answer]) -> None:
    """Else a denial would show nothing."""
    assert answers[id(row)].allowed, answers[id(row)].reason


@pytest.mark.parametrize("row", MAY_NOT, ids=str)
def test_a_role_may_do_nothing_else(row: Row, answers: dict[int, Answer]) -> None:
    """As somebody who got hold of it would try."""
    assert not answers[id(row)].allowed, answers[id(row)].reason


def test_what_few_may_do_nobody_else_may(policies: Policies) -> None:
    """Every role is asked."""
    asked = [(number, who) for number in range(len(ONLY)) for who in sorted(policies.identity)]
    requests = [
        request_of(policies, who, ONLY[number].action, ONLY[number].resource, ONLY[number].context)
        for number, who in asked
    ]
    allowed: list[set[str]] = [set() for _ in ONLY]
    for (number, who), answer in zip(asked, simulate(requests), strict=True):
        allowed[number] |= {who} if answer.allowed else set()
    assert not [
        f"{one.action} on {one.resource}: allowed to {sorted(found - one.who)}, not to {sorted(one.who - found)}"
        for one, found in zip(ONLY, allowed, strict=True)
        if found != one.who
    ]


_EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_CHANGES = (
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "PartiQLUpdate",
    "DeleteTable",
    "PutResourcePolicy",
)


@pytest.mark.parametrize("action", _CHANGES)
def test_who_may_do_everything_cannot_change_guardrails_without_being_an_administrator(
    action: str, policies: Policies
) -> None:
    """The table's own policy denies it, whatever other policies allow."""
    table = policies.of_resource(GUARDRAILS)
    anybody, administrator = simulate(
        Request(f"dynamodb:{action}", GUARDRAILS, (_EVERYTHING,), principal=role(who), resource_policy=table)
        for who in ("anybody", "orchestrator-administrator")
    )
    assert (anybody.denied_by_statement, administrator.allowed) == (True, True)


def test_every_role_has_a_row_of_either_kind(policies: Policies) -> None:
    """A role that somebody adds is not forgotten."""
    for rows in (MAY, MAY_NOT):
        assert not policies.identity.keys() - {row.who for row in rows}
