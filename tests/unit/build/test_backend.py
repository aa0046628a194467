"""Build backends that are run without uv."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.build import run_backend
from orchestrator.build.backend import Backend, Work
from orchestrator.build.build import Tools
from orchestrator.build.build_system import BuildSystem
from orchestrator.build.cache import Cache
from orchestrator.build.gate import Gate
from orchestrator.build.run_backend import MORE_REQUIREMENTS, NOTHING_TO_BUILD
from orchestrator.build.uv import Uv
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
def found() -> list[Path]:
    """The folders that a backend was imported from."""
    return []


@pytest.fixture
def backend(real_tools: Tools, tmp_path: Path, found: list[Path]) -> Backend:
    """Runs backends with the real uv."""
    uv = Uv(real_commands(real_tools, tmp_path), real_tools.uv, sys.executable, COMMITTED_AT)
    own = tmp_path / "own"
    own.mkdir()
    return Backend(uv, real_tools.cache, tmp_path, own, found.extend)


@pytest.mark.parametrize("name", ["hatchling.build", "setuptools.build_meta"])
def test_a_backend_is_looked_up_once_and_builds_both(
    name: str, backend: Backend, unit: Path, tmp_path: Path, found: list[Path]
) -> None:
    """The second time nothing is asked of the index; it is imported from where its wheels are unpacked."""
    system = BuildSystem((name.split(".", maxsplit=1)[0],), name)
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        gate = Gate()
        gate.open(unit)
        outcome = backend.build(Work("build", system, tmp_path / str(number) / "out", {}, gate))
        assert outcome is not None
        assert outcome.code == 0, outcome.output
        made = {path.name for path in (tmp_path / str(number) / "out").iterdir()}
        assert made == {"orders-0.1.0-py3-none-any.whl", "orders-0.1.0.tar.gz"}
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert log.count(" pip compile ") <= 1
    assert any((folder / name.partition(".")[0]).is_dir() for folder in found)


def test_a_backend_that_waits_ends_when_there_is_nothing_to_build(backend: Backend, tmp_path: Path) -> None:
    """Such as when the sources cannot be had."""
    with Gate() as gate:
        pass
    outcome = backend.build(Work("build", _HATCHLING, tmp_path / "out", {}, gate))
    assert outcome is not None
    assert outcome.code == NOTHING_TO_BUILD
    assert list((tmp_path / "out").iterdir()) == []


def test_a_backend_that_requires_what_is_no_wheel_is_left_to_uv(backend: Backend, unit: Path, tmp_path: Path) -> None:
    """Uv builds what it requires, too."""
    gate = Gate()
    gate.open(unit)
    system = BuildSystem(("hatchling @ file:///nowhere/hatchling.tar.gz",), "hatchling.build")
    assert backend.build(Work("build", system, tmp_path / "out", {}, gate)) is None


@pytest.mark.parametrize("name", ["hatchling/build.py", "hatchling/py.typed", "hatchling-*.dist-info"])
def test_a_backend_that_files_were_deleted_of_is_left_to_uv_and_found_anew_by_the_next_build(
    name: str, backend: Backend, unit: Path, tmp_path: Path, found: list[Path]
) -> None:
    """Whether it fails, or succeeds without something: the cache may be deleted at any time, also in part."""
    backend = replace(backend, cache=Cache(tmp_path / "cache"))
    gate = Gate()
    gate.open(unit)
    codes = []
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        outcome = backend.build(Work("build", _HATCHLING, tmp_path / str(number) / "out", {}, gate))
        codes.append(outcome and outcome.code)
        if number == 0:
            (gone,) = [path for folder in found for path in folder.glob(name)]
            _delete(gone)
    assert codes == [0, None, 0]


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def run_own(unit: Path, source: str, out: Path) -> "subprocess.CompletedProcess[str]":
    """Run a backend with this source in the unit's folder."""
    installed = out.with_name("installed")
    for folder in (installed, out):
        folder.mkdir()
    (installed / "own.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(Path(run_backend.__file__)), str(out), "own", str(installed)]
    return subprocess.run(command, input=str(unit), capture_output=True, text=True, check=False)


def test_hooks_run_in_the_units_folder_each_in_a_process_of_its_own(unit: Path, tmp_path: Path) -> None:
    """As PEP 517 has it."""
    done = run_own(unit, _OWN.format(sdist=""), tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "in unit\n", "")
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert made == {"orders-0.1.0-py3-none-any.whl", "orders-0.1.0.tar.gz"}


@pytest.mark.parametrize("end", ["raise ValueError('no licence')", "raise SystemExit('ValueError: no licence')"])
def test_a_backend_that_fails_says_why(end: str, unit: Path, tmp_path: Path) -> None:
    """And builds nothing further."""
    done = run_own(unit, _OWN.format(sdist=end), tmp_path / "out")
    assert done.returncode == 1
    assert "ValueError: no licence" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_backend_that_asks_for_more_is_left_to_uv(unit: Path, tmp_path: Path) -> None:
    """Such as a compiler's helper for just this unit."""
    hook = "def get_requires_for_build_wheel(settings=None):\n    return ['cython']\n"
    assert run_own(unit, _OWN.format(sdist="") + hook, tmp_path / "out").returncode == MORE_REQUIREMENTS


def test_a_backend_sees_nothing_of_what_the_orchestrator_has_installed(unit: Path, tmp_path: Path) -> None:
    """A build must not depend on the machine it runs on."""
    done = run_own(unit, _OWN.format(sdist="import pydantic"), tmp_path / "out")
    assert "No module named 'pydantic'" in done.stderr


@pytest.mark.parametrize(
    ("table", "system"),
    [
        ('[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', _HATCHLING),
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


@pytest.mark.parametrize("required", ["--index-url=https://x", "./x", "hatchling\n--index-url=https://x"])
def test_what_is_no_requirement_is_not_looked_up(required: str, backend: Backend, unit: Path, tmp_path: Path) -> None:
    """It could be an option that names another index."""
    gate = Gate()
    gate.open(unit)
    system = BuildSystem((required,), "hatchling.build")
    assert backend.build(Work("build", system, tmp_path / "out", {}, gate)) is None
    assert not (tmp_path / "log").exists()


def test_a_backend_that_is_known_is_started_without_a_thread(backend: Backend, unit: Path, tmp_path: Path) -> None:
    """It imports what it needs while the one that started it does so, too; what is not known has to be looked up."""
    gate = Gate()
    knows_nothing = replace(backend, cache=Cache(tmp_path / "kept"))
    assert knows_nothing.started(Work("build", _HATCHLING, tmp_path / "first", {}, gate)) is None
    gate.open(unit)
    assert backend.build(Work("build", _HATCHLING, tmp_path / "first", {}, gate)) is not None
    late = Gate()
    ended = backend.started(Work("build", _HATCHLING, tmp_path / "second", {}, late))
    assert ended is not None
    late.open(unit)
    outcome = ended()
    assert outcome is not None
    assert outcome.code == 0, outcome.output
    assert {path.suffix for path in (tmp_path / "second").iterdir()} == {".whl", ".gz"}
