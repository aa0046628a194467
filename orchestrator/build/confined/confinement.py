"""What the commands of one build are confined to: folders, ports and variables, for `orchestrator.confine`."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from orchestrator.build.environment import through_proxy, without_indexes
from orchestrator.build.network.reach import Reach
from orchestrator.build.network.traffic import MARK
from orchestrator.build.usage import DEFAULT, Limits
from orchestrator.config.network import listed
from orchestrator.confine import loopback
from orchestrator.confine.features import Features, of_this_machine
from orchestrator.confine.filters import HOSTS, INDEXES, NO_NETWORK
from orchestrator.confine.landlock import OLDEST_ABI
from orchestrator.confine.launch import PROGRAM
from orchestrator.confine.spec import Spec
from orchestrator.frozen import dataclass

_ROOT = Path(__file__).parents[3]
# Where programs, libraries, certificates and the state of one's own process lie.
_SYSTEM = ("/bin", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/nix", "/opt", "/proc", "/sbin", "/sys", "/usr")
# Names are looked up by what these links of /etc lead to.
_RESOLVERS = ("/run/systemd/resolve", "/run/resolvconf", "/mnt/wsl/resolv.conf")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
# Variables that name the places which a build gets its own of.
_PLACES = ("HOME", "TMPDIR", "TMP", "TEMP", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
_LISTS = {"PATH": os.pathsep, "PYTHONPATH": os.pathsep, "GOPROXY": ","}
_NPM_SETTINGS = "NPM_CONFIG_USERCONFIG"
_HTTPS = 443
_PORTS = {"https": _HTTPS, "http": 80, "socks5": 1080, "socks5h": 1080}
_URL = re.compile(r"(?:https?|socks5h?)://[^\s\"',;\]]+")

_FILES = (
    "If it was refused something: the unit's code may write only in its own folder, $HOME and $TMPDIR, read only there "
    "and what the system consists of, and "
)
_FETCHED = (
    " What it needs of a package index, the build fetches before: name it in project.dependencies, "
    "build-system.requires or the dependency group cdk."
)
# How Python and other programs tell EACCES and EPERM, and that there is no way to a host; and how the proxy does.
_REFUSED = re.compile(
    r"PermissionError|Permission denied|Operation not permitted|EACCES|EPERM|ENETUNREACH|Network is unreachable|"
    rf"EAI_AGAIN|name resolution|{re.escape(MARK)} refused"
)


def was_refused(output: str) -> bool:
    """Whether a command's output tells of something that it was not permitted, as by its confinement."""
    return _REFUSED.search(output) is not None


@dataclass(frozen=True)
class Confinement:
    """Where the commands of one build may write, read and connect to.

    There are two phases. Tools that are trusted fetch what locks and settings name, and run nothing of it. Then the
    unit's code runs, on what is there: it has no credentials of package indexes, and no network but the hosts that an
    administrator opens to it.

    Attributes:
        scratch: the folder of these commands; home and temporary files of theirs lie in it, too.
        cache: uv's cache, of tools that fetch; None for all others. What the unit's code can write to, no such tool
            may read: neither the cache nor a folder above the one that it works in.
        user: whom the commands run as, None for the one that builds.
        features: what this machine can confine them by.
        strict: whether they are not run at all where that does not hold.
        limits: how much they may use.
        more: folders that they may write to besides.
        readable: folders that they may read besides.
        hosts: those that are opened to them, see `orchestrator.config.network`.
        reach: how these are reached.
    """

    scratch: Path
    cache: Path | None = None
    user: int | None = None
    features: Features = field(default_factory=of_this_machine)
    strict: bool = True
    limits: Limits = DEFAULT
    more: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()
    reach: Reach = Reach()

    @property
    def allowed(self) -> str:
        """What to say where the confinement may be why a command failed."""
        if not self.hosts:
            administrator = " An administrator may open hosts to it: [build] network."
            return f"{_FILES}use no network.{_FETCHED}{administrator}"
        return (
            f"{_FILES}use no network but {listed(self.hosts)}, by https through the proxy that HTTPS_PROXY names. An "
            f"administrator may open more hosts: [build] network.{_FETCHED}"
        )

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment variables of the commands: those of the build, with folders that may be written to."""
        home, temporary = self.scratch / "home", self.scratch / "tmp"
        for folder in (home, temporary):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.scratch, home, temporary):
            self.give(folder)
        places = {"HOME": str(home), **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(temporary))}
        if self.cache is None:
            own = through_proxy(without_indexes(environment)) if self.hosts else without_indexes(environment)
            return {**own, **places, "XDG_CONFIG_HOME": str(home / ".config")}
        # The worker's own settings of uv and npm hold, although its home folder is out of reach.
        settings = {
            "UV_CACHE_DIR": str(self.made_cache()),
            "XDG_CONFIG_HOME": str(_settings(environment)),
            _NPM_SETTINGS: str(_npm_settings(environment)),
        }
        return {**environment, **places, **settings}

    def made_cache(self) -> Path:
        """The cache, made unless that cannot be: it may be deleted at this moment, and commands have to do without."""
        assert self.cache is not None  # noqa: S101  # Only tools that fetch ask for it.
        with suppress(OSError):
            self.cache.mkdir(parents=True, exist_ok=True)
        return self.cache

    def give(self, path: Path) -> Path:
        """Give one file or folder to the user that the commands run as; returns it."""
        if self.user is not None and path.lstat().st_uid != self.user:
            os.chown(path, self.user, self.user, follow_symlinks=False)
        return path

    def give_all(self, folder: Path) -> Path:
        """Give a folder with all that is in it, which nobody else may be writing to; returns it."""
        if self.user is not None:
            for parent, folders, files in os.walk(folder):
                for name in (*folders, *files):
                    self.give(Path(parent, name))
            self.give(folder)
        return folder

    def command(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        cpu_seconds: float,
        variables: Mapping[str, str],
        channel: int = -1,
    ) -> list[str]:
        """The command that runs a command confined.

        Args:
            command: what is to run. It may read what stands among its arguments as a `Path`. Text that looks like a
                path gives it nothing: it may be the unit's.
            environment: what it sees, the worker's own. It may read the files and folders that are named there, and
                connect to the ports if it fetches.
            cpu_seconds: the time that one of its processes may compute.
            variables: what it sees besides, and gains nothing by: they may be the unit's.
            channel: a descriptor that the launcher inherits where hosts are opened, see `orchestrator.confine.spec`.
        """
        spec = Spec(
            writable=(*map(str, filter(None, (self.scratch, self.cache, *self.more))), *_DEVICES),
            readable=tuple(dict.fromkeys(map(str, self._readable(command, environment)))),
            network=self._network,
            ports=self._ports(environment),
            landlock=self.features.landlock if self.features.landlock >= OLDEST_ABI else 0,
            user=self.user,
            strict=self.strict,
            data_bytes=self.limits.memory_bytes,
            file_bytes=self.limits.file_bytes,
            open_files=self.limits.open_files,
            processes=_tasks_of_user() + self.limits.processes,
            cpu_seconds=max(1, int(cpu_seconds)),
            parent=os.getpid(),
            variables=dict(variables),
            channel=channel,
        )
        return [sys.executable, "-I", "-S", "-c", PROGRAM, str(_ROOT), spec.to_json(), *map(str, command)]

    @property
    def _network(self) -> str:
        if self.cache is not None:
            return INDEXES
        return HOSTS if self.hosts else NO_NETWORK

    def _ports(self, environment: Mapping[str, str]) -> tuple[int, ...]:
        if self.cache is not None:
            return tuple(sorted({_HTTPS, *_ports(_urls(environment))}))
        return (loopback.PORT,) if self.hosts else ()

    def _readable(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> Iterator[str | Path]:
        """The system, interpreters and programs of the build, and what arguments and the worker's variables name."""
        yield from _SYSTEM
        yield from (sys.prefix, sys.base_prefix)
        if isinstance(command[0], Path):
            yield command[0].resolve().parent
        if self.cache is not None:
            yield from _RESOLVERS
            yield from (_settings(environment) / name for name in ("uv", "pip", "go"))
            yield _npm_settings(environment)
        yield from self.readable
        yield from (argument for argument in command if isinstance(argument, Path))
        for name, value in environment.items():
            # A home folder is what must not be read: credentials lie there.
            words = value.split(_LISTS.get(name)) if name not in _PLACES else ()
            for word in words:
                path = unquote(urlsplit(word).path) if word.startswith("file://") else word
                if path.startswith("/") and path != "/":
                    yield path


def _settings(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or "/nonexistent", ".config"))


def _npm_settings(environment: Mapping[str, str]) -> Path:
    return Path(environment.get(_NPM_SETTINGS) or Path(environment.get("HOME") or "/nonexistent", ".npmrc"))


def _urls(environment: Mapping[str, str]) -> Iterator[str]:
    """Every address that the build's variables, and uv's and npm's settings name: indexes and proxies."""
    yield from (url for value in environment.values() for url in _URL.findall(value))
    for file in (Path("/etc/uv/uv.toml"), _settings(environment) / "uv" / "uv.toml", _npm_settings(environment)):
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
