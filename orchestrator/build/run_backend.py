"""Runs a unit's build backend (PEP 517), as a script, in an interpreter of its own that imports nothing of ours.

Its arguments: the folder that the backend and what it requires are installed in, the unit's folder, the folder for the
results, then the backend as `build-system.build-backend` names it, and the folders of `build-system.backend-path`.
"""

import importlib
import os
import site
import sys
from functools import reduce
from multiprocessing import get_context
from typing import Any

MORE_REQUIREMENTS = 75  # Of the sysexits: "try again", here with an environment that holds what the backend asked for.


def main(installed: str, folder: str, out: str, name: str, *backend_path: str) -> int:
    """Build an sdist and a wheel; returns the exit code."""
    site.addsitedir(installed)
    sys.path[:0] = [os.path.join(folder, path) for path in backend_path]  # noqa: PTH118  # Imports want strings.
    os.chdir(folder)
    os.umask(0o022)
    module, _, attribute = name.partition(":")
    backend = reduce(getattr, filter(None, attribute.split(".")), importlib.import_module(module))
    if any(_asked(backend, f"get_requires_for_build_{kind}") for kind in ("sdist", "wheel")):
        return MORE_REQUIREMENTS
    # In a process of its own each, as frontends do: a hook may leave the process in any state.
    return next((code for kind in ("sdist", "wheel") if (code := _forked(getattr(backend, f"build_{kind}"), out))), 0)


def _asked(backend: Any, hook: str) -> list[str]:
    """What the backend requires besides `build-system.requires`; a backend need not have the hook."""
    answer: list[str] = getattr(backend, hook, list)()
    return answer


def _forked(hook: Any, out: str) -> int:
    process = get_context("fork").Process(target=hook, args=(out,))
    process.start()
    process.join()
    return process.exitcode or 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
