"""Runs a unit's build backend (PEP 517), as a script, in an interpreter that has nothing of ours.

It is started before the sources are there. Its arguments: a JSON object, and the folders that the backend and what it
requires lie in. The object has `out`, the folder for the results; `backend`, as `build-system.build-backend` names it;
`path`, the folders of the unit that it is imported from, if it is the unit's own; `known`, what it has asked for before
and now has; and `asks`, a file that is written when it asks for more. The unit's folder comes over its standard input
when there is something to build; nothing does when there is not.
"""

import gc
import importlib
import json
import os
import site
import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import reduce
from typing import Any, NoReturn

NOTHING_TO_BUILD = 74
MORE_REQUIREMENTS = 75  # Of the sysexits: "try again", with what the backend asked for.
_KINDS = ("sdist", "wheel")
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


def main(wanted: Mapping[str, Any], installed: Iterable[str]) -> int:
    """Build an sdist and a wheel; returns the exit code."""
    # Imports leave nothing to collect; and what is not looked at again is shared by the hooks' processes.
    gc.disable()
    for one in installed:
        site.addsitedir(one)
    name, path = wanted["backend"], wanted["path"]
    for needed in () if path else (name.partition(":")[0], *_IN_HOOKS.get(name, ())):
        # Another version of it may have none of that name, and what is wrong with the backend is told below.
        with suppress(ImportError):
            importlib.import_module(needed)
    folder = os.fsdecode(sys.stdin.buffer.read())
    if not folder:
        return NOTHING_TO_BUILD
    os.chdir(folder)
    os.umask(0o022)
    sys.path[:0] = [os.path.join(folder, one) for one in path]  # noqa: PTH118  # pathlib is slow to import.
    module, _, attribute = name.partition(":")
    backend = reduce(getattr, filter(None, attribute.split(".")), importlib.import_module(module))
    if _asks_for_more(backend, wanted["known"], wanted["asks"]):
        return MORE_REQUIREMENTS
    gc.freeze()
    # In a process of its own each, as frontends do: a hook may leave the process in any state.
    hooks = (getattr(backend, f"build_{kind}") for kind in _KINDS)
    return next((code for hook in hooks if (code := _forked(hook, wanted["out"]))), 0)


def _asks_for_more(backend: Any, known: Collection[str], asks: str) -> bool:
    """Whether the backend requires what neither `build-system.requires` nor it has named before; written to a file."""
    # A backend need not have the hooks.
    asked = [one for kind in _KINDS for one in getattr(backend, f"get_requires_for_build_{kind}", list)()]
    if set(asked) <= set(known):
        return False
    with open(asks, "w", encoding="utf-8") as file:  # noqa: PTH123  # As above.
        json.dump(asked, file)
    return True


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
    _end(main(json.loads(sys.argv[1]), sys.argv[2:]))
