"""How long it takes to tell what a commit affects in a realistic repository: as whole processes, beside other tools.

`python -m benchmarks.affected [UNITS...]` makes repositories of 1,000 and 5,000 units of some twenty files, or of so
many. It prints medians of `git diff --name-only`, of the command for the first commit that it sees, of a commit whose
parent it has seen, and of one that it has seen; then those of other tools for the last commit, in the same clone.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import peers
from benchmarks.realistic.repository import RealisticRepository
from benchmarks.timing import taken

_SIZES = (1_000, 5_000)
_CHANGED = 7


def main() -> None:
    """Measure and print."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}; load {load}")
    for units in map(int, sys.argv[1:] or _SIZES):
        with tempfile.TemporaryDirectory(prefix="orchestrator-affected-") as folder:
            made = Commits(RealisticRepository(Path(folder, "shop.git"), units))
            made.begin()
            measured = Measured(made, made.repository.clone(Path(folder, "clone")))
            for line in (*measured.lines(), *peers.measure(measured.clone, Path(folder), made.changed)):
                print(f"{units} units, {line}", flush=True)


@dataclass
class Commits:
    """Commits of the kinds that are usual, each on top of the one before.

    Attributes:
        repository: where they are made.
        ids: their ids, by what each does, with what it affects.
    """

    repository: RealisticRepository
    ids: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def changed(self) -> str:
        """The name of the unit that the last one changes."""
        return self.repository.unit(_CHANGED).name

    def begin(self) -> None:
        """Make them all."""
        made, unit = self.repository, self.repository.unit(_CHANGED)
        new, libraries = made.unit(made.units), peers.files(made)
        made.begin(libraries)
        more = f'[unit."{unit.folder}"]\nparameters.default.Stage = "prod"\n'
        self.ids = {
            "adds a unit": (made.commit(new.files()), new.name),
            "adds a file to a unit": (made.commit([(f"{unit.folder}/src/more.py", "value = 1\n")]), unit.name),
            "changes a unit's settings": (made.commit([made.organization(more)]), unit.name),
            "changes a file of a unit": (made.commit([(unit.code, "value = 2\n")]), unit.name),
        }


@dataclass(frozen=True)
class Measured:
    """The command, in a clone.

    Attributes:
        commits: what it is asked about.
        clone: where.
    """

    commits: Commits
    clone: Path

    def lines(self) -> list[str]:
        """What each takes."""
        last, name = next(reversed(self.commits.ids.values()))
        cache = self.clone.parent / "cache"
        runs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "git diff --name-only": (partial(self._diff, last), lambda: None),
            "first commit seen": (partial(self._command, last, name, cache), partial(_forget, cache)),
        }
        for what, (commit, affected) in self.commits.ids.items():
            known = self.clone.parent / "known" / commit
            self._command(f"{commit}~1", "", known, f"{commit}~1")
            runs[f"parent known, {what}"] = (
                partial(self._command, commit, affected, cache),
                partial(_forget, cache, known),
            )
        runs["nothing changed"] = (partial(self._command, last, name, cache), lambda: None)
        return [f"{what}: {taken(run, prepare=prepare)}" for what, (run, prepare) in runs.items()]

    def _command(self, commit: str, affected: str, cache: Path, since: str = "") -> None:
        command = [sys.executable, "-m", "orchestrator.cli.main", "--repository", str(self.clone)]
        asked = [*command, "affected", commit, "--since", since or f"{commit}~1", "--explain"]
        environment = {**os.environ, "ORCHESTRATOR_CACHE_DIR": str(cache)}
        said = subprocess.run(asked, env=environment, check=True, capture_output=True, text=True).stdout
        if ": 1 of" not in said or f"\n{affected} " not in said if affected else ": 0 of" not in said:
            raise AssertionError(f"{affected or 'Nothing'} was changed by {commit}, and this was said: {said}")

    def _diff(self, commit: str) -> None:
        command = ["git", "-C", str(self.clone), "diff", "--name-only", f"{commit}~1", commit]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _forget(cache: Path, known: Path | None = None) -> None:
    """Keep only what is known of a commit, or nothing."""
    shutil.rmtree(cache, ignore_errors=True)
    if known:
        shutil.copytree(known, cache)


if __name__ == "__main__":
    main()
