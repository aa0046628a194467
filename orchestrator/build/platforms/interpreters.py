"""The Python interpreters of this machine; none is ever downloaded."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestrator.frozen import dataclass

_TIMEOUT_SECONDS = 60
# Where pyenv, and where asdf and mise have what their shims start. A shim takes up to a second, also to say that it
# starts nothing.
_SHIMS, _INSTALLED = "shims", ("versions", "installs/python")
# Where an interpreter lies, and the folders of its standard library and of the shared libraries that this loads.
_QUESTION = """
import json, os, platform, sys, sysconfig
paths = [os.path.dirname(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
shared = sysconfig.get_config_var("LIBDIR") or paths[0]
print(json.dumps({
    "is": [platform.python_implementation(), "%d.%d" % sys.version_info[:2]],
    "program": os.path.realpath(sys.executable),
    "library": sorted({os.path.realpath(path) for path in [*paths, shared] if os.path.isdir(path)}),
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter.

    Attributes:
        program: the program itself, not a link to it.
        library: the folders that it reads, besides those of this process.
    """

    program: Path
    library: tuple[Path, ...] = ()


def find_interpreter(version: str, uv: str, environment: Mapping[str, str]) -> Interpreter | None:
    """Find a CPython that runs: on the search path, or among those that uv installed.

    Args:
        version: such as `3.13`.
        uv: the `uv` program.
        environment: variables, with the search path.

    Returns:
        This process's own, else the first one; None when there is none.
    """
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Interpreter(Path(sys.executable))
    candidates = _candidates(version, uv, environment)
    return next(filter(None, (_asked(path, version, environment) for path in candidates)), None)


def _candidates(version: str, uv: str, environment: Mapping[str, str]) -> Iterator[str]:
    for folder in filter(os.path.isabs, environment.get("PATH", os.defpath).split(os.pathsep)):
        path = Path(folder, f"python{version}")
        if os.access(path, os.X_OK):
            yield from map(str, _behind_shim(path) if path.parent.name == _SHIMS else [path])
    options = ("--managed-python", "--no-project", "--no-python-downloads", "--no-config", "--offline")
    if found := _output([uv, "python", "find", *options, version], environment).strip():
        yield found


def _behind_shim(shim: Path) -> list[Path]:
    """What a version manager's shim may start, whether or not that version is switched on; else the shim itself."""
    manager = shim.parents[1]
    if not any((manager / folder).is_dir() for folder in _INSTALLED):
        return [shim]
    return sorted(path for folder in _INSTALLED for path in manager.glob(f"{folder}/*/bin/{shim.name}"))


def _asked(path: str, version: str, environment: Mapping[str, str]) -> Interpreter | None:
    """An interpreter, as it describes itself; None for a program that is something else or does not run."""
    try:
        answer = json.loads(_output([path, "-I", "-S", "-c", _QUESTION], environment))
        if answer["is"] == ["CPython", version]:
            return Interpreter(Path(answer["program"]), tuple(map(Path, answer["library"])))
    except (KeyError, TypeError, ValueError):
        pass
    return None


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    """What a program prints; nothing when it fails."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
