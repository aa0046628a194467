"""The stack `orchestrator-decisions`: the evidence of approvals, and the tokens that answer who waits for one."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.stack import StaticStack
from infra.tooling.names import Names
from infra.tooling.permissions import TOKEN_READERS
from orchestrator.config.infrastructure import TOKENS_TABLE, function_name
from orchestrator.config.organization import Organization

_RETENTION_DAYS = 365
# What would take an object away, change it, or end its protection. Nobody may: not even whoever administers the bucket,
# as long as this policy stands.
_UNDOING = (
    "DeleteObject",
    "DeleteObjectTagging",
    "DeleteObjectVersion",
    "DeleteObjectVersionTagging",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectVersionAcl",
    "BypassGovernanceRetention",
    "PutLifecycleConfiguration",
    "PutReplicationConfiguration",
    "ReplicateDelete",
    "ReplicateObject",
    "DeleteBucket",
)
# All that reads, writes or copies items; what an administrator does to the table itself is none of it.
_ON_ITEMS = (
    "GetItem",
    "BatchGetItem",
    "Query",
    "Scan",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "PartiQLSelect",
    "PartiQLInsert",
    "PartiQLUpdate",
    "PartiQLDelete",
    "ExportTableToPointInTime",
    "CreateBackup",
    "RestoreTableToPointInTime",
    "EnableKinesisStreamingDestination",
)


class DecisionsStack(StaticStack):
    """The bucket of decisions, and the table of tokens."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(scope, name, "decisions, and tokens of approvals", env=env)
        names = Names(organization)
        self._decisions(names)
        self._tokens(names)

    def _decisions(self, names: Names) -> None:
        bucket = s3.Bucket(
            self,
            "Decisions",
            bucket_name=names.decisions_bucket_name,
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.compliance(cdk.Duration.days(_RETENTION_DAYS)),
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # Kept when its stack goes, but not when its stack never came to be: the next try could not make it then.
            removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        objects = bucket.arn_for_objects("*")
        decide = sessions_of(names, "decide")
        for statement in (
            deny("DecideAlone", ["s3:PutObject"], [objects], {"ArnNotLike": {"aws:PrincipalArn": decide}}),
            # A part of a multipart upload has no such header, so there are none.
            deny("Once", ["s3:PutObject"], [objects], {"Null": {"s3:if-none-match": "true"}}),
            deny("ForGood", [f"s3:{action}" for action in _UNDOING], [bucket.bucket_arn, objects]),
        ):
            bucket.add_to_resource_policy(statement)

    def _tokens(self, names: Names) -> None:
        readers = [arn for step in TOKEN_READERS for arn in sessions_of(names, step)]
        dynamodb.Table(
            self,
            "Tokens",
            table_name=TOKENS_TABLE,
            partition_key=dynamodb.Attribute(name="request", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            time_to_live_attribute="expires_at",
            # No recovery: what is restored would be another table, without this policy.
            resource_policy=iam.PolicyDocument(
                statements=[
                    deny(
                        "ThoseWhoAnswer",
                        [f"dynamodb:{action}" for action in _ON_ITEMS],
                        ["*"],
                        {"ArnNotLike": {"aws:PrincipalArn": readers}},
                    )
                ]
            ),
            removal_policy=cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )


def sessions_of(names: Names, step: str) -> list[str]:
    """What a step's role is called in conditions: AWS gives the role, and the embedded cloud the role's session."""
    role = names.organization.tooling_role_arn(function_name(step))
    account = names.organization.tooling.account
    return [role, f"arn:aws:sts::{account}:assumed-role/{function_name(step)}/*"]


def deny(
    sid: str, actions: list[str], resources: list[str], conditions: dict[str, object] | None = None
) -> iam.PolicyStatement:
    """A statement of a resource's policy that denies something to everybody that the conditions fit."""
    return iam.PolicyStatement(
        sid=sid,
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=actions,
        resources=resources,
        conditions=conditions,
    )
