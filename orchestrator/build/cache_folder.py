"""Where the cache of a build machine lies: to know that much, nothing of what fills it has to be imported."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

VARIABLE = "ORCHESTRATOR_CACHE_DIR"


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the cache lies: $ORCHESTRATOR_CACHE_DIR, else below $XDG_CACHE_HOME, else below ~/.cache."""
    if VARIABLE in environment:
        return Path(environment[VARIABLE]).absolute()
    caches = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or "~", ".cache").expanduser()
    return Path(caches, "orchestrator")


def used(path: Path) -> None:
    """Note that something in the cache is used now, unless it is not there."""
    with suppress(OSError):
        os.utime(path)
