"""An artifacts bucket: what was published once is never overwritten, and nothing is used that was altered."""

from __future__ import annotations

import base64
import hashlib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.create_once import create_once
from orchestrator.aws.errors import error_code
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.publishing import altered, describe, missing, taken
from orchestrator.releases.sha256 import sha256_of

if TYPE_CHECKING:
    # Stubs alone: they are not installed where this runs.
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

_MADE_OF = "made-of"
_MISSING = {"NoSuchKey", "404", "NotFound"}
_CHUNK = 1024 * 1024


class ArtifactStore:
    """Reads and writes one artifacts bucket.

    Args:
        s3_client: of the account and region that the bucket is in.
        bucket: its name.
    """

    def __init__(self, s3_client: S3Client, bucket: str) -> None:
        self._s3 = s3_client
        self.bucket = bucket

    def location(self, key: str) -> str:
        """Where an object lies, as people write it."""
        return f"s3://{self.bucket}/{key}"

    def object_url(self, key: str) -> str:
        """URL of an object, as CloudFormation wants it."""
        return f"{self._s3.meta.endpoint_url}/{self.bucket}/{key}"

    def put_new(self, key: str, content: bytes | Path) -> Artifact:
        """Write an object that is never to change; writing the same bytes again changes nothing.

        Raises:
            ArtifactError: the key holds other bytes.
        """
        return self.publish(key, content, made_of="")

    def publish(self, key: str, content: bytes | Path, made_of: str) -> Artifact:
        """Write an object that is never to change, or take over what an earlier build from the same inputs wrote.

        Two builds from the same inputs may differ in bytes, because a build backend wrote the time down or the
        commit was another one. Whichever is published first is the release; the other is dropped. So a build that
        was killed halfway can always be finished, and a version never stays half published.

        Args:
            key: the object's key.
            content: the bytes, or a file.
            made_of: what identifies the inputs, kept as metadata; empty when only equal bytes will do.

        Returns:
            The object that is in the bucket now.

        Raises:
            ArtifactError: the key holds other bytes that were made of something else.
        """
        wanted = describe(key, content)
        if self._create(wanted, content, made_of):
            return wanted
        there, stored_made_of = self._stored(key)
        if there.sha256 == wanted.sha256 or (made_of and stored_made_of == made_of):
            return there
        raise taken(self.location(key), there.sha256, wanted.sha256)

    def find(self, key: str) -> Artifact | None:
        """Describe an object by its bytes; None when it is not there."""
        try:
            return self._stored(key)[0]
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise

    def get(self, key: str, sha256: str | None = None) -> bytes:
        """Read an object.

        Args:
            key: the object's key.
            sha256: the SHA-256 that it must have, hexadecimal; None accepts any.

        Raises:
            ArtifactError: it is missing, or has another SHA-256.
        """
        try:
            content = self._get(key)["Body"].read()
        except ClientError as error:
            if error_code(error) in _MISSING:
                raise missing(self.location(key), sha256) from error
            raise
        found = sha256_of(content)
        if sha256 is not None and found != sha256:
            raise altered(self.location(key), found, sha256)
        return content

    def written_at(self, key: str) -> datetime:
        """When an object was written, by S3's clock: whoever wrote it cannot choose that."""
        return self._s3.head_object(Bucket=self.bucket, Key=key)["LastModified"]

    def put(self, key: str, content: bytes | Path) -> None:
        """Write an object that may change, such as a log."""
        with ExitStack() as stack:
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=_body(content, stack))

    def _create(self, wanted: Artifact, content: bytes | Path, made_of: str) -> bool:
        """Write an object unless its key is taken."""
        return create_once(lambda: self._put_if_none(wanted, content, made_of))

    def _put_if_none(self, wanted: Artifact, content: bytes | Path, made_of: str) -> None:
        metadata = {"sha256": wanted.sha256, **({_MADE_OF: made_of} if made_of else {})}
        with ExitStack() as stack:
            self._s3.put_object(
                Bucket=self.bucket,
                Key=wanted.key,
                Body=_body(content, stack),
                IfNoneMatch="*",
                # S3 refuses the object if its bytes changed on the way.
                ChecksumSHA256=base64.b64encode(bytes.fromhex(wanted.sha256)).decode(),
                Metadata=metadata,
            )

    def _stored(self, key: str) -> tuple[Artifact, str]:
        """Describe an object by its bytes, not by what its metadata says, and tell what it was made of."""
        answer = self._get(key)
        digest, size = hashlib.sha256(), 0
        for chunk in answer["Body"].iter_chunks(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
        return Artifact(key=key, sha256=digest.hexdigest(), size=size), answer["Metadata"].get(_MADE_OF, "")

    def _get(self, key: str) -> GetObjectOutputTypeDef:
        return self._s3.get_object(Bucket=self.bucket, Key=key)


def _body(content: bytes | Path, stack: ExitStack) -> Any:
    return stack.enter_context(content.open("rb")) if isinstance(content, Path) else content
