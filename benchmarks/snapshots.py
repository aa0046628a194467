"""What snapshots cost: publishing a repository of thousands of units, a merge into it, and reading it back.

`python -m benchmarks.snapshots [UNITS]` makes a repository of that many units (5,000 unless told) with ten files each,
and keeps its snapshots in an S3 in this process: times are those of the orchestrator and of moto. Bytes and calls are
those that a real S3 would see.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import boto3
from moto import mock_aws
from mypy_boto3_s3 import S3Client

from benchmarks.realistic.organization import ENVIRONMENTS
from orchestrator.source.catalog import read_catalog
from orchestrator.source.export import export
from orchestrator.source.git import Git
from orchestrator.source.snapshots.bucket import Place, SnapshotBucket
from orchestrator.source.snapshots.publish import Publisher
from orchestrator.source.snapshots.read import SnapshotRepository

Answer = TypeVar("Answer")

_FILES = 10
_UNIT = "projects/unit7"


class CountingBucket(SnapshotBucket):
    """Counts calls and bytes."""

    def __init__(self, s3: S3Client, place: Place) -> None:
        super().__init__(s3, place)
        self.calls: Counter[str] = Counter()
        self.moved: Counter[str] = Counter()

    def get(self, name: str) -> bytes | None:
        """Read."""
        content = super().get(name)
        self._count(f"GET {name.split('/', maxsplit=1)[0]}", content or b"")
        return content

    def create(self, name: str, content: bytes) -> bool:
        """Write."""
        self._count(f"PUT {name.split('/', maxsplit=1)[0]}", content)
        return super().create(name, content)

    def timed(self, what: str, act: Callable[[], Answer]) -> Answer:
        """Print what something took."""
        self.calls.clear()
        self.moved.clear()
        started = time.perf_counter()
        answer = act()
        seconds = time.perf_counter() - started
        told = ", ".join(f"{count} {name} ({self.moved[name] / 1e6:.2f} MB)" for name, count in self.calls.items())
        print(f"{what}: {seconds:.2f} s; {told}")
        return answer

    def _count(self, call: str, content: bytes) -> None:
        self.calls[call] += 1
        self.moved[call] += len(content)


def main() -> None:
    """Measure and print."""
    units = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory(prefix="orchestrator-snapshots-") as folder, mock_aws():
        git = Git(Path(folder), "the repository", os.environ["PATH"])
        _make(Path(folder), units)
        first, last = (git("rev-parse", name).decode().strip() for name in ("main~1", "main"))
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="sources")
        bucket = CountingBucket(s3, Place("sources", "source"))
        publisher = Publisher(git, bucket, ["pyproject.toml", "orchestrator.toml"])
        print(f"repository: {units} units, {units * _FILES} files")
        for what, commit in (("publish all of it", first), ("publish a merge that changes one unit", last)):
            bucket.timed(what, lambda commit=commit: publisher.publish(commit, "main"))  # type: ignore[misc]
            publisher.move("main", commit)
        found = bucket.timed("find all units", lambda: read_catalog(SnapshotRepository(bucket), "main"))
        if len(found.names) != units:
            raise AssertionError(f"{len(found.names)} units were found, and there are {units}.")
        into = Path(folder, "export")
        bucket.timed("export one unit", lambda: export(SnapshotRepository(bucket), last, [_UNIT], into))


def _make(folder: Path, units: int) -> None:
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "fast-import", "--quiet"], input=b"".join(_stream(units)), check=True)


def _stream(units: int) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter Benchmark <benchmark@example.com> 1767225600 +0000\ndata 0\n"
    yield _file("orchestrator.toml", ENVIRONMENTS)
    for unit in range(units):
        yield _file(f"projects/unit{unit}/pyproject.toml", f'[project]\nname = "unit{unit}"\nversion = "1.0.0"\n')
        yield _file(f"projects/unit{unit}/template.yaml", "Resources: {}\n")
        for number in range(_FILES - 2):
            lines = "".join(f"VALUE_{line} = {unit * line}\n" for line in range(60))
            yield _file(f"projects/unit{unit}/src/module{number}.py", f"# {number}\n{lines}")
    yield b"\ncommit refs/heads/main\ncommitter Benchmark <benchmark@example.com> 1767225700 +0000\ndata 0\n"
    yield _file(f"{_UNIT}/src/module1.py", "CHANGED = True\n")


def _file(path: str, content: str) -> bytes:
    return f"M 100644 inline {path}\ndata {len(content)}\n{content}\n".encode()


if __name__ == "__main__":
    main()
