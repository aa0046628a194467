"""Build backends that are run without uv."""

import json
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
from orchestrator.build.run_backend import NOTHING_TO_BUILD
from orchestrator.build.uv import Uv
from orchestrator.errors import BuildError, ConfigurationError
from tests.unit.build.fakes import COMMITTED_AT, real_commands, unit_commands

_HATCHLING = BuildSystem(("hatchling",), "hatchling.build")
_PROJECT = """
[project]
name = "orders"
version = "0.1.0"
description = "Takes orders."
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["src/orders"]
"""
# Written such that it is none of those that are known.
_FLIT = BuildSystem(("flit_core",), "flit_core.buildapi:")
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
    own, fetched, scratch = (tmp_path / name for name in ("own", "fetched", "scratch"))
    for folder in (own, fetched, scratch):
        folder.mkdir()
    uv = Uv(real_commands(real_tools, fetched), real_tools.uv, sys.executable, COMMITTED_AT)
    return Backend(uv, real_tools.cache, fetched, unit_commands(real_tools, scratch), scratch, own, found.extend)


def work(backend: Backend, name: str, gate: Gate, system: BuildSystem = _HATCHLING) -> Work:
    """Work whose results go into a folder of this name, in one of their own."""
    parent = backend.scratch / name
    parent.mkdir()
    backend.commands.give(parent)
    return Work("build", "pyproject.toml", system, parent / "out", {}, gate)


def made(wanted: Work) -> set[str]:
    """What a backend has made."""
    return {path.name for path in wanted.out.iterdir()}


def opened(backend: Backend, unit: Path) -> Gate:
    """A gate that opens to the unit, which is the backend's from now on."""
    gate = Gate()
    gate.open(backend.commands.give_all(unit.rename(backend.scratch / "unit")))
    return gate


_BOTH = {"orders-0.1.0-py3-none-any.whl", "orders-0.1.0.tar.gz"}


@pytest.mark.parametrize("name", ["hatchling.build", "setuptools.build_meta"])
def test_a_backend_is_looked_up_once_and_builds_both(
    name: str, backend: Backend, unit: Path, found: list[Path]
) -> None:
    """The second time nothing is asked of the index; it is imported from where its wheels are unpacked."""
    system, gate = BuildSystem((name.split(".", maxsplit=1)[0],), name), opened(backend, unit)
    for number in (1, 2):
        wanted = work(backend, str(number), gate, system)
        outcome = backend.build(wanted)
        assert outcome.code == 0, outcome.output
        assert made(wanted) == _BOTH
    log = (backend.fetched / "log").read_text(encoding="utf-8")
    assert log.count(" pip compile ") <= 1
    assert any((folder / name.partition(".")[0]).is_dir() for folder in found)


def test_a_backend_that_waits_ends_when_there_is_nothing_to_build(backend: Backend) -> None:
    """Such as when the sources cannot be had."""
    with Gate() as gate:
        pass
    wanted = work(backend, "first", gate)
    assert backend.build(wanted).code == NOTHING_TO_BUILD
    assert made(wanted) == set()


@pytest.mark.parametrize("system", [_FLIT, BuildSystem.read("", "pyproject.toml")], ids=["unknown", "none named"])
def test_a_backend_of_another_kind_is_installed_for_the_build(
    system: BuildSystem, backend: Backend, unit: Path, found: list[Path]
) -> None:
    """With its programs on the PATH; where none is named, it is setuptools."""
    wanted = work(backend, "first", opened(backend, unit), system)
    outcome = backend.build(wanted)
    assert outcome.code == 0, outcome.output
    assert made(wanted) == _BOTH
    assert found == []


@pytest.mark.parametrize("name", ["hatchling/build.py", "hatchling/py.typed", "hatchling-*.dist-info"])
def test_a_backend_that_files_were_deleted_of_is_installed_for_this_build_and_found_anew_by_the_next(
    name: str, backend: Backend, unit: Path, tmp_path: Path, found: list[Path]
) -> None:
    """Whether it fails, or succeeds without something: the cache may be deleted at any time, also in part."""
    backend = replace(backend, cache=Cache(tmp_path / "cache"))
    gate, installed = opened(backend, unit), []
    for number in range(3):
        wanted = work(backend, str(number), gate)
        assert backend.build(wanted).code == 0
        assert made(wanted) == _BOTH
        installed.append(len(list(backend.fetched.glob("backend-*/installed"))))
        if number == 0:
            (gone,) = [path for folder in found for path in folder.glob(name)]
            _delete(gone)
    assert installed == [0, 1, 1]


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
    wanted = {"out": str(out), "backend": "own", "path": [], "known": [], "asks": str(out.with_name("asks"))}
    command = [sys.executable, "-I", "-S", str(Path(run_backend.__file__)), json.dumps(wanted), str(installed)]
    return subprocess.run(command, input=str(unit), capture_output=True, text=True, check=False)


def test_hooks_run_in_the_units_folder_each_in_a_process_of_its_own(unit: Path, tmp_path: Path) -> None:
    """As PEP 517 has it."""
    done = run_own(unit, _OWN.format(sdist=""), tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "in unit\n", "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == _BOTH


@pytest.mark.parametrize("end", ["raise ValueError('no licence')", "raise SystemExit('ValueError: no licence')"])
def test_a_backend_that_fails_says_why(end: str, unit: Path, tmp_path: Path) -> None:
    """And builds nothing further."""
    done = run_own(unit, _OWN.format(sdist=end), tmp_path / "out")
    assert done.returncode == 1
    assert "ValueError: no licence" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_backend_that_asks_for_more_gets_it_before_it_builds(backend: Backend, unit: Path) -> None:
    """Such as a compiler's helper for just this unit. It is its own, and has no network when it is asked."""
    hook = "def get_requires_for_build_wheel(settings=None):\n    return ['six']\n"
    (unit / "own.py").write_text(_OWN.format(sdist="import six") + hook, encoding="utf-8")
    wanted = work(backend, "first", opened(backend, unit), BuildSystem((), "own", (".",)))
    outcome = backend.build(wanted)
    assert outcome.code == 0, outcome.output
    assert made(wanted) == _BOTH


def test_a_backend_that_never_has_enough_is_ended(backend: Backend, unit: Path) -> None:
    """It may ask for something else each time."""
    hook = "import os\ndef get_requires_for_build_wheel(settings=None):\n    return [f'six>=1.{len(os.listdir())}']\n"
    source = _OWN.format(sdist="") + hook + "open(f'{len(os.listdir())}', 'w').close()\n"
    (unit / "own.py").write_text(source, encoding="utf-8")
    with pytest.raises(BuildError, match="'own' asked for other requirements each time"):
        backend.build(work(backend, "first", opened(backend, unit), BuildSystem((), "own", (".",))))


def test_a_backend_sees_nothing_of_what_the_orchestrator_has_installed(unit: Path, tmp_path: Path) -> None:
    """A build must not depend on the machine it runs on."""
    done = run_own(unit, _OWN.format(sdist="import pydantic"), tmp_path / "out")
    assert "No module named 'pydantic'" in done.stderr


@pytest.mark.parametrize(
    ("table", "system", "is_simple"),
    [
        ('[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', _HATCHLING, True),
        (
            '[build-system]\nrequires = []\nbuild-backend = "hatchling.build"\nbackend-path = ["."]\n',
            BuildSystem((), "hatchling.build", (".",)),
            False,
        ),
        (
            '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n',
            BuildSystem(("maturin",), "maturin"),
            False,
        ),
        ("", BuildSystem(("setuptools>=40.8.0",), "setuptools.build_meta:__legacy__"), False),
        (
            '[build-system]\nrequires = ["x"]\n',
            BuildSystem(("x",), "setuptools.build_meta:__legacy__"),
            False,
        ),
    ],
)
def test_only_backends_in_plain_python_share_what_they_require(
    table: str, system: BuildSystem, *, is_simple: bool
) -> None:
    """Others may need programs on the PATH."""
    read = BuildSystem.read(table, "pyproject.toml")
    assert (read, read.is_simple) == (system, is_simple)


@pytest.mark.parametrize(
    "table",
    [
        '[build-system]\nrequires = [1]\nbuild-backend = "hatchling.build"\n',
        '[build-system]\nrequires = []\nbuild-backend = ["hatchling.build"]\n',
        '[build-system]\nbuild-backend = "hatchling.build"\n',
        'build-system = "hatchling"',
    ],
)
def test_what_names_no_backend_is_refused_with_file_and_key(table: str) -> None:
    """Source: PEP 518."""
    with pytest.raises(ConfigurationError, match=r"projects/orders/pyproject\.toml: build-system is not valid: write"):
        BuildSystem.read(table, "projects/orders/pyproject.toml")


@pytest.mark.parametrize(
    "required",
    [
        "--index-url=https://x",
        "./x",
        "hatchling\n--index-url=https://x",
        "hatchling @ file:///nowhere/hatchling.tar.gz",
    ],
)
def test_what_is_no_requirement_of_an_index_is_refused(required: str, backend: Backend, unit: Path) -> None:
    """It could be an option that names another index, or sources that would be built while the network is in reach."""
    system = BuildSystem((required,), "hatchling.build")
    with pytest.raises(ConfigurationError, match=r"build-system\.requires: '.*' is (not valid|a folder, a file or)"):
        backend.build(work(backend, "first", opened(backend, unit), system))
    assert not (backend.fetched / "log").exists()


def test_a_backend_that_is_known_is_started_without_a_thread(backend: Backend, unit: Path, tmp_path: Path) -> None:
    """It imports what it needs while the one that started it does so, too; what is not known has to be looked up."""
    gate = Gate()
    first = work(backend, "first", gate)
    assert replace(backend, cache=Cache(tmp_path / "kept")).started(first) is None
    folder = backend.commands.give_all(unit.rename(backend.scratch / "unit"))
    gate.open(folder)
    assert backend.build(first).code == 0
    late = Gate()
    second = work(backend, "second", late)
    ended = backend.started(second)
    assert ended is not None
    late.open(folder)
    outcome = ended()
    assert outcome is not None
    assert outcome.code == 0, outcome.output
    assert made(second) == _BOTH
