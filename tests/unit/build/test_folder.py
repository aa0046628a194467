"""Releases in a folder, held to what the bucket and the ledger do."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mypy_boto3_s3 import S3Client

from orchestrator.build.folder import FolderLedger, FolderStore
from orchestrator.errors import ArtifactError
from orchestrator.releases.publishing import ReleaseStore
from orchestrator.releases.store import ArtifactStore
from tests.unit.build.fakes import BUCKET


@pytest.fixture(params=["folder", "bucket"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path, s3: S3Client) -> ReleaseStore:
    """Each of the two."""
    return FolderStore(tmp_path) if request.param == "folder" else ArtifactStore(s3, BUCKET)


def test_what_was_published_is_found_and_read(any_store: ReleaseStore, tmp_path: Path) -> None:
    """By its bytes."""
    (tmp_path / "file").write_bytes(b"content")
    published = any_store.publish("projects/a/x", tmp_path / "file", made_of="inputs")
    assert any_store.find("projects/a/x") == published
    assert any_store.get("projects/a/x", sha256=published.sha256) == b"content"
    assert any_store.find("projects/a/y") is None
    with pytest.raises(ArtifactError, match=r"projects/a/y is missing"):
        any_store.get("projects/a/y")
    with pytest.raises(ArtifactError, match=r"projects/a/x was altered"):
        any_store.get("projects/a/x", sha256="0" * 64)


def test_what_was_published_is_taken_over_by_the_same_inputs_and_kept_from_others(any_store: ReleaseStore) -> None:
    """A build backend may write the time down."""
    first = any_store.publish("projects/a/x", b"first", made_of="inputs")
    assert any_store.publish("projects/a/x", b"second", made_of="inputs") == first
    assert any_store.publish("projects/a/x", b"first", made_of="others") == first
    with pytest.raises(ArtifactError, match="published already with other content"):
        any_store.publish("projects/a/x", b"second", made_of="others")
    assert any_store.get("projects/a/x") == b"first"


def test_one_digest_has_one_version_and_one_version_one_digest(tmp_path: Path) -> None:
    """However many builds claim at the same time."""
    digests = [f"digest-{number % 6}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda digest: FolderLedger(tmp_path).claim_version("a", digest, "0.1.0"), digests))
    by_digest = dict(zip(digests, versions, strict=True))
    assert versions == [by_digest[digest] for digest in digests]
    assert [FolderLedger(tmp_path).presumed_version("a", digest, "0.1.0") for digest in digests] == versions
    assert FolderLedger(tmp_path).presumed_version("a", "new", "0.1.0") == "0.1.0.post6"
    assert set(versions) == {"0.1.0", *(f"0.1.0.post{number}" for number in range(1, 6))}
    assert FolderLedger(tmp_path).release_of_digest("a", "digest-3") == by_digest["digest-3"]
    assert FolderLedger(tmp_path).release_of_digest("b", "digest-3") is None


def test_layers_count_up_without_gaps(tmp_path: Path) -> None:
    """Each lock has one number."""
    locks = [f"lock-{number % 5}" for number in range(20)]
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda lock: FolderLedger(tmp_path).claim_layer("a", lock), locks))
    assert set(numbers) == {1, 2, 3, 4, 5}
    assert len(set(zip(locks, numbers, strict=True))) == 5


def test_what_declared_dependencies_were_locked_to_first_stays(tmp_path: Path) -> None:
    """Two builds may note it at the same time."""
    ledger = FolderLedger(tmp_path)
    assert ledger.layer_of("a", "declared") is None
    ledger.note_layer("a", "declared", 2)
    ledger.note_layer("a", "declared", 3)
    assert ledger.layer_of("a", "declared") == 2
