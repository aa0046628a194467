"""`pylock.toml` (PEP 751): the lock of every tool that writes it, read by the library of the format."""

from packaging.pylock import Package, Pylock, PylockValidationError

from orchestrator.build.requirements.pins import Pin, PinnedLock, pin_of, unpinned
from orchestrator.config.load import parse_toml
from orchestrator.errors import ConfigurationError

PYLOCK = "pylock.toml"
_RENEW = "uv pip compile --universal --format pylock.toml pyproject.toml -o pylock.toml"


def read_pylock(text: str, file: str) -> PinnedLock:
    """Read a `pylock.toml`.

    Where its packages are offered is left out of account: builds ask the package index of the machine that builds.

    Raises:
        ConfigurationError: it is not valid.
    """
    try:
        lock = Pylock.from_dict(parse_toml(text, file))
        pins = tuple(_pin(package) for package in lock.packages if not package.is_direct)
    except (PylockValidationError, ValueError) as error:
        raise ConfigurationError(file, f"is not valid: {error}. Renew it: {_RENEW}") from error
    direct = tuple(unpinned(one.name, one.marker, "direct reference") for one in lock.packages if one.is_direct)
    return PinnedLock(
        file,
        text,
        pins,
        _RENEW,
        is_complete=True,
        groups=frozenset(lock.default_groups or ()),
        unpinned=direct,
        environments=tuple(lock.environments or ()),
    )


def _pin(package: Package) -> Pin:
    offered = [*(wheel.hashes for wheel in package.wheels or ()), package.sdist.hashes if package.sdist else {}]
    hashes = (f"{kind}:{value}" for one in offered for kind, value in one.items())
    return pin_of(package.name, str(package.version), package.marker, hashes)
