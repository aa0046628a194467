"""Publishing commits into a bucket, again and again, from clones of all kinds, and what readers make of the rest."""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.git import Git
from orchestrator.source.refs.ancestry import UnknownHistoryError
from orchestrator.source.snapshots.bucket import Place, SnapshotBucket
from orchestrator.source.snapshots.publish import Publisher
from orchestrator.source.snapshots.read import SnapshotRepository
from tests.git_repository import GitRepository

BUCKET = "sources"
PLACE = Place(BUCKET, "shop/source")


@pytest.fixture
def s3() -> Iterator[S3Client]:
    """S3 with a bucket."""
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def bucket(s3: S3Client) -> SnapshotBucket:
    """Where snapshots go."""
    return SnapshotBucket(s3, PLACE)


@pytest.fixture
def origin(tmp_path: Path) -> GitRepository:
    """A repository with two units and shared code."""
    repository = GitRepository(tmp_path / "origin")
    repository.folder.mkdir()
    repository.begin()
    for folder in ("projects/orders", "projects/invoices", "shared"):
        change(repository, folder, "1")
    return repository


def change(repository: GitRepository, folder: str, text: str, *, large: bool = False) -> str:
    """Change a folder and commit; returns the commit's id."""
    there = repository.folder / folder
    there.mkdir(parents=True, exist_ok=True)
    (there / "pyproject.toml").write_text(f"# {folder} {text}\n")
    (there / "code.py").write_text(f"{folder} {text}\n" * (200_000 if large else 1))
    return repository.commit(f"Change {folder} to {text}")


def publisher(repository: GitRepository, bucket: SnapshotBucket) -> Publisher:
    """Publishes from a clone."""
    return Publisher(Git(repository.folder, "the clone", os.environ["PATH"]), bucket, ["pyproject.toml"])


def keys(s3: S3Client, kind: str = "") -> set[str]:
    """What is in the bucket."""
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{PLACE.prefix}/{kind}").get("Contents", [])
    return {one["Key"] for one in listed}


def clone(origin: GitRepository, into: Path, *options: str) -> GitRepository:
    """Clone it."""
    origin("clone", "--quiet", *options, origin.folder.as_uri(), str(into))
    return GitRepository(into)


def test_publishing_again_writes_nothing(origin: GitRepository, bucket: SnapshotBucket, s3: S3Client) -> None:
    """Neither from this clone nor from another one."""
    first = publisher(origin, bucket)
    assert first.publish(origin.head, "main").is_new
    first.move("main", origin.head)
    before = {key: s3.head_object(Bucket=BUCKET, Key=key)["LastModified"] for key in keys(s3)}
    assert not first.publish(origin.head, "main").is_new
    assert {key: s3.head_object(Bucket=BUCKET, Key=key)["LastModified"] for key in keys(s3)} == before


def test_a_merge_adds_what_it_changed(origin: GitRepository, bucket: SnapshotBucket, s3: S3Client) -> None:
    """The packs of other folders are those of the commit before."""
    for folder in ("projects/orders", "projects/invoices"):
        change(origin, folder, "large", large=True)
    publishing = publisher(origin, bucket)
    assert publishing.publish(origin.head, "main").written > 2
    publishing.move("main", origin.head)
    changed = change(origin, "shared", "2")
    before = keys(s3, "packs/")
    assert publishing.publish(changed, "main").written == len(keys(s3, "packs/") - before) == 1


def test_two_clones_write_the_same_objects(
    origin: GitRepository, bucket: SnapshotBucket, s3: S3Client, tmp_path: Path
) -> None:
    """Names follow from what is in them, contents as well."""
    copy = clone(origin, tmp_path / "copy")
    publisher(origin, bucket).publish(origin.head, "main")
    other = SnapshotBucket(s3, Place(BUCKET, "other"))
    publisher(copy, other).publish(copy.head, "main")
    for key in keys(s3):
        name = key.removeprefix(f"{PLACE.prefix}/")
        assert other.get(name) == bucket.get(name)


def test_shallow_clones_know_what_their_snapshots_know(
    origin: GitRepository, bucket: SnapshotBucket, tmp_path: Path
) -> None:
    """Each knows one commit, and together they know what each changed; where one is missing, the answer says so."""
    first = origin.head
    changes = [change(origin, "projects/orders", str(number)) for number in range(3)]
    commits = [first, *changes, change(origin, "shared", "end")]
    for number, commit in enumerate(commits):
        origin("branch", "--force", "released", commit)
        shallow = clone(origin, tmp_path / f"clone{number}", "--depth=1", "--branch=released")
        publisher(shallow, bucket).publish(commit, "main")
    read = SnapshotRepository(bucket)
    found = read.commits_between(commits[0], commits[-1], ["projects/orders"])
    assert [one.id for one in found.found] == [commits[3], commits[2], commits[1]]
    assert found.complete
    unpublished = change(origin, "shared", "nobody publishes this")
    last = change(origin, "shared", "the last")
    publisher(clone(origin, tmp_path / "last", "--depth=1"), bucket).publish(last, "main")
    found = read.commits_between(commits[-1], last, ["shared"])
    assert not found.complete
    assert [one.id for one in found.found] == [last]
    with pytest.raises(UnknownNameError, match="publish-source"):
        read.commit(unpublished)


def test_a_branch_goes_back_only_when_told_to(origin: GitRepository, bucket: SnapshotBucket) -> None:
    """A CI's runs end in any order."""
    older, newer = origin.head, change(origin, "shared", "2")
    publishing = publisher(origin, bucket)
    for commit in (older, newer):
        publishing.publish(commit, "main")
    assert publishing.move("main", newer) == newer
    assert publishing.move("main", older) == newer
    assert SnapshotRepository(bucket).commit("main").id == newer
    assert publishing.move("main", older, force=True) == older
    assert SnapshotRepository(bucket).commit("main").id == older


def test_a_branch_that_others_move_meanwhile_is_looked_at_again(bucket: SnapshotBucket) -> None:
    """What was read of it is no longer true."""
    assert bucket.move("main", "a" * 40, None)
    seen = bucket.pointer("main")
    assert not bucket.move("main", "b" * 40, None)
    assert bucket.move("main", "c" * 40, seen)
    assert not bucket.move("main", "d" * 40, seen)


@pytest.mark.parametrize("damage", ["truncate", "replace", "delete"])
def test_what_was_altered_is_not_used(origin: GitRepository, bucket: SnapshotBucket, s3: S3Client, damage: str) -> None:
    """A file is its id; whoever writes to the bucket cannot put another one in its place."""
    publisher(origin, bucket).publish(origin.head, "main")
    (key,) = keys(s3, "packs/")
    content = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    altered = {"truncate": content[:-8], "replace": zlib.compress(b"blob 5\0EVIL\n")}
    s3.delete_object(Bucket=BUCKET, Key=key)
    if damage in altered:
        s3.put_object(Bucket=BUCKET, Key=key, Body=altered[damage])
    with pytest.raises(SourceError, match=r"was altered, and is not used|is missing"):
        SnapshotRepository(bucket).files(origin.head, ["shared/code.py"])


@pytest.mark.parametrize("content", [b"", b"nothing", zlib.compress(b"commit 3\0abc"), zlib.compress(b"packs 2\0[]")])
def test_a_commit_that_is_another_is_not_used(
    origin: GitRepository, bucket: SnapshotBucket, s3: S3Client, content: bytes
) -> None:
    """Its id is the hash of what it says."""
    s3.put_object(Bucket=BUCKET, Key=f"{PLACE.prefix}/commits/{origin.head}", Body=content)
    with pytest.raises(SourceError, match="was altered"):
        SnapshotRepository(bucket).commit(origin.head)


def test_a_clone_without_files_is_refused(bucket: SnapshotBucket, tmp_path: Path) -> None:
    """Before the commit is there: what is published is whole."""
    lacking = GitRepository(tmp_path / "lacking")
    lacking.folder.mkdir()
    lacking.begin()
    change(lacking, "shared", "1")
    blob = lacking("rev-parse", "HEAD:shared/code.py").strip()
    (lacking.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SourceError, match=blob):
        publisher(lacking, bucket).publish(lacking.head, "main")
    assert bucket.get(f"commits/{lacking.head}") is None


def test_snapshots_of_shallow_clones_tell_what_was_merged(
    origin: GitRepository, bucket: SnapshotBucket, tmp_path: Path
) -> None:
    """Not by the history, which ends, but because each was published as the branch's newest; no other commit was."""
    merged, skipped = origin.head, change(origin, "shared", "2")
    newest = change(origin, "shared", "3")
    origin("checkout", "--quiet", "-b", "feature", merged)
    unmerged = change(origin, "shared", "4")
    for number, (commit, branch) in enumerate(((merged, "main"), (unmerged, "feature"), (newest, "main"))):
        origin("branch", "--force", "released", commit)
        shallow = clone(origin, tmp_path / f"clone{number}", "--depth=1", "--branch=released")
        publishing = publisher(shallow, bucket)
        publishing.publish(commit, branch)
        publishing.move(branch, commit)
    repository = SnapshotRepository(bucket)
    assert repository.is_merged(newest, "main")
    assert repository.is_merged(merged, "main")
    for commit in (unmerged, skipped):
        with pytest.raises(UnknownHistoryError, match="from a clone with its history"):
            repository.is_merged(commit, "main")
