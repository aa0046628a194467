"""The artifacts bucket."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from orchestrator.errors import ArtifactError
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.sha256 import sha256_of
from orchestrator.releases.store import ArtifactStore

KEY = "projects/orders/x"


class BusyS3:
    """An S3 client whose first writes of a key meet another writer.

    Args:
        client: does the rest.
        conflicts: how many writes.
    """

    def __init__(self, client: S3Client, conflicts: int) -> None:
        self._client = client
        self._conflicts = conflicts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_object(self, **arguments: Any) -> Any:
        """Refuse with the answer that S3 gives, or pass on."""
        if self._conflicts:
            self._conflicts -= 1
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": "again"}}, "PutObject")
        return self._client.put_object(**arguments)


def test_a_new_object_is_described_by_its_bytes(store: ArtifactStore, tmp_path: Path) -> None:
    """From memory or from a file."""
    expected = Artifact(key=KEY, sha256=sha256_of(b"abc"), size=3)
    (tmp_path / "file").write_bytes(b"abc")
    assert store.put_new(KEY, b"abc") == expected
    assert store.put_new(KEY, tmp_path / "file") == expected
    assert store.find(KEY) == expected
    assert store.get(KEY, sha256=expected.sha256) == b"abc"


def test_a_published_object_is_never_overwritten(store: ArtifactStore) -> None:
    """The error tells both digests and the place."""
    store.put_new(KEY, b"abc")
    with pytest.raises(ArtifactError) as raised:
        store.put_new(KEY, b"abd")
    for part in ("s3://artifacts/projects/orders/x", sha256_of(b"abc"), sha256_of(b"abd"), "never overwritten"):
        assert part in str(raised.value)
    assert store.get(KEY) == b"abc"


def test_other_bytes_of_the_same_inputs_give_way_to_what_is_there(store: ArtifactStore) -> None:
    """Whichever build is first makes the release."""
    first = store.publish(KEY, b"abc", made_of="inputs")
    assert store.publish(KEY, b"abd", made_of="inputs") == first
    with pytest.raises(ArtifactError, match="published already"):
        store.publish(KEY, b"abd", made_of="other inputs")


def test_an_object_without_inputs_is_never_taken_over(store: ArtifactStore) -> None:
    """Two that do not say what they are made of are not the same."""
    store.put_new(KEY, b"abc")
    with pytest.raises(ArtifactError, match="published already"):
        store.publish(KEY, b"abd", made_of="inputs")


def test_a_missing_object_is_reported_with_key_bucket_and_digest(store: ArtifactStore) -> None:
    """And what to do."""
    assert store.find(KEY) is None
    with pytest.raises(
        ArtifactError, match=r"s3://artifacts/projects/orders/x is missing\. An object with SHA-256 123"
    ):
        store.get(KEY, sha256="123")


def test_an_altered_object_is_not_read(store: ArtifactStore) -> None:
    """Both digests are in the message."""
    published = store.put_new(KEY, b"abc")
    store.put(KEY, b"abd")
    with pytest.raises(ArtifactError) as raised:
        store.get(KEY, sha256=published.sha256)
    assert "was altered" in str(raised.value)
    assert sha256_of(b"abd") in str(raised.value)
    assert published.sha256 in str(raised.value)


def test_a_write_that_meets_another_writer_is_tried_again(s3: S3Client) -> None:
    """S3 asks for that; it gives up in the end."""
    busy: Any = BusyS3(s3, conflicts=2)
    assert ArtifactStore(busy, "artifacts").put_new(KEY, b"abc").size == 3
    busy = BusyS3(s3, conflicts=100)
    with pytest.raises(ClientError, match="again"):
        ArtifactStore(busy, "artifacts").put_new(KEY, b"abc")


def test_a_bucket_that_is_not_there_is_not_taken_for_a_missing_object(s3: S3Client) -> None:
    """That would hide a wrong configuration."""
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ArtifactStore(s3, "elsewhere").find(KEY)
