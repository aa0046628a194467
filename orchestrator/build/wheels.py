"""The wheels that a lock comes down to on one machine."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from packaging.pylock import Package, Pylock, PylockValidationError
from packaging.tags import create_compatible_tags_selector
from packaging.utils import parse_wheel_filename

from orchestrator.build.requirements.pins import PinnedLock
from orchestrator.build.runtime import Target
from orchestrator.build.wheel import Wheel

# What the markers of a lock may ask for besides the platform.
_NO_EXTRAS: Mapping[str, AbstractSet[str]] = {"extras": frozenset(), "dependency_groups": frozenset()}


class UnusableLockError(Exception):
    """A lock holds something that a layer cannot be made of; the text says what, and what to do."""


def select(
    document: Mapping[str, Any],
    target: Target,
    allowed: Collection[str] | None = None,
    allowing: PinnedLock | None = None,
) -> tuple[Wheel, ...]:
    """The best wheel of every package of a lock that a machine needs, in order of name.

    Args:
        document: a `pylock.toml` (PEP 751), parsed.
        target: what the wheels must load on.
        allowed: SHA-256 of the files that may be used; None allows all that the lock names.
        allowing: the unit's lock file that says so, for errors.

    Raises:
        UnusableLockError: packages have no such wheel; all of them are named.
    """
    try:
        lock = Pylock.from_dict(document)
        found, loadable = _found(lock, target, allowed), _found(lock, target, None)
    except (PylockValidationError, ValueError) as error:
        raise UnusableLockError(f"the lock is not valid: {error}. Make it anew") from error
    without = sorted(name for name, wheel in loadable.items() if wheel is None)
    if without:
        raise UnusableLockError(no_wheel(without, target))
    refused = sorted(name for name, wheel in found.items() if wheel is None)
    if refused:
        raise UnusableLockError(_no_hash(refused, target, allowing))
    return tuple(wheel for _, wheel in sorted(found.items()) if wheel)


def _found(lock: Pylock, target: Target, allowed: Collection[str] | None) -> dict[str, Wheel | None]:
    environment: dict[str, str | AbstractSet[str]] = {**target.markers, **_NO_EXTRAS}
    best = create_compatible_tags_selector(target.tags)
    found: dict[str, Wheel | None] = {}
    for package in lock.packages:
        if package.marker is None or package.marker.evaluate(environment, context="lock_file"):
            offered = [one for one in _offered(package) if allowed is None or one.sha256 in allowed]
            loadable = best((one, parse_wheel_filename(one.file)[-1]) for one in offered)
            found[package.name] = next(loadable, None)
    return found


def no_wheel(names: Iterable[str], target: Target) -> str:
    """What to say of packages that a layer cannot be made of."""
    return (
        f"{', '.join(names)} cannot be used, because there is no wheel for {target.said}. Allow a version in "
        "project.dependencies that has one, publish a wheel to your package index, or do without it."
    )


def _no_hash(names: Iterable[str], target: Target, lock: PinnedLock | None) -> str:
    lacks = f"{lock.file} lacks that hash, then renew it: {lock.renew}" if lock else "the lock lacks that hash"
    return (
        f"{', '.join(names)} cannot be used: there are wheels for {target.said}, and none has a SHA-256 that "
        f"was locked. Either {lacks}; or the package index offers other files than when it was locked, then find out "
        "why before you do."
    )


def _offered(package: Package) -> Iterator[Wheel]:
    """The wheels of a package. What has no version or no SHA-256, such as a folder, is not from an index."""
    for one in package.wheels or ():
        sha256 = one.hashes.get("sha256")
        if package.version and sha256:
            yield Wheel(package.name, str(package.version), one.filename, one.url or one.path or "", sha256)
