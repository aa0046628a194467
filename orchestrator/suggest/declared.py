"""Which packages of an index a folder says that it needs: a name of one of these is not looked for elsewhere."""

import re
from collections.abc import Iterator
from typing import Any

from packaging.utils import canonicalize_name

from orchestrator.config.load import parse_toml
from orchestrator.config.project import project_table
from orchestrator.errors import ConfigurationError

# In every Python runtime of Lambda.
_OF_THE_RUNTIME = ("boto3", "botocore")
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def declared(project: bytes, requirements: bytes) -> frozenset[str]:
    """The packages' names, as the index writes them.

    Args:
        project: a `pyproject.toml`.
        requirements: a `requirements.txt`.
    """
    lines = [*requirements.decode(errors="replace").splitlines(), *_dependencies(project), *_OF_THE_RUNTIME]
    return frozenset(canonicalize_name(found[1]) for line in lines if (found := _NAME.match(line)))


def _dependencies(project: bytes) -> Iterator[str]:
    try:
        document = parse_toml(project, "pyproject.toml")
    except ConfigurationError:
        # It is told of the unit.
        return
    table: Any = document.get("project")
    listed = table.get("dependencies") if isinstance(table, dict) else None
    yield from (one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, str))
    described = project_table(document)
    poetry = described.values.get("dependencies") if described and described.is_of_poetry else None
    yield from poetry if isinstance(poetry, dict) else ()
