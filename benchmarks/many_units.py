"""A repository of thousands of small units that share a folder, written in a moment."""

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ORGANIZATION = """
[tooling]
account = "111111111111"
region = "eu-west-1"
""" + "".join(
    f'\n[[environments]]\nname = "{name}"\naccount = "{number * 12}"\nregion = "eu-west-1"\n'
    for name, number in (("dev", "2"), ("test", "3"), ("staging", "4"), ("prod", "5"))
)
_PROJECT = '[project]\nname = "unit{number}"\nversion = "1.0"\n[tool.orchestrator]\ndepends_on = ["shared/money"]\n'


@dataclass
class ManyUnits:
    """One such repository, bare.

    Args:
        folder: where it is made.
    """

    folder: Path
    commits: int = 0

    def begin(self, units: int, more: Iterable[tuple[str, str]] = ()) -> None:
        """Make it, with so many units in one commit, and more files."""
        command = ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(self.folder)]
        subprocess.run(command, check=True)
        self.commit((*_files(units), *more))

    def commit(self, files: Iterable[tuple[str, str]]) -> None:
        """Write some files, and commit them."""
        parent = "from refs/heads/main^0\n" if self.commits else ""
        self.commits += 1
        time = 1767225600 + self.commits
        stream = [f"commit refs/heads/main\ncommitter Benchmark <benchmark@example.com> {time} +0000\ndata 0\n{parent}"]
        stream += [f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n" for path, text in files]
        command = ["git", "-C", str(self.folder), "fast-import", "--quiet"]
        subprocess.run(command, input="".join(stream).encode(), check=True)


def _files(units: int) -> Iterator[tuple[str, str]]:
    yield "orchestrator.toml", ORGANIZATION
    yield "shared/money/money.py", "cents = 100\n"
    for number in range(units):
        yield f"projects/unit{number}/pyproject.toml", _PROJECT.format(number=number)
        yield f"projects/unit{number}/code.py", "value = 1\n"
