"""A repository that only its CI can read: what is published into S3 is promoted, and nothing else is looked at."""

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from infra.tooling.source import SOURCE_PUBLISHER_POLICY
from orchestrator.aws.session import CLIENT
from orchestrator.bootstrap.install import Bootstrap
from orchestrator.config.organization import Organization
from orchestrator.config.repository import Repository
from orchestrator.local.cloud import LocalCloud
from tests.end_to_end.company import Company
from tests.waiting import until


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory,
    new_organization: Callable[[], Organization],
    bootstrap_of: Callable[[Organization], Bootstrap],
    root_of: Callable[..., boto3.Session],
    new_session: Callable[..., boto3.Session],
) -> Company:
    """A company with everything in place, whose repository is in S3."""
    organization = new_organization()
    source = Repository(url=f"s3://{organization.tooling.bucket}/source")
    organization = organization.model_copy(update={"repository": source})
    list(bootstrap_of(organization).install())
    made = Company(organization, tmp_path_factory.mktemp("repository"), root_of, new_session)
    made.found()
    return made


@pytest.fixture(scope="module")
def ci(company: Company) -> dict[str, str]:
    """The variables of a CI whose credentials may publish sources and nothing else."""
    iam = company.tooling.client("iam", config=CLIENT)
    account = company.organization.tooling.account
    iam.create_user(UserName="ci")
    iam.attach_user_policy(UserName="ci", PolicyArn=f"arn:aws:iam::{account}:policy/{SOURCE_PUBLISHER_POLICY}")
    key = iam.create_access_key(UserName="ci")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def test_what_is_published_from_a_shallow_clone_is_promoted(
    company: Company, ci: dict[str, str], cloud: LocalCloud, tmp_path: Path
) -> None:
    """By a CI with that permission alone; Lambdas and workers read the snapshot, each with its own role."""
    company.commit("Begin")
    commit = company.commit("Add the clock")
    clone = tmp_path / "clone"
    company.repository("clone", "--quiet", "--depth=1", company.folder.as_uri(), str(clone))
    with company.worker():
        done = company.command(cloud, "publish-source", folder=clone, **ci)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"Merge event put for main at {commit[:12]}" in done.stdout
        start = until(lambda: company.ledger.branches.last_starts("main").get("clock"))
        assert start.commit == commit
        seen = until(lambda: company.waits(start.execution))
    assert seen == "1.0.0"
    assert company.ask("staging") == {"healthy": True, "version": "1.0.0", "environment": "staging"}
    again = company.command(cloud, "publish-source", folder=clone, **ci)
    assert again.returncode == 0
    assert f"{commit[:12]} was published to {company.organization.repository.url} before." in again.stdout


def test_the_policy_of_the_ci_does_not_allow_to_publish_releases(
    company: Company, ci: dict[str, str], new_session: Callable[..., boto3.Session]
) -> None:
    """Nor to read them."""
    session = new_session(
        aws_access_key_id=ci["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ci["AWS_SECRET_ACCESS_KEY"],
        region_name=company.organization.tooling.region,
    )
    s3, bucket = session.client("s3", config=CLIENT), company.organization.tooling.bucket
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="projects/clock/evil", Body=b"")
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.get_object(Bucket=bucket, Key="projects/clock/release/1.0.0/manifest.json")
