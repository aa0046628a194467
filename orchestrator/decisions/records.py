"""The bucket of decisions: each is written once, under a key that follows from what was decided and through which gate.

The object itself is the arbiter: of two decisions that would settle one request, S3 takes the first.
"""

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import ValidationError

from orchestrator.aws.create_once import create_once
from orchestrator.aws.errors import error_code
from orchestrator.decisions.document import Decision, Kept
from orchestrator.errors import ArtifactError

if TYPE_CHECKING:
    # Stubs alone: they are not installed where this runs.
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

FOLDER = "decisions"
_MISSING = {"NoSuchKey", "NoSuchVersion", "404", "NotFound", "MethodNotAllowed", "InvalidArgument"}
# A refused decision that was on nothing.
_NOTHING = "refused"


class DecisionRecords:
    """Reads and writes decisions.

    Args:
        s3_client: of the tooling account.
        bucket: the bucket that holds decisions and nothing else.
    """

    def __init__(self, s3_client: "S3Client", bucket: str) -> None:
        self._s3 = s3_client
        self._bucket = bucket

    def keep(self, decision: Decision) -> tuple[Decision, Kept]:
        """Write a decision, unless the same gate has decided before, or another one has settled the request.

        Returns:
            What is kept now, which is then another decision, and where.

        Raises:
            ArtifactError: what is kept is not a decision.
        """
        key = _key(decision)
        body = decision.model_dump_json(indent=2).encode()
        create_once(
            lambda: self._s3.put_object(
                Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*", ContentType="application/json"
            )
        )
        # Read back in both cases: what is there is what counts.
        found = self._get(key)
        if found is None:
            raise ArtifactError(
                f"s3://{self._bucket}/{key} was written and is not there. Decisions are never deleted: find out who "
                "may delete in this bucket, then decide again."
            )
        return found

    def final(self, unit: str, environment: str, request: str) -> tuple[Decision, Kept] | None:
        """The decision that settled a request; None while none did.

        Args:
            unit: the request's unit, or the train as `train/<name>`.
            environment: the environment that asked.
            request: the request's id.
        """
        found = self._get(f"{_folder(unit, environment)}{request}.json") if request else None
        return found if found and (found[0].settles, found[0].request) == (True, request) else None

    def counted(self, unit: str, environment: str, request: str) -> list[Decision]:
        """The approvals of a request that count so far and have not settled it, the first one first."""
        found = (self._get(key) for key in self._keys(f"{_folder(unit, environment)}{request}-"))
        counted = [one for one, _ in filter(None, found) if (one.status, one.request) == ("COUNTED", request)]
        return sorted(counted, key=lambda one: one.decided_at)

    def read(self, kept: Kept) -> Decision | None:
        """A decision in just that version; None when there is none there."""
        if not kept.key.startswith(f"{FOLDER}/") or not kept.version_id:
            return None
        found = self._get(kept.key, kept.version_id)
        return found[0] if found and _key(found[0]) == kept.key else None

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return (str(one["Key"]) for page in pages for one in page.get("Contents", ()))

    def _get(self, key: str, version_id: str | None = None) -> tuple[Decision, Kept] | None:
        where: GetObjectRequestTypeDef = {"Bucket": self._bucket, "Key": key}
        if version_id is not None:
            where["VersionId"] = version_id
        try:
            answer = self._s3.get_object(**where)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise
        try:
            decision = Decision.model_validate_json(answer["Body"].read())
        except ValidationError as error:
            raise ArtifactError(
                f"s3://{self._bucket}/{key} is not a decision: {error.error_count()} errors."
            ) from error
        return decision, Kept(key=key, version_id=answer.get("VersionId", ""))


def _folder(unit: str, environment: str) -> str:
    return f"{FOLDER}/{unit}/{environment}/"


def _key(decision: Decision) -> str:
    gate = hashlib.sha256(decision.gate.encode()).hexdigest()[:16]
    own = f"{decision.request or _NOTHING}-{gate}"
    name = decision.request if decision.settles else own
    return f"{_folder(decision.unit, decision.environment)}{name}.json"
