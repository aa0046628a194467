"""What the commands of one build are confined to: folders, ports and variables, for `orchestrator.confine`."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestrator.build.usage import DEFAULT, Limits
from orchestrator.confine.launch import PROGRAM
from orchestrator.confine.spec import Spec
from orchestrator.frozen import dataclass

_ROOT = Path(__file__).parents[2]
# Where programs, libraries, certificates and the state of one's own process lie.
_SYSTEM = ("/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/nix", "/opt", "/proc", "/sbin", "/sys", "/usr")
# Names are looked up by what these links of /etc lead to.
_RESOLVERS = ("/run/systemd/resolve", "/run/resolvconf", "/mnt/wsl/resolv.conf")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
# Variables that name the places which a build gets its own of.
_PLACES = ("HOME", "TMPDIR", "TMP", "TEMP", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
_LISTS = ("PATH", "PYTHONPATH")
_HTTPS = 443
_PORTS = {"https": _HTTPS, "http": 80, "socks5": 1080, "socks5h": 1080}
_URL = re.compile(r"(?:https?|socks5h?)://[^\s\"',;\]]+")

ALLOWED = (
    "If it was refused something: a build may write only in its own folder, $HOME and $TMPDIR, read only there and "
    "what the system consists of, and connect only to package indexes."
)
"""What to say where the confinement may be why a command failed."""
# How Python and other programs tell EACCES and EPERM.
_REFUSED = re.compile(r"PermissionError|Permission denied|Operation not permitted|EACCES|EPERM")


def was_refused(output: str) -> bool:
    """Whether a command's output tells of something that it was not permitted, as by its confinement."""
    return _REFUSED.search(output) is not None


@dataclass(frozen=True)
class Confinement:
    """Where the commands of one build may write, read and connect to.

    Attributes:
        scratch: the build's folder; home and temporary files of its commands lie in it, too.
        cache: uv's cache. It belongs to one unit, so that no unit can put anything into another one's.
        limits: how much they may use.
        more: folders that they may write to besides.
    """

    scratch: Path
    cache: Path
    limits: Limits = DEFAULT
    more: tuple[Path, ...] = ()

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment variables of the commands: those of the build, with folders that may be written to."""
        home, temporary = self.scratch / "home", self.scratch / "tmp"
        for folder in (home, temporary):
            folder.mkdir(parents=True, exist_ok=True)
        self.made_cache()
        return {
            **environment,
            "HOME": str(home),
            **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary)),
            "UV_CACHE_DIR": str(self.cache),
            # The worker's own settings of uv hold, although its home folder is out of reach.
            "XDG_CONFIG_HOME": str(_settings(environment)),
        }

    def made_cache(self) -> Path:
        """The cache, made unless that cannot be: it may be deleted at this moment, and commands have to do without."""
        with suppress(OSError):
            self.cache.mkdir(parents=True, exist_ok=True)
        return self.cache

    def command(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        cpu_seconds: float,
        variables: Mapping[str, str],
    ) -> list[str]:
        """The command that runs a command confined.

        Args:
            command: what is to run. It may read what stands among its arguments as a `Path`. Text that looks like a
                path gives it nothing: it may be the unit's.
            environment: what it sees, the worker's own. It may read the files and folders that are named there, and
                connect to the ports.
            cpu_seconds: the time that one of its processes may compute.
            variables: what it sees besides, and gains nothing by: they may be the unit's.
        """
        spec = Spec(
            writable=(str(self.scratch), str(self.cache), *map(str, self.more), *_DEVICES),
            readable=tuple(dict.fromkeys(map(str, _readable(command, environment)))),
            ports=tuple(sorted({_HTTPS, *_ports(_urls(environment))})),
            data_bytes=self.limits.memory_bytes,
            file_bytes=self.limits.file_bytes,
            open_files=self.limits.open_files,
            processes=_tasks_of_user() + self.limits.processes,
            cpu_seconds=max(1, int(cpu_seconds)),
            parent=os.getpid(),
            variables=dict(variables),
        )
        return [sys.executable, "-I", "-S", "-c", PROGRAM, str(_ROOT), spec.to_json(), *map(str, command)]


def _settings(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or "/nonexistent", ".config"))


def _readable(command: Sequence[str | Path], environment: Mapping[str, str]) -> Iterator[str | Path]:
    """The system, the interpreters and programs of the build, and what arguments and the worker's variables name."""
    yield from _SYSTEM
    yield from _RESOLVERS
    yield from (sys.prefix, sys.base_prefix)
    if isinstance(command[0], Path):
        yield command[0].resolve().parent
    yield from (_settings(environment) / name for name in ("uv", "pip"))
    yield from (argument for argument in command if isinstance(argument, Path))
    for name, value in environment.items():
        # A home folder is what must not be read: credentials lie there.
        words = value.split(os.pathsep if name in _LISTS else None) if name not in _PLACES else ()
        for word in words:
            path = unquote(urlsplit(word).path) if word.startswith("file://") else word
            if path.startswith("/") and path != "/":
                yield path


def _urls(environment: Mapping[str, str]) -> Iterator[str]:
    """Every address that the build's variables and uv's settings name: indexes and proxies."""
    yield from (url for value in environment.values() for url in _URL.findall(value))
    for file in (Path("/etc/uv/uv.toml"), _settings(environment) / "uv" / "uv.toml"):
        with suppress(OSError):
            yield from _URL.findall(file.read_text(encoding="utf-8", errors="replace"))


def _ports(urls: Iterable[str]) -> Iterator[int]:
    for url in urls:
        with suppress(ValueError):
            parts = urlsplit(url)
            yield parts.port or _PORTS[parts.scheme]


def _tasks_of_user() -> int:
    """Threads and processes that the user runs already: the kernel's limit counts them, too."""
    count, user = 0, os.getuid()
    with suppress(OSError):
        for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208  # Before each command: pathlib is slow.
            with suppress(OSError):
                threads = os.stat(f"/proc/{name}/task")  # noqa: PTH116  # As above.
                # A folder has a link from each folder in it, one from above, and one from itself.
                count += max(1, threads.st_nlink - 2) if threads.st_uid == user else 0
    return count
