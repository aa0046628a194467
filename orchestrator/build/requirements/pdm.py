"""`pdm.lock`: what PDM locked, of every group.

Source: `pdm.project.project_file.PyProject.content_hash` of PDM 1.5 to 2.x, and the formats 4.0 to 4.5.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.build.requirements.pins import Pin, PinnedLock, pin_of, unpinned
from orchestrator.config.load import parse_toml
from orchestrator.errors import ConfigurationError

PDM_LOCK = "pdm.lock"
_RENEW = "pdm lock"
_READABLE = "4."
_ELSEWHERE = ("git", "hg", "svn", "bzr", "path", "url")


def read_pdm_lock(text: str, file: str, document: Mapping[str, Any]) -> PinnedLock:
    """Read a `pdm.lock`.

    Args:
        text: of the file.
        file: its path from the repository's root.
        document: the `pyproject.toml` beside it.

    Raises:
        ConfigurationError: PDM did not write it, or it was made for another `pyproject.toml`.
    """
    lock = parse_toml(text, file)
    try:
        metadata, packages = lock["metadata"], lock.get("package", ())
        problem = _problem(metadata, document)
        pins = () if problem else tuple(_pins(packages, metadata))
        others = [(one, kind) for one in packages for kind in _ELSEWHERE if kind in one]
        direct = tuple(unpinned(one["name"], one.get("marker"), kind) for one, kind in others)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(file, f"is not a file that '{_RENEW}' wrote: {error!r}.") from error
    if problem:
        raise ConfigurationError(file, f"{problem} Renew it: run '{_RENEW}' and commit the file.")
    return PinnedLock(file, text, pins, _RENEW, is_complete=False, unpinned=direct)


def _problem(metadata: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    version = str(metadata.get("lock_version", "before 2"))
    if not version.startswith(_READABLE):
        return f"has the format {version}, and 4.x can be read."
    kind, _, value = metadata["content_hash"].partition(":")
    if value not in {hashlib.new(kind, one).hexdigest() for one in _contents(document)}:
        return "was made for another pyproject.toml than the one beside it."
    return ""


def _contents(document: Mapping[str, Any]) -> Iterator[bytes]:
    """What of a `pyproject.toml` is hashed, in the versions of PDM."""
    project, settings = document.get("project", {}), document.get("tool", {}).get("pdm", {})
    resolution, own = settings.get("resolution", {}), settings.get("dev-dependencies", {})
    common = {
        "sources": settings.get("source", []),
        "dependencies": project.get("dependencies", []),
        "optional-dependencies": project.get("optional-dependencies", {}),
        "requires-python": project.get("requires-python", ""),
    }
    overrides = resolution.get("overrides", settings.get("overrides", {}))
    for development in (_with_groups(document.get("dependency-groups", {}), own), own):
        for more in ({"resolution": resolution}, {"overrides": overrides}, {}):
            content = {**common, "dev-dependencies": development, **more}
            yield json.dumps(content, sort_keys=True).encode()


def _with_groups(groups: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, list[Any]]:
    together: dict[str, list[Any]] = {}
    for name, dependencies in (*groups.items(), *own.items()):
        together.setdefault(re.sub(r"[^A-Za-z0-9]+", "-", name).lower(), []).extend(dependencies)
    return together


def _pins(packages: list[dict[str, Any]], metadata: Mapping[str, Any]) -> Iterator[Pin]:
    for package in packages:
        if not any(kind in package for kind in _ELSEWHERE):
            name, version = package["name"], package["version"]
            files = package.get("files") or metadata.get("files", {}).get(f"{name} {version}", ())
            yield pin_of(name, version, package.get("marker"), (one["hash"] for one in files))
