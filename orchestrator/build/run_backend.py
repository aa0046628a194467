"""Runs a unit's build backend (PEP 517), as a script, in an interpreter that has nothing of ours.

It is started before the sources are there. Its arguments: the folder for the results, the backend as
`build-system.build-backend` names it, and the folders that the backend and what it requires lie in. The unit's folder
comes over its standard input when there is something to build; nothing does when there is not.
"""

import gc
import importlib
import os
import site
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import reduce
from typing import Any, NoReturn

NOTHING_TO_BUILD = 74
MORE_REQUIREMENTS = 75  # Of the sysexits: "try again", here with an environment that holds what the backend asked for.
# What backends import in a hook and not before. Imported once here, no hook's process has to do it again.
_IN_HOOKS: Mapping[str, tuple[str, ...]] = {
    "hatchling.build": (
        "hatchling.builders.sdist",
        "hatchling.builders.wheel",
        "hatchling.metadata.core",
        "packaging.requirements",
        "email.headerregistry",
        "tomllib",
    ),
    "pdm.backend": ("pdm.backend.sdist", "pdm.backend.wheel"),
    "poetry.core.masonry.api": ("poetry.core.masonry.builders.sdist", "poetry.core.masonry.builders.wheel"),
}


def main(out: str, name: str, *installed: str) -> int:
    """Build an sdist and a wheel; returns the exit code."""
    # Imports leave nothing to collect; and what is not looked at again is shared by the hooks' processes.
    gc.disable()
    for one in installed:
        site.addsitedir(one)
    for needed in (name.partition(":")[0], *_IN_HOOKS.get(name, ())):
        # Another version of it may have none of that name, and what is wrong with the backend is told below.
        with suppress(ImportError):
            importlib.import_module(needed)
    folder = os.fsdecode(sys.stdin.buffer.read())
    if not folder:
        return NOTHING_TO_BUILD
    os.chdir(folder)
    os.umask(0o022)
    module, _, attribute = name.partition(":")
    backend = reduce(getattr, filter(None, attribute.split(".")), importlib.import_module(module))
    if any(_asked(backend, f"get_requires_for_build_{kind}") for kind in ("sdist", "wheel")):
        return MORE_REQUIREMENTS
    gc.freeze()
    # In a process of its own each, as frontends do: a hook may leave the process in any state.
    return next((code for kind in ("sdist", "wheel") if (code := _forked(getattr(backend, f"build_{kind}"), out))), 0)


def _asked(backend: Any, hook: str) -> list[str]:
    """What the backend requires besides `build-system.requires`; a backend need not have the hook."""
    answer: list[str] = getattr(backend, hook, list)()
    return answer


def _forked(hook: Any, out: str) -> int:
    """Call a hook in another process, and say how that ended."""
    child = os.fork()
    if child == 0:
        gc.enable()
        _end(_called(hook, out))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _called(hook: Any, out: str) -> int:
    try:
        hook(out)
    except BaseException as error:  # noqa: BLE001  # Whatever it is, the build has failed.
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End without taking everything apart first, which takes as long as all that a hook does."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _end(main(*sys.argv[1:]))
