"""What it takes to read the repository that merges come from, and to publish it where it comes from snapshots."""

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.snapshots import snapshot_place
from infra.tooling.names import Names
from infra.tooling.people.policies import NO_TOKENS
from infra.tooling.statements import Statements, allow, tell_of_merges
from orchestrator.config.organization import FILE_NAME, Organization
from orchestrator.errors import ConfigurationError
from orchestrator.source.codecommit.address import SCHEMES, CodeCommitAddress
from orchestrator.source.snapshots.bucket import Place

SOURCE_PUBLISHER_POLICY = "orchestrator-source-publisher"


def read_repository(names: Names) -> Statements:
    """Read the one repository that merges come from, or the credentials for it, where it takes any."""
    if names.organization.repository.on_github:
        return [allow(["secretsmanager:GetSecretValue"], [names.secret(names.organization.repository.secret)])]
    address = _codecommit(names)
    if address:
        actions = ("GetBranch", "ListBranches", "GetCommit", "GetFolder", "GetBlob")
        arn = address.arn(names.organization.tooling.account)
        return [allow([f"codecommit:{action}" for action in actions], [arn])]
    place = snapshot_place(names.organization)
    return _read_snapshots(place) if place else []


def source_settings(organization: Organization) -> dict[str, str]:
    """What whoever reads the repository is told of it."""
    repository = organization.repository
    return {
        "repository_url": repository.url or "",
        "repository_secret": repository.secret,
        "repository_proxy": repository.proxy or "",
        "branch": repository.branch,
    }


def find_units(names: Names) -> Statements:
    """Read the repository, and what `on_merge` found in it. Nobody else writes that: promotions follow from it."""
    # Without ListBucket, S3 says of what is not there that access to it is denied.
    return [*read_repository(names), allow(["s3:GetObject"], [names.survey]), allow(["s3:ListBucket"], [names.bucket])]


def pushes_to_codecommit(names: Names) -> events.EventPattern | None:
    """Matches the events of CodeCommit that tell of the branch; None when the repository is elsewhere."""
    address, repository = _codecommit(names), names.organization.repository
    if address is None:
        return None
    return events.EventPattern(
        source=["aws.codecommit"],
        detail_type=["CodeCommit Repository State Change"],
        resources=[address.arn(names.organization.tooling.account)],
        detail={"referenceType": ["branch"], "referenceName": [repository.branch]},
    )


def publisher_policy(scope: Construct, names: Names) -> None:
    """For the CI of a repository that is published: put snapshots, and tell of merges. Nothing without snapshots."""
    place = snapshot_place(names.organization)
    if place is None:
        return
    iam.ManagedPolicy(
        scope,
        "SourcePublisherPolicy",
        managed_policy_name=SOURCE_PUBLISHER_POLICY,
        description="Publish the repository's source, and tell of merges",
        statements=[
            *_read_snapshots(place),
            allow(["s3:PutObject"], [_objects(place)]),
            tell_of_merges(names),
            *map(iam.PolicyStatement.from_json, NO_TOKENS),
        ],
    )


def _codecommit(names: Names) -> CodeCommitAddress | None:
    url = names.organization.repository.url or ""
    if not url.startswith(SCHEMES):
        return None
    address, tooling = CodeCommitAddress.parse(url), names.organization.tooling
    if address.region != tooling.region:
        raise ConfigurationError(
            FILE_NAME,
            f"repository.url = {url!r} is in another region than tooling.region = {tooling.region!r}: CodeCommit's "
            "events stay in their region. Have the tooling account's region be that of the repository.",
        )
    return address


def _read_snapshots(place: Place) -> Statements:
    # Without ListBucket, S3 says of what is not there that access to it is denied. Each action takes one of the two.
    return [allow(["s3:GetObject", "s3:ListBucket"], [_objects(place), f"arn:aws:s3:::{place.bucket}"])]


def _objects(place: Place) -> str:
    return f"arn:aws:s3:::{place.bucket}/{place.prefix}/*"
