"""Guardrails on names: which folders may give their units which names."""

from fnmatch import fnmatchcase
from functools import cache

from orchestrator.config.globs import Globs

NameRules = tuple[tuple[str, str], ...]
"""Pairs of a pattern of names and a glob of folders; the first pair whose pattern matches a name decides."""

ANY_FOLDER: NameRules = ()
"""Any folder may use any name."""


def misplaced(name: str, folder: str, rules: NameRules) -> str:
    """The glob of the folders that may use a name, where a folder is not among them; empty where it may use it.

    Args:
        name: the unit's.
        folder: the unit's, from the repository's root; empty for the root itself.
        rules: the guardrails.
    """
    for pattern, folders in rules:
        if fnmatchcase(name, pattern):
            return "" if _compiled(folders).match(folder) else folders
    return ""


@cache
def _compiled(glob: str) -> Globs:
    return Globs([glob])
