"""Runs cfn-lint on a template, as a script, without most of what cfn-lint imports and never uses for it.

cfn-lint imports all of SymPy and of NetworkX, for a few classes of each, and makes every rule of every resource type,
with schemas of many megabytes. Here those packages import what they are asked for, and rules are left out that are
about types that the template has no resource of. What is found is the same.

Its arguments: the template's sections and the types of its resources, separated by commas, or `*` for cfn-lint as it
is; then cfn-lint's.
"""

import gc
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

AS_IT_IS = "*"
# With these, SymPy solves something; and macros and SAM make resources of types that are not in the template.
_SOLVED, _MAKING = {"Conditions", "Rules"}, "Transform"
_SOLVER = "sympy"
_LOGIC, _SYMBOLS = "sympy.logic.boolalg", "sympy.core.symbol"
_BACKENDS, _GRAPH_ERRORS = "networkx.utils.backends", "networkx.exception"
# Where packages have what they are asked for; anything else is there, too, once all of the package is imported.
_PARTS: Mapping[str, Mapping[str, str]] = {
    "sympy": {
        **dict.fromkeys(("And", "Equivalent", "Implies", "Not", "Or"), _LOGIC),
        **dict.fromkeys(("Dummy", "Symbol"), _SYMBOLS),
    },
    "networkx": {
        "MultiDiGraph": "networkx.classes.multidigraph",
        "find_cycle": "networkx.algorithms.cycles",
        "edge_dfs": "networkx.algorithms.traversal.edgedfs",
        **dict.fromkeys(("_clear_cache", "_dispatchable"), _BACKENDS),
        **dict.fromkeys(("NetworkXError", "NetworkXNoCycle"), _GRAPH_ERRORS),
    },
    "networkx.algorithms": {},
    "networkx.algorithms.traversal": {},
}
# Importing makes many objects and hardly any garbage; looking for it as often as usual takes a fifth of the time.
_OBJECTS_UNTIL_COLLECTED = 100_000
# A module of SymPy finds others half imported, unless this one is first.
_FIRST = "sympy.core"
# What a rule looks at, as its source has it; one that looks at anything but resources of a type is always made.
_LOOKS_AT = re.compile(
    rb"""["'](?:(Resources/(AWS::\w+::\w+))|Resources|Parameters|Outputs|Conditions|Rules|Mappings|Metadata|Transform)\b"""
)


class PartialPackage(ModuleType):
    """A package that runs its `__init__` only when it is asked for something that is known to be nowhere else."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            value = self._part(name)
        except (ImportError, AttributeError):
            self._complete()
            return getattr(self, name)
        setattr(self, name, value)
        return value

    def _part(self, name: str) -> Any:
        home = _PARTS[self.__name__].get(name)
        return (
            getattr(importlib.import_module(home), name) if home else importlib.import_module(f".{name}", self.__name__)
        )

    def _complete(self) -> None:
        self.__class__ = ModuleType  # type: ignore[assignment]  # From now on it is like any other.
        for name in _PARTS:
            if name.startswith(f"{self.__name__}."):
                sys.modules.pop(name, None)
        if self.__spec__ and self.__spec__.loader:
            self.__spec__.loader.exec_module(self)


def main(consists_of: str, options: list[str]) -> None:
    """Run cfn-lint; exits as it does."""
    sys.argv[1:] = options
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTED)
    words = set(consists_of.split(","))
    if not words & {AS_IT_IS, _MAKING}:
        for name in _PARTS:
            if name != _SOLVER or not words & _SOLVED:
                _import_partially(name)
        importlib.import_module(_FIRST)
        _leave_out_rules({word.encode() for word in words})
    try:
        importlib.import_module("cfnlint.runner").main()
    except SystemExit as ended:
        if not isinstance(ended.code, int):
            raise
        # Taking all of it apart first would take a fifth of the time.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code)


def _import_partially(name: str) -> None:
    spec = importlib.util.find_spec(name)
    if spec and spec.origin:
        package = PartialPackage(name)
        package.__spec__, package.__file__ = spec, spec.origin
        package.__path__ = list(spec.submodule_search_locations or ())
        sys.modules[name] = package


def _leave_out_rules(types: Collection[bytes]) -> None:
    """Let cfn-lint import no rule that is only about other types."""
    helpers: Any = importlib.import_module("cfnlint.helpers")
    load: Callable[[str, str], ModuleType | None] = helpers.import_filename

    def load_if_needed(name: str, folder: str) -> ModuleType | None:
        return load(name, folder) if is_needed(Path(folder, f"{name}.py").read_bytes(), types) else None

    helpers.import_filename = load_if_needed


def is_needed(source: bytes, types: Collection[bytes]) -> bool:
    """Whether the rules of a module have anything to look at in a template with resources of these types."""
    found = _LOOKS_AT.findall(source)
    return not found or any(not of_a_type or type_ in types for of_a_type, type_ in found)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
