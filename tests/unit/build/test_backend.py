"""Build backends that are run without uv."""

import sys
from pathlib import Path

import pytest

from orchestrator.build.backend import Backend, BuildSystem
from orchestrator.build.build import Tools
from orchestrator.build.cache import Cache
from orchestrator.build.run_backend import MORE_REQUIREMENTS
from orchestrator.build.uv import Uv
from orchestrator.errors import ConfigurationError
from tests.unit.build.fakes import COMMITTED_AT, real_commands

_HATCHLING = BuildSystem(("hatchling",), "hatchling.build")
_PROJECT = """
[project]
name = "orders"
version = "0.1.0"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["src/orders"]
"""
# A backend of the unit's own, to see how hooks are called.
_OWN = """
import os

def build_sdist(folder, config_settings=None, metadata_directory=None):
    print("in", os.path.basename(os.getcwd()))
    os.state = "left behind"
    {sdist}
    open(os.path.join(folder, "orders-0.1.0.tar.gz"), "w").close()
    return "orders-0.1.0.tar.gz"

def build_wheel(folder, config_settings=None, metadata_directory=None):
    assert not hasattr(os, "state")
    open(os.path.join(folder, "orders-0.1.0-py3-none-any.whl"), "w").close()
    return "orders-0.1.0-py3-none-any.whl"
"""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A unit's folder."""
    folder = tmp_path / "unit"
    (folder / "src/orders").mkdir(parents=True)
    (folder / "src/orders/__init__.py").touch()
    (folder / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
    return folder


@pytest.fixture
def backend(real_tools: Tools, tmp_path: Path) -> Backend:
    """Runs backends with the real uv."""
    uv = Uv(real_commands(real_tools, tmp_path), real_tools.uv, sys.executable, COMMITTED_AT)
    own = tmp_path / "own"
    own.mkdir()
    return Backend(uv, real_tools.cache, tmp_path, own)


@pytest.mark.parametrize("name", ["hatchling.build", "setuptools.build_meta"])
def test_a_backend_is_installed_once_and_builds_both(name: str, backend: Backend, unit: Path, tmp_path: Path) -> None:
    """The second time nothing is asked of the index."""
    system = BuildSystem((name.split(".", maxsplit=1)[0],), name, ())
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        outcome = backend.build("build", system, unit, tmp_path / str(number) / "out", {})
        assert outcome.code == 0, outcome.output
        made = {path.name for path in (tmp_path / str(number) / "out").iterdir()}
        assert made == {"orders-0.1.0-py3-none-any.whl", "orders-0.1.0.tar.gz"}
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert log.count(" pip install ") <= 1


def test_hooks_run_in_the_units_folder_each_in_a_process_of_its_own(
    backend: Backend, unit: Path, tmp_path: Path
) -> None:
    """As PEP 517 has it."""
    (unit / "own.py").write_text(_OWN.format(sdist=""), encoding="utf-8")
    outcome = backend.build("build", BuildSystem(("hatchling",), "own", (".",)), unit, tmp_path / "out", {})
    assert (outcome.code, outcome.output) == (0, "in unit\n")


def test_a_backend_that_fails_says_why(backend: Backend, unit: Path, tmp_path: Path) -> None:
    """And builds nothing further."""
    (unit / "own.py").write_text(_OWN.format(sdist="raise ValueError('no licence')"), encoding="utf-8")
    outcome = backend.build("build", BuildSystem(("hatchling",), "own", (".",)), unit, tmp_path / "out", {})
    assert outcome.code == 1
    assert "ValueError: no licence" in outcome.output
    assert list((tmp_path / "out").iterdir()) == []


def test_a_backend_that_asks_for_more_is_left_to_uv(backend: Backend, unit: Path, tmp_path: Path) -> None:
    """Such as a compiler's helper for just this unit."""
    hook = "def get_requires_for_build_wheel(settings=None):\n    return ['cython']\n"
    (unit / "own.py").write_text(_OWN.format(sdist="") + hook, encoding="utf-8")
    outcome = backend.build("build", BuildSystem(("hatchling",), "own", (".",)), unit, tmp_path / "out", {})
    assert outcome.code == MORE_REQUIREMENTS


def test_a_backend_sees_nothing_of_what_the_orchestrator_has_installed(
    backend: Backend, unit: Path, tmp_path: Path
) -> None:
    """A build must not depend on the machine it runs on."""
    (unit / "own.py").write_text(_OWN.format(sdist="import pydantic"), encoding="utf-8")
    outcome = backend.build("build", BuildSystem(("hatchling",), "own", (".",)), unit, tmp_path / "out", {})
    assert "No module named 'pydantic'" in outcome.output


@pytest.mark.parametrize(
    ("table", "system"),
    [
        ('[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', _HATCHLING),
        ('[build-system]\nrequires = ["--index-url=https://x"]\nbuild-backend = "hatchling.build"\n', None),
        ('[build-system]\nrequires = ["./x"]\nbuild-backend = "hatchling.build"\n', None),
        ('[build-system]\nrequires = [1]\nbuild-backend = "hatchling.build"\n', None),
        ('[build-system]\nrequires = []\nbuild-backend = "hatchling.build"\nbackend-path = ["."]\n', None),
        ('[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n', None),
        ('build-system = "hatchling"', None),
        ('[build-system]\nrequires = []\nbuild-backend = ["hatchling.build"]\n', None),
        ("", None),
    ],
)
def test_only_backends_in_plain_python_are_run_here(table: str, system: BuildSystem | None) -> None:
    """Others may need programs on the PATH; and what is not valid is told by uv, which takes no options from it."""
    assert BuildSystem.read(table) == system


_LINKING_UV = """#!/bin/sh
while [ "$1" != --target ]; do shift; done
mkdir "$2" && {harm}
"""


@pytest.mark.parametrize("harm", ["ln -s {secret} $2/data", "rmdir $2 && ln -s {folder} $2", "mkfifo $2/data"])
def test_what_a_backend_requires_cannot_have_files_of_others_packed(
    harm: str, real_tools: Tools, unit: Path, tmp_path: Path
) -> None:
    """It may run code when it is installed, and what is packed is read by the build."""
    secret = tmp_path / "private" / "credentials"
    secret.parent.mkdir()
    secret.write_text("stolen")
    program, work, own = tmp_path / "uv", tmp_path / "work", tmp_path / "own"
    program.write_text(_LINKING_UV.format(harm=harm.format(secret=secret, folder=secret.parent)))
    program.chmod(0o755)
    for folder in (work, own):
        folder.mkdir()
    uv = Uv(real_commands(real_tools, work), str(program), sys.executable, COMMITTED_AT)
    backend = Backend(uv, Cache(tmp_path / "cache"), work, own)
    with pytest.raises(ConfigurationError, match=r"in what the packages of build-system\.requires wrote"):
        backend.build("build", _HATCHLING, unit, work / "out", {})
    assert not (tmp_path / "cache" / "unpacked-backends").exists()
