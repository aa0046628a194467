"""The Python runtimes that Lambda has, as cfn-lint knows them."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_LINTER = "cfnlint"
_LIFECYCLES = Path("data", "AdditionalSpecs", "LmbdRuntimeLifecycle.json")
# A wheel is for Python 3.
_PYTHON = "python3."


@cache
def python_runtimes() -> tuple[str, ...]:
    """The identifiers of all Python 3 runtimes that Lambda ever had, the oldest one first."""
    runtimes = [name for name in _lifecycles() if name.startswith(_PYTHON)]
    return tuple(sorted(runtimes, key=lambda name: int(name.removeprefix(_PYTHON))))


def _lifecycles() -> Mapping[str, Any]:
    """cfn-lint's own table; importing cfn-lint for it would take a second."""
    package = find_spec(_LINTER)
    assert package is not None  # noqa: S101  # Builds depend on it.
    assert package.origin is not None  # noqa: S101  # It is a folder of modules.
    table: Mapping[str, Any] = json.loads(Path(package.origin).parent.joinpath(_LIFECYCLES).read_text(encoding="utf-8"))
    return table
