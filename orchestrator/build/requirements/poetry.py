"""`poetry.lock`: what Poetry locked, of every group.

Source: `poetry.packages.locker.Locker`, for the formats of Poetry 1.0 to 2.x and the hash of what was locked.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from orchestrator.build.requirements.pins import Pin, PinnedLock, pin_of, unpinned
from orchestrator.config.load import parse_toml
from orchestrator.errors import ConfigurationError

POETRY_LOCK = "poetry.lock"
_RENEW = "poetry lock"
_READABLE = ("1.", "2.")
_LEGACY_KEYS = ("dependencies", "source", "extras", "dev-dependencies")
_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
_PYTHON = "python"


def read_poetry_lock(text: str, file: str, document: Mapping[str, Any]) -> PinnedLock:
    """Read a `poetry.lock`.

    Args:
        text: of the file.
        file: its path from the repository's root.
        document: the `pyproject.toml` beside it.

    Raises:
        ConfigurationError: Poetry did not write it, or it was made for another `pyproject.toml`.
    """
    lock = parse_toml(text, file)
    try:
        metadata = lock["metadata"]
        problem = _problem(metadata, document)
        packages = [] if problem else list(_pins(lock.get("package", ()), metadata))
        others = [(one, kind) for one in lock.get("package", ()) if (kind := _elsewhere(one))]
        direct = tuple(unpinned(one["name"], _marker(one), kind) for one, kind in others)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(file, f"is not a file that '{_RENEW}' wrote: {error!r}.") from error
    if problem:
        raise ConfigurationError(file, f"{problem} Renew it: run '{_RENEW}' and commit the file.")
    return PinnedLock(file, text, tuple(packages), _RENEW, is_complete=False, unpinned=direct)


def poetry_requirements(table: Mapping[str, Any], file: str) -> tuple[str, ...]:
    """What `[tool.poetry.dependencies]` names, without constraints on versions: those that fit them are in the lock.

    Args:
        table: `[tool.poetry]`.
        file: the `pyproject.toml`, for errors.

    Raises:
        ConfigurationError: a dependency is not one of a package index, or holds for some versions of Python only.
    """
    dependencies = table.get("dependencies", {})
    if not isinstance(dependencies, dict):
        raise ConfigurationError(file, "tool.poetry.dependencies must be a table.")
    found = [one for name, said in dependencies.items() if name != _PYTHON for one in _named(name, said, file)]
    return tuple(dict.fromkeys(found))


def _named(name: str, written: Any, file: str) -> Iterator[str]:
    for said in written if isinstance(written, list) else [written]:
        table: Mapping[str, Any] = said if isinstance(said, dict) else {}
        if table.get("optional"):
            continue
        key = f"tool.poetry.dependencies.{name}"
        if _PYTHON in table:
            raise ConfigurationError(
                file,
                f"{key} has python = {table[_PYTHON]!r}, which only Poetry reads: write markers in its place, such as "
                "markers = \"python_version < '3.12'\".",
            )
        extras, marker = table.get("extras", ()), table.get("markers", "")
        text = f"{name}[{','.join(map(str, extras))}]" if extras else name
        try:
            yield str(Requirement(f"{text} ; {marker}" if marker else text))
        except InvalidRequirement as error:
            raise ConfigurationError(file, f"{key} = {said!r} is not valid: {error}.") from error


def _problem(metadata: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    version = str(metadata.get("lock-version", "before 1.0"))
    if not version.startswith(_READABLE):
        return f"has the format {version}, and 1.x and 2.x can be read."
    if metadata["content-hash"] not in _content_hashes(document):
        return "was made for another pyproject.toml than the one beside it."
    return ""


def _content_hashes(document: Mapping[str, Any]) -> set[str]:
    """What a `pyproject.toml` hashes to, in Poetry up to 1.0, 1.1 to 1.x, 2.0 to 2.2, and later."""
    project, poetry = document.get("project", {}), document.get("tool", {}).get("poetry", {})
    groups = document.get("dependency-groups", {})
    own = {key: project[key] for key in _PROJECT_KEYS if project.get(key) is not None}
    legacy = {key: poetry.get(key) for key in _LEGACY_KEYS}
    grouped = {"group": poetry["group"]} if poetry.get("group") is not None else {}
    there = {key: value for key, value in legacy.items() if value is not None} | grouped
    with_groups = {"dependency-groups": groups} if groups else {}
    with_project = {"project": own} if own else {}
    found: list[dict[str, Any]] = [legacy, {**legacy, **grouped}]
    found += [{**with_project, "tool": {"poetry": there}}] if own else []
    found += [{**with_project, **with_groups, "tool": {"poetry": there}}] if own or groups else []
    return {hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest() for one in found}


def _pins(packages: list[dict[str, Any]], metadata: Mapping[str, Any]) -> Iterator[Pin]:
    for package in packages:
        if not _elsewhere(package):
            yield pin_of(package["name"], package["version"], _marker(package), _hashes(package, metadata))


def _marker(package: Mapping[str, Any]) -> Any:
    """The marker of what is deployed; Poetry 2 writes one for each group where they differ."""
    marker = package.get("markers", "")
    return marker.get("main", "") if isinstance(marker, dict) else marker


def _hashes(package: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[str]:
    """The hashes of a package's files, which each generation of the format writes elsewhere."""
    name = package["name"]
    files = package.get("files") or metadata.get("files", {}).get(name) or metadata.get("hashes", {}).get(name, ())
    return (one["hash"] if isinstance(one, dict) else f"sha256:{one}" for one in files)


def _elsewhere(package: Mapping[str, Any]) -> str:
    """What a package is if not one of a package index: a git repository, a URL, a folder or a file."""
    kind = package.get("source", {}).get("type", "legacy")
    return "" if kind == "legacy" else str(kind)
