"""One real git repository, and each host's `SourceRepository` over it.

A host is added with a function in `HOSTS`: given the sample, it serves it, opens it, and ends what it started.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import boto3
import pytest

from orchestrator.local.certificate import make_certificate
from orchestrator.local.cloud import LocalCloud, free_port
from orchestrator.source.git import Git
from orchestrator.source.github.address import GitHubAddress
from orchestrator.source.github.calls import Calls, Timing
from orchestrator.source.github.client import GitHubClient
from orchestrator.source.github.credentials import Credentials
from orchestrator.source.github.repository import GitHubRepository
from orchestrator.source.github.transport import Https
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.remote_git import RemoteGitRepository
from orchestrator.source.repository import SourceRepository
from orchestrator.source.snapshots.bucket import Place, SnapshotBucket
from orchestrator.source.snapshots.publish import Publisher
from orchestrator.source.snapshots.read import SnapshotRepository
from tests.codecommit.opened import REGION, opened
from tests.codecommit.server import CodeCommitServer
from tests.conformance.sample import BRANCHES, Sample, make_sample
from tests.github.server import TOKEN, GitHubServer

Host = Callable[[Sample], AbstractContextManager[SourceRepository]]


@contextmanager
def local_git(sample: Sample) -> Iterator[SourceRepository]:
    """The folder itself."""
    yield LocalGitRepository(sample.folder, os.environ["PATH"])


@contextmanager
def remote_git(sample: Sample) -> Iterator[SourceRepository]:
    """The same, fetched from through git's own protocol."""
    yield RemoteGitRepository(sample.folder.as_uri(), os.environ["PATH"])


@contextmanager
def github(sample: Sample) -> Iterator[SourceRepository]:
    """The same, over the API of a GitHub Enterprise that cuts off trees."""
    certificate, key = sample.folder.with_name("certificate.pem"), sample.folder.with_name("key.pem")
    make_certificate(certificate, key)
    server = GitHubServer(sample.folder, certificate, key)
    server.most_entries = 500
    address = GitHubAddress.parse(server.url)
    calls = Calls(Https(str(certificate)), Timing())
    credentials = Credentials(lambda: f'{{"token": "{TOKEN}"}}', address, calls)
    yield GitHubRepository(address, GitHubClient(address, calls, credentials))
    server.close()


@contextmanager
def snapshots(sample: Sample) -> Iterator[SourceRepository]:
    """Its branches, published into a bucket of the embedded cloud."""
    cloud = LocalCloud(sample.folder.with_name("cloud"), free_port())
    cloud.up()
    process = cloud.running()
    assert process is not None
    s3 = boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=process.endpoint_url,
        verify=str(process.certificate),
        aws_access_key_id="111111111111",
        aws_secret_access_key="test",
    )
    s3.create_bucket(Bucket="sources", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    bucket = SnapshotBucket(s3, Place("sources", "source"))
    publisher = Publisher(Git(sample.folder, "sample", os.environ["PATH"]), bucket, ["pyproject.toml"])
    for commit in sample.own:
        publisher.publish(commit, "main")
    for branch, name in BRANCHES.items():
        publisher.move(branch, sample.commits[name])
    yield SnapshotRepository(bucket)
    cloud.down()


@contextmanager
def codecommit(sample: Sample) -> Iterator[SourceRepository]:
    """The same, over CodeCommit's API."""
    server = CodeCommitServer(sample.folder)
    yield opened(server)
    server.close()


HOSTS: tuple[Host, ...] = (local_git, remote_git, github, snapshots, codecommit)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The repository that all hosts have."""
    return make_sample(tmp_path_factory.mktemp("sample") / "shop.git")


# Not for the whole session: while one mock of AWS is open, those of other tests do not begin empty.
@pytest.fixture(scope="module", params=HOSTS, ids=lambda host: host.__name__)
def repository(request: pytest.FixtureRequest, sample: Sample) -> Iterator[SourceRepository]:
    """It, as each of the hosts shows it."""
    host: Host = request.param
    with host(sample) as shown:
        yield shown
