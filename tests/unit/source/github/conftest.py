"""A GitHub of each test's own, and the repository behind it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tenacity import wait_none

from orchestrator.local.certificate import make_certificate
from orchestrator.source.github.address import GitHubAddress
from orchestrator.source.github.calls import Calls, Timing
from orchestrator.source.github.client import GitHubClient
from orchestrator.source.github.credentials import Credentials
from orchestrator.source.github.repository import GitHubRepository
from orchestrator.source.github.transport import Https
from orchestrator.source.proxies import Proxies
from tests.git_repository import GitRepository
from tests.github.server import TOKEN, GitHubServer

FILES = {
    "orchestrator.toml": "[tooling]\n",
    "projects/orders/pyproject.toml": "[project]\n",
    "projects/orders/src/orders.py": "ORDERS = 1\n",
    "projects/other/src/other.py": "OTHER = 1\n",
    "shared/money.py": "cents = 100\n",
}


@dataclass
class Clock:
    """A clock that only waiting moves."""

    now: float = 1_700_000_000.0
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait, at once."""
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    files = folder / "certificate.pem", folder / "key.pem"
    make_certificate(*files)
    return files


@pytest.fixture
def origin(tmp_path: Path) -> GitRepository:
    """The repository, with one commit."""
    folder = tmp_path / "origin"
    folder.mkdir()
    repository = GitRepository(folder)
    repository.begin()
    write(repository, FILES)
    return repository


def write(repository: GitRepository, files: dict[str, str | bytes] | dict[str, str]) -> str:
    """Write files and commit them; returns the commit's id."""
    for name, content in files.items():
        path = repository.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return repository.commit("Change something")


@pytest.fixture
def github(origin: GitRepository, certificate: tuple[Path, Path]) -> Iterator[GitHubServer]:
    """A GitHub that has it."""
    server = GitHubServer(origin.folder, *certificate)
    yield server
    server.close()


@pytest.fixture
def clock() -> Clock:
    """The time that requests are made at."""
    return Clock()


@pytest.fixture
def opened(certificate: tuple[Path, Path], clock: Clock) -> Callable[..., GitHubRepository]:
    """Opens a repository on a server, with a secret."""

    def open_(
        server: GitHubServer,
        secret: Callable[[], str] = lambda: f'{{"token": "{TOKEN}"}}',
        proxies: Proxies | None = None,
    ) -> GitHubRepository:
        address = GitHubAddress.parse(server.url)
        timing = Timing(clock, clock.sleep, jitter=wait_none())
        calls = Calls(Https(str(certificate[0]), proxies, whole_seconds=2), timing)
        credentials = Credentials(secret, address, calls, clock)
        return GitHubRepository(address, GitHubClient(address, calls, credentials))

    return open_


@pytest.fixture
def repository(github: GitHubServer, opened: Callable[..., GitHubRepository]) -> GitHubRepository:
    """The repository, as the orchestrator sees it."""
    return opened(github)
