"""A builder's side of publishing: sessions of one unit, opened when they are needed, and what is done with them."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from orchestrator.frozen import dataclass
from orchestrator.publication.contract import Purpose
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.failure import Failure
from orchestrator.releases.numbering import Recorded, ReleaseLedger
from orchestrator.releases.publishing import ReleaseStore
from orchestrator.steps.contract import Execution

if TYPE_CHECKING:
    from orchestrator.ledger.ledger import Ledger
    from orchestrator.releases.store import ArtifactStore


@dataclass(frozen=True)
class Opened:
    """What one session reaches."""

    store: "ArtifactStore"
    ledger: "Ledger"


class Logs(Protocol):
    """Keeps the logs of builds."""

    def location(self, key: str) -> str:
        """Where a log lies, as people write it."""

    def put(self, key: str, content: Path) -> None:
        """Keep a log."""


class Publication:
    """What one build may read and publish.

    The session to publish with is opened by the first write. None is ever put where the unit's code could find it: not
    into an environment variable, not into a file.

    Args:
        open_session: opens one for a purpose.
        bucket: where releases are published.
    """

    def __init__(self, open_session: Callable[[Purpose], Opened], bucket: str) -> None:
        self._open = open_session
        self._bucket = bucket
        self._opened: dict[Purpose, Opened] = {}
        self._one_at_a_time = Lock()

    def session(self, purpose: Purpose) -> Opened:
        """The session for a purpose."""
        with self._one_at_a_time:
            if purpose not in self._opened:
                self._opened[purpose] = self._open(purpose)
            return self._opened[purpose]

    @property
    def store(self) -> ReleaseStore:
        """The releases of the unit."""
        return _Store(self, self._bucket)

    @property
    def releases(self) -> ReleaseLedger:
        """Their numbers."""
        return _Numbers(self)

    @property
    def logs(self) -> Logs:
        """The logs of the unit's builds."""
        return _Store(self, self._bucket)

    def record_failed_build(self, unit: str, execution: Execution, failure: Failure) -> None:
        """Note why the build failed."""
        self.session(Purpose.PUBLISH).ledger.promotions.record_failed_build(unit, execution, failure)


@dataclass(frozen=True)
class _Part:
    publication: Publication

    @property
    def _read(self) -> Opened:
        return self.publication.session(Purpose.READ)

    @property
    def _write(self) -> Opened:
        return self.publication.session(Purpose.PUBLISH)


@dataclass(frozen=True)
class _Store(_Part):
    """A `ReleaseStore` and `Logs`."""

    bucket: str

    def location(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def publish(self, key: str, content: bytes | Path, made_of: str) -> Artifact:
        return self._write.store.publish(key, content, made_of)

    def put(self, key: str, content: Path) -> None:
        self._write.store.put(key, content)

    def find(self, key: str) -> Artifact | None:
        return self._read.store.find(key)

    def get(self, key: str, sha256: str | None = None) -> bytes:
        return self._read.store.get(key, sha256)


@dataclass(frozen=True)
class _Numbers(_Part):
    """A `ReleaseLedger`."""

    def release_of_digest(self, unit: str, digest: str) -> str | None:
        return self._read.ledger.releases.release_of_digest(unit, digest)

    def presumed_version(self, unit: str, digest: str, declared_version: str) -> str:
        return self._read.ledger.releases.presumed_version(unit, digest, declared_version)

    def layer_of(self, unit: str, declared: str) -> int | None:
        return self._read.ledger.releases.layer_of(unit, declared)

    def claim_version(self, unit: str, digest: str, declared_version: str) -> str:
        return self._write.ledger.releases.claim_version(unit, digest, declared_version)

    def claim_layer(self, unit: str, requirements_sha256: str) -> int:
        return self._write.ledger.releases.claim_layer(unit, requirements_sha256)

    def note_layer(self, unit: str, declared: str, number: int) -> None:
        self._write.ledger.releases.note_layer(unit, declared, number)

    def record_release(self, manifest_key: str, release: Recorded, manifest_sha256: str) -> None:
        self._write.ledger.releases.record_release(manifest_key, release, manifest_sha256)
