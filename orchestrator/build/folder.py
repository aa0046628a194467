"""Releases in a folder instead of a bucket and a ledger: the same layout, for a build without an AWS account."""

from itertools import count
from pathlib import Path

from orchestrator.build.files import write_once
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.numbering import Recorded
from orchestrator.releases.publishing import altered, describe, missing, taken
from orchestrator.releases.sha256 import sha256_of
from orchestrator.releases.version import first_version

# Beside the layout, which is a contract: what the bucket keeps as metadata, and what the ledger keeps.
_OWN = ".orchestrator"


class FolderStore:
    """A `ReleaseStore` in a folder.

    Args:
        folder: where the layout begins.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def location(self, key: str) -> str:
        """The object's file."""
        return str(self._folder / key)

    def publish(self, key: str, content: bytes | Path, made_of: str) -> Artifact:
        """Write an object that is never to change, or take over what an earlier build from the same inputs wrote.

        Raises:
            ArtifactError: the key holds other bytes that were made of something else.
        """
        wanted = describe(key, content)
        write_once(self._origin(wanted), made_of.encode())
        if write_once(self._folder / key, content):
            return wanted
        there = describe(key, self._folder / key)
        if there.sha256 == wanted.sha256 or self._origin(there).read_text(encoding="utf-8") == made_of:
            return there
        raise taken(self.location(key), there.sha256, wanted.sha256)

    def find(self, key: str) -> Artifact | None:
        """Describe an object by its bytes; None when it is not there."""
        path = self._folder / key
        return describe(key, path) if path.is_file() else None

    def get(self, key: str, sha256: str | None = None) -> bytes:
        """Read an object, which must have the SHA-256 if one is given.

        Raises:
            ArtifactError: it is missing, or has another SHA-256.
        """
        path = self._folder / key
        if not path.is_file():
            raise missing(self.location(key), sha256)
        content = path.read_bytes()
        found = sha256_of(content)
        if sha256 is not None and found != sha256:
            raise altered(self.location(key), found, sha256)
        return content

    def _origin(self, artifact: Artifact) -> Path:
        """The file that says what an object was made of; a name for each content, so that nothing is overwritten."""
        return self._folder / _OWN / "made-of" / artifact.key / artifact.sha256


class FolderLedger:
    """A `ReleaseLedger` in a folder: a file for each claim, which whoever comes first writes.

    Args:
        folder: where the layout begins.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _OWN / "ledger"

    def release_of_digest(self, unit: str, digest: str) -> str | None:
        """The version that a digest was given, whether or not its build has ended."""
        return self._read(unit, "digests", digest)

    def claim_version(self, unit: str, digest: str, declared_version: str) -> str:
        """Give a digest its version: the one it has, else the declared one, else the next that is free."""
        known = self.release_of_digest(unit, digest)
        if known:
            return known
        version = first_version(
            declared_version, lambda version: self._claim(unit, "versions", version, digest) == digest
        )
        return self._claim(unit, "digests", digest, version)

    def presumed_version(self, unit: str, digest: str, declared_version: str) -> str:
        """The version that `claim_version` would give a digest at this moment; nothing is claimed."""
        free = (None, digest)
        return self.release_of_digest(unit, digest) or first_version(
            declared_version, lambda version: self._read(unit, "versions", version) in free
        )

    def claim_layer(self, unit: str, requirements_sha256: str) -> int:
        """Number of the layer with these requirements: the one they have, else the next."""
        known = self._read(unit, "layers", requirements_sha256)
        if known:
            return int(known)
        free = (
            number
            for number in count(1)
            if self._claim(unit, "numbers", f"{number:06d}", requirements_sha256) == requirements_sha256
        )
        return int(self._claim(unit, "layers", requirements_sha256, str(next(free))))

    def layer_of(self, unit: str, declared: str) -> int | None:
        """Number of the layer that declared dependencies were locked to; None when they are new."""
        known = self._read(unit, "declared", declared)
        return int(known) if known else None

    def note_layer(self, unit: str, declared: str, number: int) -> None:
        """Note which layer declared dependencies were locked to; what was noted first stays."""
        self._claim(unit, "declared", declared, str(number))

    def record_release(self, manifest_key: str, release: Recorded, manifest_sha256: str) -> None:
        """Do nothing: in a folder, the manifest itself is the note that a release is published."""

    def _read(self, unit: str, kind: str, name: str) -> str | None:
        path = self._folder / unit / kind / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def _claim(self, unit: str, kind: str, name: str, value: str) -> str:
        """Write a value unless one is there; returns the one that is there then."""
        path = self._folder / unit / kind / name
        write_once(path, value.encode())
        return path.read_text(encoding="utf-8")
