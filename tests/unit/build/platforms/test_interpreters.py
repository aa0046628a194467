"""Interpreters of this machine."""

import os
import sys
from pathlib import Path

import pytest

from orchestrator.build.platforms.interpreters import Interpreter, find_interpreter

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def program(folder: Path, name: str, text: str) -> Path:
    """A program of a name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def posing_as(version: str) -> str:
    """A script that runs this interpreter as one of another version."""
    pose = f"import sys; sys.version_info = ({version.replace('.', ', ')}); exec(sys.argv[1])"
    return f'exec {sys.executable} -I -S -c "{pose}" "$4"'


def test_the_own_interpreter_needs_no_search() -> None:
    """It runs this test."""
    assert find_interpreter(HERE, "/nonexistent/uv", {}) == Interpreter(Path(sys.executable))


def test_the_first_one_on_the_search_path_that_runs_is_taken(tmp_path: Path) -> None:
    """A shim of a version manager may stand for a version that is not there; other programs may have such a name."""
    program(tmp_path / "shims", "python3.99", "echo no such version >&2; exit 127")
    program(tmp_path / "odd", "python3.99", "echo hello")
    program(tmp_path / "other", "python3.99", posing_as("3.98"))
    program(tmp_path / "right", "python3.99", posing_as("3.99"))
    folders = ["relative", *(str(tmp_path / name) for name in ("missing", "shims", "odd", "other", "right"))]
    found = find_interpreter("3.99", "/nonexistent/uv", {"PATH": os.pathsep.join(folders)})
    assert found is not None
    assert found.program == Path(sys.executable).resolve()
    assert Path(os.__file__).parent.parent in found.library


@pytest.mark.parametrize("versions", ["versions/3.99.1", "installs/python/3.99.1"])
def test_what_a_shim_would_start_is_taken_in_its_place(tmp_path: Path, versions: str) -> None:
    """Also where the version is not switched on: in CodeBuild's image, pyenv has all of them and one is."""
    program(tmp_path / "manager" / "shims", "python3.99", f": > {tmp_path}/asked; exit 127")
    program(tmp_path / "manager" / versions / "bin", "python3.99", posing_as("3.99"))
    found = find_interpreter("3.99", "/nonexistent/uv", {"PATH": str(tmp_path / "manager" / "shims")})
    assert found is not None
    assert not (tmp_path / "asked").exists()


def test_a_shim_is_not_asked_where_its_version_is_not_installed(tmp_path: Path) -> None:
    """Each build would wait for it, only to hear that there is no such version."""
    program(tmp_path / "shims", "python3.99", f": > {tmp_path}/asked; exit 127")
    program(tmp_path / "versions" / "3.98.0" / "bin", "python3.98", posing_as("3.98"))
    assert find_interpreter("3.99", "/nonexistent/uv", {"PATH": str(tmp_path / "shims")}) is None
    assert not (tmp_path / "asked").exists()


def test_uv_is_asked_for_one_that_it_installed_and_downloads_none(tmp_path: Path) -> None:
    """The command line says so, whatever uv's settings are."""
    right = program(tmp_path / "managed", "python", posing_as("3.99"))
    uv = program(tmp_path, "uv", f'echo "$@" > {tmp_path}/asked; echo {right}')
    assert find_interpreter("3.99", str(uv), {"PATH": str(tmp_path / "empty")}) is not None
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert asked[:2] == ["python", "find"]
    assert {"--managed-python", "--no-python-downloads", "--offline", "3.99"} <= set(asked)


def test_without_one_there_is_none(tmp_path: Path) -> None:
    """Neither on the search path nor with uv."""
    uv = program(tmp_path, "uv", "exit 2")
    assert find_interpreter("3.99", str(uv), {"PATH": str(tmp_path / "empty")}) is None
