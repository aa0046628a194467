"""How long it takes to tell what one changed file affects, beside the least that git itself needs.

`python -m benchmarks.affected` makes repositories of 1,000, 5,000 and 10,000 units and prints medians of five: of
`git diff --name-only`, of the decision within a process that has read the units before and in one that has not, of the
command as a whole process, and of the state machine's template.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.many_units import ManyUnits
from orchestrator.cli.affected import starts_at
from orchestrator.source.affected import verdicts
from orchestrator.source.catalog import read_catalog
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.surveyed import Surveyed
from state_machines.unit_stack import unit_stack

_RUNS = 5


def main() -> None:
    """Measure and print."""
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}")
    for units in (1_000, 5_000, 10_000):
        with tempfile.TemporaryDirectory(prefix="orchestrator-affected-") as folder:
            made = ManyUnits(Path(folder, "shop.git"))
            made.begin(units)
            made.commit([("projects/unit7/code.py", "value = 2\n")])
            _measure(units, made.folder)


def _measure(units: int, folder: Path) -> None:
    before = read_catalog(LocalGitRepository(folder, os.environ["PATH"]), "main~1").surveyed
    runs: dict[str, Callable[[], object]] = {
        "git diff --name-only": lambda: _diff(folder),
        "in process, units known": lambda: _affected(folder, before),
        "in process, units not known": lambda: _affected(folder),
    }
    for name, run in runs.items():
        print(f"{units} units, median {name}: {_median(run) * 1000:.0f} ms")
    for name, cache_folder in (("again", folder.parent / "kept"), ("with nothing kept", None)):
        seconds = _whole_command(folder, cache_folder)
        print(f"{units} units, median of the whole command, {name}: {seconds * 1000:.0f} ms")
    catalog = read_catalog(LocalGitRepository(folder, os.environ["PATH"]), "main")
    some = [catalog.unit(f"unit{number}") for number in range(100)]
    seconds = _median(lambda: [unit_stack(unit, catalog.organization) for unit in some])
    print(f"{units} units, median template of one: {seconds * 10:.2f} ms")


def _median(run: Callable[[], object]) -> float:
    seconds = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _whole_command(folder: Path, cache_folder: Path | None) -> float:
    """Seconds for `orchestrator affected --explain`, with a cache that a call before filled, or none."""
    clone = folder.with_suffix(".clone")
    if not clone.exists():
        cloning = ["git", "clone", "--quiet", "--no-checkout", str(folder), str(clone)]
        subprocess.run(cloning, check=True)
    command = [sys.executable, "-m", "orchestrator.cli.main", "--repository", str(clone)]

    def run() -> None:
        with tempfile.TemporaryDirectory(prefix="orchestrator-cache-") as new:
            environment = {**os.environ, "ORCHESTRATOR_CACHE_DIR": str(cache_folder or new)}
            subprocess.run(
                [*command, "affected", "HEAD", "--since", "HEAD~1", "--explain"],
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )

    if cache_folder:
        run()
    return _median(run)


def _diff(folder: Path) -> None:
    command = ["git", "-C", str(folder), "diff", "--name-only", "main~1", "main"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _affected(folder: Path, *known: Surveyed) -> None:
    """What the command does, but for reading what is kept."""
    repository = LocalGitRepository(folder, os.environ["PATH"])
    after = read_catalog(repository, "main", known)
    before = read_catalog(repository, "main~1", (*known, after.surveyed))
    differing = after.surveyed.unlike(before.surveyed)
    found = [one.unit for one in verdicts(after, starts_at(before, differing), differing) if one.affected]
    if found != ["unit7"]:
        raise AssertionError(f"Only unit7 was changed, and {found} are affected.")


if __name__ == "__main__":
    main()
