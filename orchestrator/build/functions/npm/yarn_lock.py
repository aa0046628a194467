"""A `yarn.lock` of Yarn 1: npm resolves by it, and what comes out is compared with it."""

import json
import re
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from orchestrator.build.functions.npm.lock import NpmLock
from orchestrator.errors import ConfigurationError

YARN_LOCK = "yarn.lock"
_FIRST = "# yarn lockfile v1"
# An entry: what is asked for, at the beginning of a line, and below it what that is resolved to.
_NAME = re.compile(r'^"?((?:@[^/@"]+/)?[^@"\s]+)@', re.MULTILINE)
_VERSION = re.compile(r'^  version "([^"]+)"', re.MULTILINE)
_RESOLVED = re.compile(r'^  resolved "([^"]+)"', re.MULTILINE)
_MOST_SHOWN = 5


def check_yarn_lock(text: str, file: str, hosts: Collection[str]) -> None:
    """Check that a lock is one of Yarn 1, and names packages of registries alone.

    Raises:
        ConfigurationError: it is not, or does not.
    """
    if _FIRST not in text:
        raise ConfigurationError(
            file,
            "is a lock of Yarn 2 or newer, which builds do not read: write a package-lock.json beside package.json "
            "with 'npm install --package-lock-only', and commit it in its place.",
        )
    foreign = [url for url in _RESOLVED.findall(text) if urlsplit(url).netloc not in hosts]
    if foreign:
        raise ConfigurationError(
            file,
            *(
                f"resolved {url!r} is not in {', '.join(sorted(hosts))}. Builds fetch packages from the registry of "
                "the build machine alone: publish it there, or bundle it with the code."
                for url in foreign[:_MOST_SHOWN]
            ),
        )


def not_kept(lock: NpmLock, text: str) -> list[str]:
    """The packages of a lock of npm, for production, that a `yarn.lock` has in no such version."""
    known = set(_entries(text))
    packages = json.loads(lock.text)["packages"]
    wanted = {
        (entry.get("name") or path.rpartition("node_modules/")[2], entry["version"])
        for path, entry in packages.items()
        if path and "version" in entry and not (entry.get("dev") or entry.get("optional") or entry.get("inBundle"))
    }
    return [f"{name}@{version}" for name, version in sorted(wanted - known)]


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Name and version of each."""
    for entry in re.split(r"\n\n+", text):
        name, version = _NAME.search(entry), _VERSION.search(entry)
        if name and version:
            yield name.group(1), version.group(1)
