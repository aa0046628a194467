"""`Pipfile.lock`: what Pipenv locked for deployment, which is its section `default`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.build.requirements.pins import Pin, PinnedLock, pin_of, unpinned
from orchestrator.config.load import parse_toml
from orchestrator.errors import ConfigurationError

PIPFILE, PIPFILE_LOCK = "Pipfile", "Pipfile.lock"
_RENEW = "pipenv lock"
_ELSEWHERE = ("git", "hg", "svn", "bzr", "path", "file")
# What Pipenv takes where a Pipfile names no source.
_SOURCES = [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}]


def read_pipfile_lock(text: str, file: str, pipfile: str | None) -> PinnedLock:
    """Read a `Pipfile.lock`.

    Args:
        text: of the file.
        file: its path from the repository's root.
        pipfile: the text of the `Pipfile` beside it, None when there is none.

    Raises:
        ConfigurationError: Pipenv did not write it, or it was made for another `Pipfile`.
    """
    try:
        lock = json.loads(text)
        digest, packages = lock["_meta"]["hash"]["sha256"], lock.get("default", {})
        pins = tuple(_pins(packages))
        # The unit's own folder, which Pipenv installs for development, is in the release in any case.
        others = [(name, one) for name, one in packages.items() if _elsewhere(one) and one.get("path") != "."]
        direct = tuple(unpinned(name, one.get("markers"), _elsewhere(one)) for name, one in others)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(file, f"is not a file that '{_RENEW}' wrote: {error!r}.") from error
    if pipfile is not None and digest != _hash_of(pipfile, file.removesuffix(".lock")):
        raise ConfigurationError(
            file,
            f"was made for another {PIPFILE} than the one beside it. Renew it: run '{_RENEW}' and commit the file.",
        )
    return PinnedLock(file, text, pins, _RENEW, is_complete=True, unpinned=direct)


def _hash_of(pipfile: str, file: str) -> str:
    # Most units have no such file, and reading one takes long to import.
    from plette import Pipfile  # noqa: PLC0415

    document = parse_toml(pipfile, file)
    try:
        found = Pipfile({"source": _SOURCES, **document}).get_hash().value
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(file, f"is not a Pipfile: {error!r}.") from error
    return str(found)


def _pins(packages: Mapping[str, Any]) -> Iterator[Pin]:
    for name, package in packages.items():
        if not _elsewhere(package):
            version = package["version"].lstrip("=")
            yield pin_of(name, version, package.get("markers"), package.get("hashes", ()))


def _elsewhere(package: Mapping[str, Any]) -> str:
    """What a package is locked to instead of a version; Pipenv leaves one open that its own platform does not need."""
    is_open = package.get("version", "*") == "*"
    return next((kind for kind in _ELSEWHERE if kind in package), "any version" if is_open else "")
