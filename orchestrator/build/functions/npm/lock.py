"""Checks what npm is told to fetch, before it is: a `package.json`, and a `package-lock.json`.

npm fetches with the network in reach, so it is handed nothing that it would do more for than ask a registry: no git
repository, which is cloned and prepared by its own scripts; no address of somebody else; no folder of the machine. Of
`package.json` it gets the dependencies alone.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

PACKAGE, LOCK, SHRINKWRAP = "package.json", "package-lock.json", "npm-shrinkwrap.json"
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
# What npm resolves by besides.
_KEPT = ("name", "version", *_DEPENDENCIES, "peerDependenciesMeta", "overrides", "bundleDependencies")
_ALIAS = re.compile(r"npm:(?:@[^/@]+/)?[^/@]+(?:@|$)")
_FOLDER_OR_FILE = re.compile(r"[/\\:]|\.(?:tgz|tar|tar\.gz)$")
_RUN = ("prepack", "prepare", "postpack", "preinstall", "install", "postinstall", "prepublish")
_MOST_SHOWN = 5
# The project itself, and a package.
_ALONE = 2
_ADVICE = (
    "Builds fetch packages from the registry of the build machine alone, by the integrity that the lock holds: publish "
    "it there, or bundle it with the code."
)


@dataclass(frozen=True)
class Manifest:
    """A `package.json`, as far as it says what is fetched.

    Attributes:
        text: what npm gets to see of it.
        has_dependencies: whether it names any.
        scripts: those of its scripts that npm runs when it packs or installs.
    """

    text: str
    has_dependencies: bool
    scripts: tuple[str, ...] = ()


def read_manifest(text: bytes, file: str) -> Manifest:
    """Read a `package.json`.

    Raises:
        ConfigurationError: it is not valid, or a dependency is not a package of a registry.
    """
    document = _object(text, file)
    kept = {key: document[key] for key in _KEPT if key in document}
    problems = []
    for key in _DEPENDENCIES:
        wanted = kept.get(key, {})
        if not isinstance(wanted, dict):
            raise ConfigurationError(file, f"{key} must be an object of names and versions.")
        problems += [problem for name, version in wanted.items() for problem in _refused(f"{key}.{name}", version)]
    problems += list(_overridden(kept.get("overrides", {}), "overrides"))
    if problems:
        raise ConfigurationError(file, *problems)
    # What npm demands of a package that has them; a function need not.
    named = {"name": "function", "version": "0.0.0", **kept}
    scripts = document.get("scripts", {})
    run = tuple(one for one in _RUN if isinstance(scripts, dict) and one in scripts)
    return Manifest(json.dumps(named), any(kept.get(key) for key in _DEPENDENCIES), run)


@dataclass(frozen=True)
class NpmLock:
    """A lock file of npm.

    Attributes:
        name: what it is called.
        text: of it.
        scripts: packages that run a program of theirs when they are installed, without those for development.
    """

    name: str
    text: str
    scripts: tuple[str, ...]

    @property
    def is_alone(self) -> bool:
        """Whether it has one package, and none that this needs."""
        return len(json.loads(self.text)["packages"]) == _ALONE

    def only(self, name: str) -> "tuple[Manifest, NpmLock] | None":
        """A lock of one package of this one, with what that needs to run on some platform; None when it is not here.

        It is for a tool that brings everything else along, as esbuild does.
        """
        packages = json.loads(self.text)["packages"]
        path = f"node_modules/{name}"
        if path not in packages:
            return None
        parts = (path, *(f"node_modules/{one}" for one in packages[path].get("optionalDependencies", ())))
        wanted = {"name": "tools", "version": "0.0.0", "dependencies": {name: packages[path]["version"]}}
        kept = {one: {**packages[one], "dev": False} for one in parts if one in packages}
        text = json.dumps({**wanted, "lockfileVersion": 3, "packages": {"": wanted, **kept}})
        return Manifest(json.dumps(wanted), has_dependencies=True), NpmLock(LOCK, text, ())


def read_lock(text: bytes, name: str, file: str, hosts: Collection[str]) -> NpmLock:
    """Read a lock file.

    Args:
        text: its content.
        name: `package-lock.json` or `npm-shrinkwrap.json`.
        file: its path, for errors.
        hosts: the registries that it may name.

    Raises:
        ConfigurationError: it is not valid, too old, or names something that no registry of the machine has.
    """
    document = _object(text, file)
    packages = document.get("packages")
    if not isinstance(packages, dict):
        raise ConfigurationError(
            file, f"has lockfileVersion {document.get('lockfileVersion')!r}: write it again with npm 7 or newer."
        )
    entries = {path: entry for path, entry in packages.items() if path and isinstance(entry, dict)}
    problems = [problem for path, entry in entries.items() for problem in _entry_problems(path, entry, hosts)]
    if problems:
        more = [f"{len(problems) - _MOST_SHOWN} more entries are like these."] if len(problems) > _MOST_SHOWN else []
        raise ConfigurationError(file, *problems[:_MOST_SHOWN], *more)
    deployed = {path: entry for path, entry in entries.items() if not entry.get("dev")}
    scripts = sorted(_name(path) for path, entry in deployed.items() if entry.get("hasInstallScript"))
    return NpmLock(name, text.decode("utf-8-sig"), tuple(dict.fromkeys(scripts)))


def _entry_problems(path: str, entry: Mapping[str, Any], hosts: Collection[str]) -> Iterator[str]:
    resolved = entry.get("resolved")
    if entry.get("inBundle"):
        return
    if entry.get("link") or not path.startswith("node_modules/"):
        yield f"packages.{path!r} is a folder of the repository ({resolved or path!r}). {_ADVICE}"
    elif resolved is not None and not _is_of_registry(resolved, hosts):
        yield f"packages.{path!r} is resolved to {resolved!r}, which is not in {', '.join(sorted(hosts))}. {_ADVICE}"
    elif not isinstance(entry.get("integrity"), str):
        yield f"packages.{path!r} has no integrity: write the lock again with npm, so that the package is known by it."


def _is_of_registry(resolved: object, hosts: Collection[str]) -> bool:
    parts = urlsplit(resolved) if isinstance(resolved, str) else None
    return parts is not None and parts.scheme in ("https", "http") and parts.netloc in hosts


def _overridden(overrides: object, where: str) -> Iterator[str]:
    """What is wrong with `overrides`, which may be nested."""
    if not isinstance(overrides, dict):
        yield from _refused(where, overrides)
        return
    for name, value in overrides.items():
        yield from _overridden(value, f"{where}.{name}")


def _refused(where: str, version: object) -> Iterator[str]:
    if not isinstance(version, str):
        yield f"{where} = {version!r} must be text, such as '^1.2.0'."
    elif _FOLDER_OR_FILE.search(_ALIAS.sub("", version, count=1)):
        yield f"{where} = {version!r} is a folder, a file, an address or a git repository. {_ADVICE}"


def _name(path: str) -> str:
    """The name of a package, by the path in the tree."""
    return path.rpartition("node_modules/")[2]


def _object(text: bytes, file: str) -> dict[str, Any]:
    try:
        document = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(file, f"is not valid JSON: {error}.") from error
    if not isinstance(document, dict):
        raise ConfigurationError(file, "must be a JSON object.")
    return document
