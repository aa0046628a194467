"""Which version the next release of a unit gets: a pure rule, so that it can be tested to the letter."""

from collections.abc import Callable, Collection, Iterator
from itertools import count

from packaging.version import Version


def next_version(declared: str, taken: Collection[str]) -> str:
    """The declared version if it is free, else its next free PEP 440 post-release.

    `0.1.1` is followed by `0.1.1.post1`, `0.1.1.post2`, ...; a declared `0.1.1.post3` by `0.1.1.post4`. Such versions
    hold no `+`, so they can be object keys. PEP 440 knows no post-release of a development release: there the
    development number counts up, `0.2.dev1` is followed by `0.2.dev2`.

    Args:
        declared: `[project] version`, PEP 440 without a local part.
        taken: versions that other digests have. How they are written does not matter: `1.0` is `1.0.0`.
    """
    gone = {Version(version) for version in taken}
    return str(next(version for version in _candidates(Version(declared)) if version not in gone))


def first_version(declared: str, is_mine: Callable[[str], bool]) -> str:
    """The first of the versions in `next_version`'s order that is free for the one who asks.

    Args:
        declared: `[project] version`.
        is_mine: asked for one version after the other; may claim it.
    """
    return next(version for version in map(str, _candidates(Version(declared))) if is_mine(version))


def _candidates(declared: Version) -> Iterator[Version]:
    yield declared
    if declared.dev is not None:
        stem, first = str(declared).removesuffix(f".dev{declared.dev}") + ".dev", declared.dev + 1
    elif declared.post is not None:
        stem, first = str(declared).removesuffix(f".post{declared.post}") + ".post", declared.post + 1
    else:
        stem, first = f"{declared}.post", 1
    yield from (Version(f"{stem}{number}") for number in count(first))
