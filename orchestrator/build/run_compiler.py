"""Compiles modules in folders, as a script, when the machine has nothing else to do; runs nothing of them.

Its arguments: a file that puts an end to it when it is there, and the folders.
"""

import os
import py_compile
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import cache_from_source

_LEAST_URGENT = 19
STOPPED = 75


def main(stop: str, *folders: str) -> int:
    """Compile what has no bytecode yet; returns the exit code."""
    os.nice(_LEAST_URGENT)
    for folder in folders:
        for file in _modules(folder):
            if os.path.exists(stop):  # noqa: PTH110  # pathlib is slow to import.
                return STOPPED
            # What cannot be compiled is for another Python, or a test's bad example: importing it tells. And a name
            # can be too long for the bytecode's.
            with suppress(OSError):
                py_compile.compile(file, quiet=2)
    return 0


def _modules(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = f"{parent}/{name}"
            if name.endswith(".py") and not os.path.exists(cache_from_source(file)):  # noqa: PTH110  # As above.
                yield file


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
