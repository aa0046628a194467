"""Where snapshots of a repository lie, and what becomes of old ones: nothing that is there ever expires."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3

from orchestrator.config.organization import FILE_NAME, Organization
from orchestrator.errors import ConfigurationError
from orchestrator.releases.layout import FOLDERS
from orchestrator.source.snapshots.bucket import Place

_DAYS_UNTIL_CHEAPER = 30
_DAYS_TO_UNDO = 30


def snapshot_place(organization: Organization) -> Place | None:
    """Where they are; None when the repository is read elsewhere.

    Raises:
        ConfigurationError: the orchestrator itself keeps something there, which whoever publishes could write then.
    """
    url = organization.repository.url or ""
    place = Place.parse(url) if url.startswith("s3://") else None
    if place and place.bucket == organization.tooling.bucket and place.prefix.split("/")[0] in FOLDERS:
        raise ConfigurationError(
            FILE_NAME,
            f"repository.url = {url!r} is not valid: in that bucket, the orchestrator keeps releases and more in "
            f"{', '.join(FOLDERS)}. Take any other prefix, such as s3://{place.bucket}/source.",
        )
    return place


def keep_snapshots(bucket: s3.Bucket, organization: Organization) -> None:
    """Have old snapshots in the artifacts bucket cost less; what was overwritten or deleted goes a month later."""
    place = snapshot_place(organization)
    if place is None or place.bucket != organization.tooling.bucket:
        return
    cheaper = s3.Transition(
        storage_class=s3.StorageClass.INTELLIGENT_TIERING,
        transition_after=cdk.Duration.days(_DAYS_UNTIL_CHEAPER),
    )
    bucket.add_lifecycle_rule(
        prefix=f"{place.prefix}/",
        transitions=[cheaper],
        noncurrent_version_expiration=cdk.Duration.days(_DAYS_TO_UNDO),
    )
