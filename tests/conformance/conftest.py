"""One real git repository, and each host's `SourceRepository` over it.

A host is added with a function in `HOSTS`: given the sample, it serves it, opens it, and ends what it started.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.remote_git import RemoteGitRepository
from orchestrator.source.repository import SourceRepository
from tests.conformance.sample import Sample, make_sample

Host = Callable[[Sample], AbstractContextManager[SourceRepository]]


@contextmanager
def local_git(sample: Sample) -> Iterator[SourceRepository]:
    """The folder itself."""
    yield LocalGitRepository(sample.folder, os.environ["PATH"])


@contextmanager
def remote_git(sample: Sample) -> Iterator[SourceRepository]:
    """The same, fetched from through git's own protocol."""
    yield RemoteGitRepository(sample.folder.as_uri(), os.environ["PATH"])


HOSTS: tuple[Host, ...] = (local_git, remote_git)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The repository that all hosts have."""
    return make_sample(tmp_path_factory.mktemp("sample") / "shop.git")


@pytest.fixture(scope="session", params=HOSTS, ids=lambda host: host.__name__)
def repository(request: pytest.FixtureRequest, sample: Sample) -> Iterator[SourceRepository]:
    """It, as each of the hosts shows it."""
    host: Host = request.param
    with host(sample) as opened:
        yield opened
