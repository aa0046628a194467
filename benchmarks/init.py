"""How long `orchestrator init` takes in a realistic repository, as a whole process.

`python -m benchmarks.init [UNITS...]` makes repositories of 1,000 and 5,000 units of some twenty files, or of so many.
"""

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.realistic.repository import RealisticRepository
from benchmarks.timing import taken

_SIZES = (1_000, 5_000)
_ACCOUNTS = (
    *("--tooling-account", "111111111111", "--environment", "dev=222222222222/eu-west-1"),
    *("--environment", "prod=333333333333/eu-west-1:approval"),
)


def main() -> None:
    """Measure and print."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {sys.version.split()[0]}; load {load}")
    for units in map(int, sys.argv[1:] or _SIZES):
        with tempfile.TemporaryDirectory(prefix="orchestrator-init-") as folder:
            made = RealisticRepository(Path(folder, "shop.git"), units)
            made.begin()
            clone = made.clone(Path(folder, "clone"))
            lines = len(_init(clone, units).splitlines())
            print(f"{units} units, init: {taken(lambda: _init(clone, units), 3)}; {lines} lines")  # noqa: B023


def _init(clone: Path, units: int) -> str:
    command = [sys.executable, "-m", "orchestrator.cli.main", "--repository", str(clone), "init", *_ACCOUNTS]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    if f"It finds {units} units" not in done.stderr:
        raise AssertionError(f"There are {units} units, and this was said: {done.stderr[:1000]}")
    return done.stdout


if __name__ == "__main__":
    main()
