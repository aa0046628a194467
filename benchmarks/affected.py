"""How long it takes to tell what one changed file affects, beside the least that git itself needs, and beside others.

`python -m benchmarks.affected [UNITS...]` makes repositories of 1,000, 5,000 and 10,000 units, or of so many. It prints
medians of `git diff --name-only`, of the decision within a process that has looked at the commit before and in one that
has not, and of the command as a whole process; at 5,000 units then those of other tools, in the same clone.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import peers
from benchmarks.many_units import ManyUnits
from benchmarks.timing import taken
from orchestrator.cli.affected import starts_at
from orchestrator.source.affected import verdicts
from orchestrator.source.catalog import read_catalog
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.surveyed import Surveyed

_SIZES = (1_000, 5_000, 10_000)
_BESIDE_OTHERS = 5_000
_CHANGED = "unit7"


def main() -> None:
    """Measure and print."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}; load {load}")
    for units in map(int, sys.argv[1:] or _SIZES):
        with tempfile.TemporaryDirectory(prefix="orchestrator-affected-") as folder:
            made = ManyUnits(Path(folder, "shop.git"))
            made.begin(units, peers.files(units))
            made.commit([(f"projects/{_CHANGED}/code.py", "value = 2\n")])
            clone = Path(folder, "clone")
            cloning = ["git", "clone", "--quiet", str(made.folder), str(clone)]
            subprocess.run(cloning, check=True)
            _measure(units, clone)
            if units == _BESIDE_OTHERS:
                for line in peers.measure(clone, Path(folder), _CHANGED):
                    print(f"{units} units, {line}", flush=True)


def _measure(units: int, clone: Path) -> None:
    before = read_catalog(LocalGitRepository(clone, os.environ["PATH"]), "HEAD~1").surveyed
    runs: dict[str, Callable[[], object]] = {
        "git diff --name-only": lambda: _diff(clone),
        "in process, the commit before known": lambda: _affected(clone, before),
        "in process, nothing known": lambda: _affected(clone),
        "whole command, again": lambda: _command(clone, clone.parent / "kept"),
        "whole command, nothing kept": lambda: _with_nothing_kept(clone),
    }
    _command(clone, clone.parent / "kept")
    for name, run in runs.items():
        print(f"{units} units, {name}: {taken(run)}", flush=True)


def _with_nothing_kept(clone: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="orchestrator-cache-") as new:
        _command(clone, Path(new))


def _command(clone: Path, cache: Path) -> None:
    command = [sys.executable, "-m", "orchestrator.cli.main", "--repository", str(clone)]
    asked = [*command, "affected", "HEAD", "--since", "HEAD~1", "--explain"]
    environment = {**os.environ, "ORCHESTRATOR_CACHE_DIR": str(cache)}
    said = subprocess.run(asked, env=environment, check=True, capture_output=True, text=True).stdout
    if f"\n{_CHANGED} " not in said:
        raise AssertionError(f"{_CHANGED} was changed, and this was said: {said}")


def _diff(clone: Path) -> None:
    command = ["git", "-C", str(clone), "diff", "--name-only", "HEAD~1", "HEAD"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _affected(clone: Path, *known: Surveyed) -> None:
    """What the command does, but for reading what is kept."""
    repository = LocalGitRepository(clone, os.environ["PATH"])
    after = read_catalog(repository, "HEAD", known)
    before = read_catalog(repository, "HEAD~1", (*known, after.surveyed))
    differing = after.surveyed.unlike(before.surveyed)
    found = [one.unit for one in verdicts(after, starts_at(before, differing), differing) if one.affected]
    if found != [_CHANGED]:
        raise AssertionError(f"Only {_CHANGED} was changed, and {found} are affected.")


if __name__ == "__main__":
    main()
