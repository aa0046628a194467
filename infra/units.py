"""What CloudFormation may do in a target: what Lambda and Glue units are made of, limited to names with the prefix.

A unit can create roles with any permissions, unless `boundary` limits them: whoever may merge a template may do what
CloudFormation may do.
"""

from infra.account import Account
from infra.tooling.statements import Statements, allow, deny

# As CloudFormation's handler of AWS::IAM::Role asks for them.
_ROLES = [
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:GetRole",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
    "iam:UpdateAssumeRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:PutRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:GetRolePolicy",
    "iam:ListRolePolicies",
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
    "iam:ListAttachedRolePolicies",
]
_EVENT_SOURCES = [
    "lambda:CreateEventSourceMapping",
    "lambda:UpdateEventSourceMapping",
    "lambda:DeleteEventSourceMapping",
    "lambda:GetEventSourceMapping",
]


_NESTED_STACKS = [
    "cloudformation:CreateStack",
    "cloudformation:UpdateStack",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStacks",
    "cloudformation:CreateChangeSet",
    "cloudformation:TagResource",
]


def what_units_need(account: Account) -> Statements:
    """The permissions of the role that CloudFormation deploys units with."""
    passed = {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "glue.amazonaws.com"]}}
    return [
        *_resources(account),
        *_without_own_names(account),
        allow(["s3:GetObject"], account.releases),
        allow(_ROLES, account.roles),
        allow(["iam:PassRole"], account.roles, passed),
    ]


def keep_from(account: Account) -> Statements:
    """Denies what `what_units_need` allows for an account: for the names that another role is for."""
    resources = [arn for one in _resources(account) for arn in one.resources]
    functions = {"ArnLike": {"lambda:FunctionArn": account.named("lambda", "function:")}}
    return [
        deny(["*"], [*resources, *account.roles]),
        deny(_EVENT_SOURCES, account.arns("lambda", "event-source-mapping:*"), functions),
    ]


def _resources(account: Account) -> Statements:
    """All of what has a name: which calls CloudFormation makes for a resource changes with its handlers."""
    return [
        allow(["lambda:*"], [*account.named("lambda", "function:"), *account.layers]),
        allow(["glue:*"], account.named("glue", "job/", "trigger/")),
        allow(["logs:*"], account.named("logs", "log-group:/aws/lambda/", "log-group:/aws-glue/")),
        allow(["events:*"], account.named("events", "rule/")),
        allow(["sqs:*"], account.named("sqs", "")),
        allow(["sns:*"], account.named("sns", "")),
        allow(["dynamodb:*"], account.named("dynamodb", "table/")),
        allow(_NESTED_STACKS, account.nested_stacks),
        # Bucket names have small letters only: CloudFormation writes a stack's name like that.
        allow(["s3:*"], [f"arn:aws:s3:::{name.lower()}" for name in account.names]),
    ]


def _without_own_names(account: Account) -> Statements:
    """What cannot be limited by the resource's own name: by the function's instead, or to listing."""
    functions = {"ArnLike": {"lambda:FunctionArn": account.named("lambda", "function:")}}
    return [
        allow(_EVENT_SOURCES, account.arns("lambda", "event-source-mapping:*"), functions),
        allow(["logs:DescribeLogGroups"], account.arns("logs", "log-group:*")),
        allow(["cloudformation:CreateChangeSet"], account.transforms),
    ]
