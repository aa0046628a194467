"""The objects below one prefix of a bucket, which snapshots are kept in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from botocore.exceptions import ClientError

from orchestrator.aws.create_once import CONFLICT, TAKEN, create_once
from orchestrator.aws.errors import error_code
from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.objects import is_full_id

if TYPE_CHECKING:
    # Stubs alone: they are not installed where this runs.
    from mypy_boto3_s3 import S3Client

_MISSING = {"NoSuchKey", "404", "NotFound"}
_POINTER_BYTES = 100
# Those that S3 calls safe, but for "*": policies are limited to the prefix, where that would be anything.
_PREFIX = re.compile(r"[A-Za-z0-9!_.'()/-]+")


@dataclass(frozen=True)
class Place:
    """A bucket and a prefix in it, without a slash at the end; written `s3://<bucket>/<prefix>`."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, url: str) -> Place:
        """Read a URL.

        Raises:
            SourceError: it is none of that kind.
        """
        parts = urlsplit(url)
        prefix = parts.path.strip("/")
        if parts.scheme != "s3" or not parts.netloc or not _PREFIX.fullmatch(prefix):
            raise SourceError(
                f"The repository {url!r} cannot be opened: snapshots are at s3://<bucket>/<prefix>, such as "
                "s3://orchestrator-artifacts-111111111111-eu-west-1/source, with letters, digits and /!_.'()- in the "
                "prefix."
            )
        return cls(parts.netloc, prefix)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class Pointer:
    """The commit that a branch was last published at, and the version of the object that says so."""

    commit: str
    version: str


class SnapshotBucket:
    """Reads and writes what is below a prefix.

    Args:
        s3: of the bucket's region; may be used by several threads at once.
        place: where.
    """

    def __init__(self, s3: S3Client, place: Place) -> None:
        self._s3 = s3
        self.place = place

    def get(self, name: str) -> bytes | None:
        """An object's bytes; None when there is none."""
        found = self._get(name)
        return found["Body"].read() if found else None

    def create(self, name: str, content: bytes) -> bool:
        """Write an object unless there is one of that name; returns whether there was none."""
        bucket, key = self.place.bucket, self._key(name)
        return create_once(lambda: self._s3.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*"))

    def pointer(self, branch: str) -> Pointer | None:
        """Where a branch is."""
        found = self._get(_branch_name(branch))
        if found is None:
            return None
        commit = found["Body"].read(_POINTER_BYTES).decode("ascii", "replace").strip()
        if not is_full_id(commit):
            raise SourceError(f"{self.place}/{_branch_name(branch)} names no commit: publish the branch anew.")
        return Pointer(commit, found["ETag"])

    def move(self, branch: str, commit: str, expected: Pointer | None) -> bool:
        """Move a branch, unless somebody else has moved it meanwhile; returns whether it was moved."""
        condition: dict[str, Any] = {"IfMatch": expected.version} if expected else {"IfNoneMatch": "*"}
        key, body = self._key(_branch_name(branch)), f"{commit}\n".encode()
        try:
            self._s3.put_object(Bucket=self.place.bucket, Key=key, Body=body, **condition)
        except ClientError as error:
            if error_code(error) in TAKEN | CONFLICT:
                return False
            raise
        return True

    def was_newest(self, branch: str, commit: str) -> bool:
        """Tell whether a commit was ever published as a branch's newest."""
        return self.get(_merged_name(branch, commit)) is not None

    def note_newest(self, branch: str, commit: str) -> None:
        """Note that a commit is published as a branch's newest: a shallow clone does not tell what came before it."""
        self.create(_merged_name(branch, commit), b"")

    def branches(self) -> list[str]:
        """The branches that were published."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.place.bucket, Prefix=self._key("branches/")
        )
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return sorted(unquote(key.rpartition("/")[2]) for key in keys)

    def _get(self, name: str) -> Any:
        try:
            return self._s3.get_object(Bucket=self.place.bucket, Key=self._key(name))
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise SourceError(f"{self.place}/{name} cannot be read: {error}") from error

    def _key(self, name: str) -> str:
        return f"{self.place.prefix}/{name}"


def _branch_name(branch: str) -> str:
    return f"branches/{quote(branch, safe='')}"


def _merged_name(branch: str, commit: str) -> str:
    return f"merged/{quote(branch, safe='')}/{commit}"
