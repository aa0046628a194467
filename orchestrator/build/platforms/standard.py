"""The standard libraries of Python's versions: handlers need not run on the version that builds them."""

import sys
from importlib import import_module

from orchestrator.config.platform import Platform

_TABLES = "stdlibs"


def standard_library(platform: Platform) -> frozenset[str]:
    """The names of all modules at the top of a platform's standard library."""
    if platform.version == sys.version_info[:2]:
        return frozenset(sys.stdlib_module_names)
    try:
        table = import_module(f"{_TABLES}.py{platform.python.replace('.', '')}")
    except ModuleNotFoundError:
        # A version that is newer than the tables.
        return frozenset(sys.stdlib_module_names)
    return frozenset(table.module_names)
