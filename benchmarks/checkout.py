"""What it takes to get one unit's sources out of a large repository: everything, or only what the unit is built from.

`python -m benchmarks.checkout [FILES]` makes a repository of that many files (50,000 unless told), serves it by git's
own protocol from this machine's disk, and prints medians of five. A network adds what it takes to move the bytes.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.source.export import export
from orchestrator.source.remote_git import RemoteGitRepository

_FILES_OF_A_UNIT = 50
_RUNS = 5
_UNIT = "projects/unit7"


def main() -> None:
    """Measure and print."""
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory(prefix="orchestrator-checkout-") as folder:
        origin = Path(folder, "origin.git")
        _make(origin, files)
        print(f"repository: {files} files in {files // _FILES_OF_A_UNIT} units")
        for name, run in (("full clone and checkout", _full), ("one unit's files", _partial)):
            seconds = [_timed(run, origin, Path(folder, f"{name}-{number}")) for number in range(_RUNS)]
            print(f"median {name}: {statistics.median(seconds):.2f} s")


def _make(origin: Path, files: int) -> None:
    """Write a repository with one commit, as `git fast-import` reads it."""
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    for setting in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        _git("-C", str(origin), "config", setting, "true")
    _git("-C", str(origin), "fast-import", "--quiet", stdin=b"".join(_stream(files)))


def _git(*arguments: str, stdin: bytes = b"") -> None:
    command = ["git", *arguments]
    subprocess.run(command, input=stdin, check=True)


def _stream(files: int) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter Benchmark <benchmark@example.com> 1767225600 +0000\ndata 0\n"
    for number in range(files):
        path = f"projects/unit{number // _FILES_OF_A_UNIT}/src/module{number % _FILES_OF_A_UNIT}.py"
        content = f"# {number}\n" + "".join(f"VALUE_{line} = {number * line}\n" for line in range(100))
        yield f"M 100644 inline {path}\ndata {len(content)}\n{content}\n".encode()


def _timed(run: Callable[[Path, Path], None], origin: Path, into: Path) -> float:
    started = time.perf_counter()
    run(origin, into)
    return time.perf_counter() - started


def _full(origin: Path, into: Path) -> None:
    _git("clone", "--quiet", "--no-local", origin.as_uri(), str(into))


def _partial(origin: Path, into: Path) -> None:
    repository = RemoteGitRepository(origin.as_uri(), os.environ["PATH"])
    export(repository, repository.commit("main").id, [_UNIT], into)
    found = sum(1 for path in into.rglob("*.py") if path.is_file())
    if found != _FILES_OF_A_UNIT:
        raise AssertionError(f"{found} files came out of {_UNIT}, and {_FILES_OF_A_UNIT} are in it.")


if __name__ == "__main__":
    main()
