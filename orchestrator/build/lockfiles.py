"""Lock files that a unit brings along: `uv.lock`, or a `requirements.txt` with hashes."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from orchestrator.build.runtime import marker_environment
from orchestrator.config.load import parse_toml
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

UV_LOCK = "uv.lock"
REQUIREMENTS_FILE = "requirements.txt"
_HASH = re.compile(r"\s--hash[= ](\w+):(\w+)")
# How a lock calls the folder that it lies in.
_ITSELF = "."
RENEW_PINS = "uv pip compile --universal --generate-hashes pyproject.toml -o requirements.txt"
"""The command that makes a `requirements.txt` which is a lock."""


@dataclass(frozen=True)
class Pin:
    """A requirement of a lock.

    Attributes:
        requirement: one version, with the marker that says where.
        hashes: SHA-256 of its files.
    """

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The package's normalized name."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """The one version; empty for a package that is given by a URL."""
        return next((one.version for one in self.requirement.specifier if one.operator in ("==", "===")), "")


def pins(text: str) -> tuple[Pin, ...]:
    """The requirements of a text that this package wrote itself."""
    return tuple(_pin(line) for line in logical_lines(text))


def read_pins(text: str, file: str) -> tuple[Pin, ...] | None:
    """The requirements of a `requirements.txt`; None when no line has a hash, which makes it no lock.

    Raises:
        ConfigurationError: some lines have hashes and others are something else; each is named.
    """
    lines = list(logical_lines(text))
    if not any(_HASH.search(line) for line in lines):
        return None
    problems = [problem for line in lines for problem in _pin_problems(line)]
    if problems:
        raise ConfigurationError(file, *problems)
    return tuple(_pin(line) for line in lines)


def without_hashes(line: str) -> str:
    """A line of a requirements file without its hashes."""
    return _HASH.sub("", line).strip()


def unused_requirements(file: str) -> str:
    """What to say of a `requirements.txt` that is no lock."""
    return f"{file} has no hashes and is not used: delete it, or make it a lock: {RENEW_PINS}"


def missing_pins(names: Iterable[str], file: str) -> ConfigurationError:
    """What is raised when a `requirements.txt` is not all that `project.dependencies` leads to."""
    return ConfigurationError(
        file,
        f"does not pin {', '.join(sorted(names))}, which project.dependencies leads to. Renew it: {RENEW_PINS}",
    )


def unfit_pins(file: str) -> str:
    """What to say when versions in a `requirements.txt` contradict `project.dependencies`."""
    return f"{file} and project.dependencies contradict each other; uv says how below. Renew it: {RENEW_PINS}"


def check_uv_lock(text: str, file: str, pyproject: str, platform: Platform, member: str = _ITSELF) -> None:
    """Check that a `uv.lock` was made for a `pyproject.toml`: the one beside it, or one of a member of its workspace.

    `uv export --locked` would say so too, but asks the package index again where a build machine reaches it by
    another address than the developer, and needs an interpreter of the project's version.

    Raises:
        ConfigurationError: it was made for other dependencies; they are named.
    """
    project = tomllib.loads(pyproject)["project"]
    lock = parse_toml(text, file)
    try:
        problem = _staleness(lock, project, platform, member)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(file, f"is not a file that 'uv lock' wrote: {error!r}.") from error
    if problem:
        raise ConfigurationError(file, f"{problem} Renew it: run 'uv lock' in the unit's folder and commit the file.")


def is_member(text: str, file: str, folder: str) -> bool:
    """Whether a `uv.lock` locks what lies in a folder, as it is called from there.

    Raises:
        ConfigurationError: it is not valid.
    """
    return any(_lies_in(one, folder) for one in parse_toml(text, file).get("package", ()))


def _staleness(lock: Mapping[str, Any], project: Mapping[str, Any], platform: Platform, member: str) -> str:
    name = canonicalize_name(project["name"])
    root = next((one for one in lock.get("package", ()) if one.get("name") == name and _lies_in(one, member)), None)
    if root is None:
        return f"does not hold {name}: it was made for another project."
    # A workspace's is what all of its members have in common.
    is_alone = member == _ITSELF
    if is_alone and SpecifierSet(project.get("requires-python", "")) != SpecifierSet(lock.get("requires-python", "")):
        return "was made for another project.requires-python."
    declared = set(_applying((Requirement(one) for one in project.get("dependencies", ())), platform))
    recorded = root.get("metadata", {}).get("requires-dist", ())
    locked = set(_applying((_recorded(one) for one in recorded), platform))
    if declared == locked:
        return ""
    differing = ", ".join(sorted(declared ^ locked))
    return f"was made for other project.dependencies than those of pyproject.toml; they differ in {differing}."


def _lies_in(package: Mapping[str, Any], folder: str) -> bool:
    return folder in (package.get("source", {}).get(kind) for kind in ("editable", "virtual", "directory"))


def _recorded(entry: Mapping[str, Any]) -> Requirement:
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    marker = f" ; {entry['marker']}" if entry.get("marker") else ""
    return Requirement(f"{entry['name']}{extras}{entry.get('specifier', '')}{marker}")


def _applying(requirements: Iterable[Requirement], platform: Platform) -> Iterator[str]:
    """Those that hold on a platform, written alike; uv rewrites markers, so that only what they say can be compared."""
    environment = {**marker_environment(platform), "extra": ""}
    for one in requirements:
        if one.marker is None or one.marker.evaluate(environment):
            extras = f"[{','.join(sorted(canonicalize_name(extra) for extra in one.extras))}]" if one.extras else ""
            yield f"{canonicalize_name(one.name)}{extras}{one.specifier}"


def logical_lines(text: str) -> Iterator[str]:
    """Lines without comments, those that end with a backslash joined to the next."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(^|\s)#[^\n]*", r"\1", text.replace("\r\n", "\n")))
    yield from (line.strip() for line in joined.splitlines() if line.strip())


def _pin(line: str) -> Pin:
    hashes = tuple(value for kind, value in _HASH.findall(line) if kind == "sha256")
    return Pin(Requirement(without_hashes(line)), hashes)


def _pin_problems(line: str) -> Iterator[str]:
    try:
        pin = _pin(line)
    except InvalidRequirement:
        said = line.split(" --hash", maxsplit=1)[0]
        yield f"{said!r} is not valid: only lines such as 'six==1.17.0 --hash=sha256:...' may stand there."
        return
    if [one.operator for one in pin.requirement.specifier] not in (["=="], ["==="]):
        yield f"{pin.name} is not pinned to one version: write {pin.name}==... Renew it: {RENEW_PINS}"
    if not pin.hashes:
        yield f"{pin.name} has no --hash=sha256:..., and the others have. Renew it: {RENEW_PINS}"
