"""The same commit, built by the whole command on two machines that differ in all that should not matter."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.unit.build.fakes import ORGANIZATION, PYPROJECT, TEMPLATE

_FILES = {
    "orchestrator.toml": ORGANIZATION,
    "projects/orders/pyproject.toml": PYPROJECT.replace("some-backend", "hatchling")
    .replace("some_backend", "hatchling.build")
    .replace("six==1.16.0", "charset-normalizer>=3"),
    "projects/orders/template.yaml": TEMPLATE,
    "projects/orders/src/orders/__init__.py": "ANSWER = 42\n",
    "projects/orders/src/orders/b.py": "",
    "projects/orders/src/orders/B.py": "",
    "projects/orders/src/orders/ä.py": "",
    "projects/orders/src/orders/run.sh": "#!/bin/sh\n",
    # Setuptools copies the modes that files happen to have.
    "projects/plain/pyproject.toml": PYPROJECT.replace("some-backend", "setuptools")
    .replace("some_backend", "setuptools.build_meta")
    .replace('"orders"', '"plain"')
    .replace('"six==1.16.0"', ""),
    "projects/plain/template.yaml": TEMPLATE,
    "projects/plain/src/plain/__init__.py": "",
    "projects/plain/src/plain/data.json": "{}",
}
_WHEN = "2026-06-01T12:00:00+0000"
_GIT = {"PATH": os.environ["PATH"], "GIT_AUTHOR_DATE": _WHEN, "GIT_COMMITTER_DATE": _WHEN}


class Machine:
    """A machine with a clone of its own.

    Args:
        folder: everything of it is in here.
        names: the files, in the order in which they were written.
        umask: of all processes.
        variables: of its environment.
    """

    def __init__(self, folder: Path, names: Sequence[str], umask: int, variables: Mapping[str, str]) -> None:
        self._folder = folder
        self._umask = umask
        self._variables = variables
        (folder / "tmp").mkdir(parents=True)
        for name in names:
            path = folder / "clone" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_FILES[name], encoding="utf-8")
            path.chmod(0o755 if name.endswith(".sh") else 0o666 & ~umask)
        self._git("init", "--quiet", "--initial-branch", "main")
        self._git("add", ".")
        self._git("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", "Everything")

    def build(self) -> dict[str, bytes]:
        """Build all units with nothing kept from before; returns all that was published."""
        own = {
            "TMPDIR": str(self._folder / "tmp"),
            "ORCHESTRATOR_CACHE_DIR": str(self._folder / "cache"),
            **self._variables,
        }
        command = [sys.executable, "-m", "orchestrator.cli.main", "--repository", str(self._folder / "clone")]
        out = self._folder / "out"
        done = subprocess.run(
            [*command, "build", "--all", "--to", str(out)],
            env={**os.environ, **own},
            umask=self._umask,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        below = out / "projects"
        return {path.relative_to(below).as_posix(): path.read_bytes() for path in below.rglob("*") if path.is_file()}

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self._folder / "clone", env=_GIT, umask=self._umask, check=True)  # noqa: S607


def test_two_machines_build_the_same_bytes(tmp_path: Path) -> None:
    """Another folder, umask, locale, time zone and order of files; nothing shared but uv's downloads."""
    one = Machine(tmp_path / "one", sorted(_FILES), 0o022, {"LC_ALL": "C", "TZ": "UTC"})
    other = Machine(
        tmp_path / "a/longer folder",
        sorted(_FILES, reverse=True),
        0o077,
        {"LC_ALL": "C.UTF-8", "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7"},
    )
    first, second = one.build(), other.build()
    assert sorted(first) == sorted(second)
    assert [name for name, content in first.items() if second[name] != content] == []
    assert len(first) == 8 + 5
