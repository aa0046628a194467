"""What a Lambda runtime can load: the words of uv, of wheels and of environment markers for one machine."""

from collections.abc import Iterator, Mapping

from packaging.markers import default_environment
from packaging.tags import Tag, compatible_tags, cpython_tags, sys_tags

from orchestrator.config.platform import Platform
from orchestrator.frozen import dataclass

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_LAST_OF_AMAZON_LINUX_2 = (3, 11)
# The oldest glibc that wheels are made for, by machine, and the older names of some of them (PEP 600).
_OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17}
_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True)
class Target:
    """A machine that wheels are for.

    Attributes:
        tags: of wheels that load there, the best one first.
        markers: what environment markers are evaluated with.
        said: how errors name it.
        options: how uv is told of it.
    """

    tags: tuple[Tag, ...]
    markers: Mapping[str, str]
    said: str
    options: tuple[str, ...]


def lambda_runtime(platform: Platform) -> Target:
    """What a layer is for."""
    options = ("--python-version", platform.python, "--python-platform", platform_tag(platform))
    return Target(tuple(wheel_tags(platform)), marker_environment(platform), describe(platform), options)


def this_interpreter() -> Target:
    """What build backends run on."""
    markers = {name: str(value) for name, value in default_environment().items()}
    return Target(tuple(sys_tags()), markers, "the Python of the build machine", ())


def platform_tag(platform: Platform) -> str:
    """The platform of wheels that load on a Lambda runtime, in uv's words.

    Runtimes up to python3.11 are Amazon Linux 2 with glibc 2.26; later ones are Amazon Linux 2023 with glibc 2.34.
    Source: the Lambda documentation's list of runtimes. uv knows no 2.26, so that 2.17 stands for it.
    """
    glibc = "2014" if _newest_glibc(platform) == 17 else f"_2_{_newest_glibc(platform)}"  # noqa: PLR2004
    return f"{_MACHINES[platform.architecture]}-manylinux{glibc}"


def describe(platform: Platform) -> str:
    """The platform, as errors name it."""
    return f"Python {platform.python} on {platform.architecture} ({platform_tag(platform)})"


def wheel_tags(platform: Platform) -> list[Tag]:
    """The tags of wheels that load there, the best one first."""
    version, interpreter = platform.version, f"cp{platform.python.replace('.', '')}"
    names = list(_platforms(platform))
    return [*cpython_tags(version, [interpreter], names), *compatible_tags(version, interpreter, names)]


def marker_environment(platform: Platform) -> dict[str, str]:
    """What environment markers are evaluated with: any patch release of the runtime, which only gets newer ones."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{platform.python}.999",
        "os_name": "posix",
        "platform_machine": _MACHINES[platform.architecture],
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{platform.python}.999",
        "python_version": platform.python,
        "sys_platform": "linux",
    }


def _platforms(platform: Platform) -> Iterator[str]:
    machine = _MACHINES[platform.architecture]
    for minor in range(_newest_glibc(platform), _OLDEST_GLIBC[machine] - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in _OLD_NAMES:
            yield f"{_OLD_NAMES[minor]}_{machine}"
    yield f"linux_{machine}"


def _newest_glibc(platform: Platform) -> int:
    return 17 if platform.version <= _LAST_OF_AMAZON_LINUX_2 else 34
