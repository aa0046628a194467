"""Wheels that are unpacked for all builds."""

import sys
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.build.archive import unpack
from orchestrator.build.build import Tools
from orchestrator.build.bytecode import Bytecode
from orchestrator.build.cache import Cache
from orchestrator.build.declared import Lock
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.layer import ROOT, assemble
from orchestrator.build.run import Commands
from orchestrator.build.unpacked import Unpacked
from orchestrator.build.uv import Uv
from orchestrator.build.wheel import WHEELS, Fetched, Wheel, to_json
from orchestrator.errors import ArtifactError
from orchestrator.releases.sha256 import sha256_of_file
from tests.unit.build.fakes import COMMITTED_AT, PLATFORM, confined, real_commands

_RECORD = "{name}-1.dist-info/RECORD"


def wheel(folder: Path, name: str, files: Iterable[str]) -> Path:
    """A wheel of files; each holds its name."""
    path = folder / f"{name}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file)
            entry.external_attr = (0o100755 if file.endswith(".sh") else 0o100644) << 16
            archive.writestr(entry, f"# {file}\n")
        listed = "".join(f"{file},sha256=x,1\n" for file in (*files, _RECORD.format(name=name)))
        archive.writestr(_RECORD.format(name=name), listed)
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty one."""
    return Cache(tmp_path / "cache")


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    """Two, with all that is put elsewhere or left out."""
    alpha = ("alpha/__init__.py", "alpha/run.sh", "alpha-1.data/purelib/extra.py", "alpha-1.data/scripts/tool")
    beta = (
        "beta.py",
        "beta_more/tests/test_beta.py",
        "beta_more/tests.py",
        "beta-1.data/platlib/beta_c.so",
        "beta/__pycache__/x.pyc",
        "include/beta.h",
    )
    return [wheel(tmp_path, "alpha", alpha), wheel(tmp_path, "beta", beta)]


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of every file."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mode & 0o100, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_unpacked_wheels_hold_what_the_layer_of_them_does(cache: Cache, wheels: list[Path], tmp_path: Path) -> None:
    """To the byte, so that what can be imported from them can be imported from it. Tests are left out."""
    assemble(wheels, tmp_path / "layer.zip")
    layer = unpack(tmp_path / "layer.zip", tmp_path / "layer") / ROOT
    folders = [Unpacked(cache).of(Fetched(path, sha256_of_file(path))) for path in wheels]
    found: dict[str, tuple[int, bytes]] = {}
    for folder in filter(None, folders):
        found |= contents(folder)
    programs = {"alpha/run.sh"}
    assert {name: content for name, (_, content) in found.items()} == {
        name: content for name, (_, content) in contents(layer).items() if "/tests/" not in name
    }
    assert "beta_more/tests.py" in found
    assert {name for name, (mode, _) in found.items() if mode} == programs


@pytest.mark.parametrize("damage", ["longer", "broken"])
def test_a_wheel_that_cannot_be_unpacked_is_refused_by_name(damage: str, cache: Cache, tmp_path: Path) -> None:
    """It would not load on Lambda, either."""
    path = wheel(tmp_path, "alpha", ("alpha.py",))
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\1\2")
    # In the directory: the length of the file, or its checksum.
    offset, value = (24, b"\xff\xff\xff\x7f") if damage == "longer" else (16, b"\0\0\0\0")
    content[at + offset : at + offset + 4] = value
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"alpha"):
        Unpacked(cache).of(Fetched(path, sha256_of_file(path)))
    assert not any((cache.folder / "unpacked-wheels").iterdir())


class Machine:
    """A machine that has wheels, and knows what a lock comes down to."""

    def __init__(self, cache: Cache, folder: Path, wheels: Iterable[Path]) -> None:
        found = [Wheel(path.stem, "1", path.name, "", sha256_of_file(path)) for path in wheels]
        for one, path in zip(found, wheels, strict=True):
            cache.keep(WHEELS, one.sha256, path, one.sha256)
        self.locked = Lock("lock", PLATFORM)
        cache.keep("locked-wheels", self.locked.sha256, to_json(found))
        commands = Commands("orders", folder / "log", {}, 30, confined(folder))
        self.dependencies = Dependencies(Uv(commands, "uv", sys.executable, COMMITTED_AT), cache, PLATFORM)


def test_a_layer_is_imported_from_the_folders_of_its_wheels(cache: Cache, wheels: list[Path], tmp_path: Path) -> None:
    """Unpacked when they are asked for, once."""
    machine = Machine(cache, tmp_path, wheels)
    assert machine.dependencies.unpacked(machine.locked, anew=False) == ()
    folders = machine.dependencies.unpacked(machine.locked, anew=True)
    assert [(folder / name).is_file() for folder, name in zip(folders, ("extra.py", "beta.py"), strict=True)]
    assert machine.dependencies.unpacked(machine.locked, anew=False) == folders


def test_where_wheels_share_a_name_the_layer_itself_is_imported(cache: Cache, tmp_path: Path) -> None:
    """As parts of a namespace do: Python would take the first folder's alone."""
    both = [wheel(tmp_path, name, ("shared/__init__.py", f"shared/{name}.py")) for name in ("one", "two")]
    machine = Machine(cache, tmp_path, both)
    assert machine.dependencies.unpacked(machine.locked, anew=True) == ()


def test_where_a_wheel_is_missing_the_layer_itself_is_imported(
    cache: Cache, wheels: list[Path], tmp_path: Path
) -> None:
    """Another machine may have made it."""
    machine = Machine(cache, tmp_path, wheels)
    (folder,) = (cache.folder / WHEELS).glob(sha256_of_file(wheels[0]))
    for file in folder.iterdir():
        file.unlink()
    assert machine.dependencies.unpacked(machine.locked, anew=True) == ()


@pytest.fixture
def bytecode(real_tools: Tools, tmp_path: Path) -> Bytecode:
    """Compiles with this interpreter, in a folder of its own."""
    scratch = tmp_path / "compile"
    scratch.mkdir()
    return Bytecode(real_commands(real_tools, scratch), sys.executable, scratch)


def compiled(folder: Path) -> set[str]:
    """The modules that there is bytecode of."""
    return {path.name.partition(".")[0] for path in folder.rglob("*.pyc")}


def test_what_can_be_compiled_is(bytecode: Bytecode, tmp_path: Path) -> None:
    """None of it is run, and what is no Python is no error."""
    folder = tmp_path / "wheel"
    (folder / "alpha").mkdir(parents=True)
    ran = tmp_path / "ran"
    for name, source in (
        ("alpha/__init__.py", f"open({str(ran)!r}, 'w')\n"),
        ("alpha/other.py", "x = 1\n"),
        ("alpha/broken.py", "x = = 1\n"),
        ("alpha/deep.py", f"x = {'(' * 5000}\n"),
    ):
        (folder / name).write_text(source, encoding="utf-8")
    bytecode.make([folder])
    assert compiled(folder) == {"__init__", "other"}
    assert not ran.exists()
    (folder / "alpha/new.py").write_text("x = 1\n", encoding="utf-8")
    bytecode.make([folder])
    assert "new" not in compiled(folder)


def test_when_the_build_is_over_nothing_more_is_compiled(bytecode: Bytecode, tmp_path: Path) -> None:
    """The next build goes on with it."""
    folder = tmp_path / "wheel"
    folder.mkdir()
    (folder / "alpha.py").write_text("x = 1\n", encoding="utf-8")
    with bytecode.ended():
        pass
    bytecode.make([folder])
    assert compiled(folder) == set()
    other = tmp_path / "other"
    other.mkdir()
    replace(bytecode, scratch=other).make([folder])
    assert compiled(folder) == {"alpha"}
