"""A git repository of thousands of realistic units, written by `git fast-import`."""

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.realistic.organization import organization_file
from benchmarks.realistic.units import LIBRARIES, RETIRED, RealisticUnit, files_of_library, files_of_retired

File = tuple[str, str]
_BEGIN = 1767225600


@dataclass
class RealisticRepository:
    """One such repository, bare.

    Args:
        folder: where it is made.
        units: how many there are.
    """

    folder: Path
    units: int
    commits: int = 0

    def begin(self, more: Iterable[File] = ()) -> None:
        """Make it, with all units in one commit, and more files."""
        command = ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(self.folder)]
        subprocess.run(command, check=True)
        self.commit((*self._files(), *more))

    def unit(self, number: int) -> RealisticUnit:
        """One of them."""
        return RealisticUnit(number, self.units)

    def commit(self, files: Iterable[File]) -> str:
        """Write some files, and commit them; returns the commit's id."""
        parent = "from refs/heads/main^0\n" if self.commits else ""
        self.commits += 1
        time = _BEGIN + self.commits
        stream = [f"commit refs/heads/main\ncommitter Benchmark <benchmark@example.com> {time} +0000\ndata 0\n{parent}"]
        stream += [f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n" for path, text in files]
        command = ["git", "-C", str(self.folder), "fast-import", "--quiet"]
        subprocess.run(command, input="".join(stream).encode(), check=True)
        command = ["git", "-C", str(self.folder), "rev-parse", "main"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def clone(self, into: Path) -> Path:
        """Clone it, with all files."""
        command = ["git", "clone", "--quiet", str(self.folder), str(into)]
        subprocess.run(command, check=True)
        return into

    def organization(self, more: str = "") -> File:
        """Its `orchestrator.toml`, with more in it."""
        return "orchestrator.toml", organization_file(map(self.unit, range(self.units)), self.units) + more

    def _files(self) -> Iterator[File]:
        yield self.organization()
        for library in LIBRARIES:
            yield from files_of_library(library)
        for number in range(self.units):
            yield from self.unit(number).files()
        for number in range(RETIRED):
            yield from files_of_retired(number, self.units)
