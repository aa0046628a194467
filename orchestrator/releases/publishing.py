"""Where a release is published: the few things that a build asks of a bucket or of a folder."""

from pathlib import Path
from typing import Protocol

from orchestrator.errors import ArtifactError
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.sha256 import sha256_of, sha256_of_file

_S3 = "s3://"


class ReleaseStore(Protocol):
    """Keeps what was published once as it is."""

    def location(self, key: str) -> str:
        """Where an object lies, as people write it."""

    def publish(self, key: str, content: bytes | Path, made_of: str) -> Artifact:
        """Write an object that is never to change, or take over what an earlier build from the same inputs wrote.

        Raises:
            ArtifactError: the key holds other bytes that were made of something else.
        """

    def find(self, key: str) -> Artifact | None:
        """Describe an object by its bytes; None when it is not there."""

    def get(self, key: str, sha256: str | None = None) -> bytes:
        """Read an object, which must have the SHA-256 if one is given.

        Raises:
            ArtifactError: it is missing, or has another SHA-256.
        """


def describe(key: str, content: bytes | Path) -> Artifact:
    """Describe an object by its bytes."""
    if isinstance(content, Path):
        return Artifact(key=key, sha256=sha256_of_file(content), size=content.stat().st_size)
    return Artifact(key=key, sha256=sha256_of(content), size=len(content))


def missing(location: str, sha256: str | None) -> ArtifactError:
    """What is raised when an object is not there."""
    expected = f" An object with SHA-256 {sha256} was expected." if sha256 else ""
    # Built again, it could have other bytes than the manifest and the ledger say.
    bucket, _, key = location.removeprefix(_S3).partition("/")
    kept = (
        f" The bucket keeps what was deleted: aws s3api list-object-versions --bucket {bucket} --prefix {key}"
        if location.startswith(_S3)
        else ""
    )
    return ArtifactError(
        f"{location} is missing.{expected} It was deleted, or never published there: restore it, or raise the unit's "
        f"version and build anew.{kept}"
    )


def altered(location: str, found: str, published: str) -> ArtifactError:
    """What is raised when an object has other bytes than were published."""
    return ArtifactError(
        f"{location} was altered: its SHA-256 is {found}, and {published} was published. "
        "Do not deploy it: restore the object's first version, or raise the unit's version and build anew."
    )


def damaged(location: str, what: str, why: str) -> ArtifactError:
    """What is raised when an object is not what its name says, given what that is and why this is none."""
    return ArtifactError(
        f"{location} is no {what}: {why}. It was altered: restore the object's first version, or raise the unit's "
        "version and build anew."
    )


def taken(location: str, there: str, wanted: str) -> ArtifactError:
    """What is raised when an object would have been overwritten."""
    return ArtifactError(
        f"{location} is published already with other content: it has SHA-256 {there}, and {wanted} was to be written. "
        "A published version is never overwritten: raise the unit's version, and find out who else writes there."
    )
