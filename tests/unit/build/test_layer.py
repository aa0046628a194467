"""Layers out of wheels, compared with what installing makes."""

import stat
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.build.archive import zip_folder
from orchestrator.build.build import Tools
from orchestrator.build.declared import Declared, Lock
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.layer import assemble, installed_path
from orchestrator.build.rawzip import RawZipWriter
from orchestrator.build.uv import Uv
from orchestrator.errors import ArtifactError
from orchestrator.releases.sha256 import sha256_of_file
from tests.unit.build.fakes import COMMITTED_AT, PLATFORM, real_commands

# Compiled code, programs, headers, data files, entry points, vendored packages; together they have it all.
_REAL = ("requests==2.32.5", "pydantic==2.12.5", "numpy==2.3.5", "greenlet==3.3.0", "sympy==1.14.0", "six==1.17.0")


def wheel(path: Path, files: Mapping[str, str], record: str | None = None) -> Path:
    """A wheel with some files; its list of files names them all unless told otherwise."""
    name = f"{path.name.split('-')[0]}-1.dist-info/RECORD"
    rows = record if record is not None else "".join(f"{file},sha256=x,1\n" for file in files) + f"{name},,\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in {**files, name: rows}.items():
            archive.writestr(file, content)
    return path


def content(layer: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of a layer with its mode and its content."""
    with zipfile.ZipFile(layer) as archive:
        assert archive.testzip() is None
        return {
            entry.filename: (stat.S_IMODE(entry.external_attr >> 16), archive.read(entry))
            for entry in archive.infolist()
        }


def installed(uv: Uv, locked: Lock, folder: Path) -> Path:
    """The layer that uv makes by installing all of a lock together."""
    target = folder / "target"
    (folder / "requirements.txt").write_text(locked.text, encoding="utf-8")
    options = ["--python-version", "3.13", "--python-platform", "x86_64-manylinux_2_34", "--require-hashes"]
    arguments = ["pip", "install", "--no-deps", "--target", str(target), *options, "-r", "requirements.txt"]
    outcome = uv.attempt("install", arguments, folder, dated=False)
    assert outcome.code == 0, outcome.output
    zip_folder(target, folder / "installed.zip")
    assemble([folder / "installed.zip"], folder / "installed-layer.zip")
    return folder / "installed-layer.zip"


def test_a_layer_of_real_wheels_holds_the_files_that_installing_them_makes(real_tools: Tools, tmp_path: Path) -> None:
    """The same names, modes and contents, lists of files included."""
    uv = Uv(real_commands(real_tools, tmp_path), real_tools.uv, sys.executable, COMMITTED_AT)
    dependencies = Dependencies(uv, real_tools.cache, PLATFORM)
    locked = dependencies.lock(Declared("projects/orders", "0.1.0", _REAL, "pyproject.toml"), tmp_path)
    layer = content(dependencies.layer(locked, tmp_path, tmp_path / "layer.zip").path)
    assert "is installed by uv" not in (tmp_path / "log").read_text(encoding="utf-8")

    by_uv = content(installed(uv, locked, tmp_path))

    assert sorted(layer) == sorted(by_uv)
    assert layer == by_uv
    assert {"python/share/man/man1/isympy.1", "python/six.py", "python/numpy/__init__.py"} <= layer.keys()
    assert not any(name.startswith(("python/bin", "python/include")) or name.endswith(".pyc") for name in layer)


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ("a.py", "a.py"),
        ("a-1.data/purelib/a.py", "a.py"),
        ("a-1.data/platlib/a/b.so", "a/b.so"),
        ("a-1.data/data/share/a", "share/a"),
        ("a-1.data/data/bin/a", None),
        ("a-1.data/scripts/a", None),
        ("a-1.data/headers/a.h", None),
        ("a-1.data/purelib", None),
        ("bin/a", None),
        ("a/__pycache__/b.cpython-313.pyc", None),
        ("a/b.pyc", None),
        ("a-1.dist-info/METADATA", "a-1.dist-info/METADATA"),
        ("a-1.dist-info/INSTALLER", None),
        ("a/INSTALLER", "a/INSTALLER"),
    ],
)
def test_members_of_wheels_go_where_installers_put_them(member: str, path: str | None) -> None:
    """What no Lambda needs goes nowhere."""
    assert installed_path(member) == path


@pytest.mark.parametrize("member", ["../a.py", "/a.py", "a/../../b.py", "a\\..\\b.py", "a-1.data/purelib/../../b.py"])
def test_a_path_that_leads_out_of_the_layer_is_refused(member: str, tmp_path: Path) -> None:
    """A wheel is not trusted, whatever hash it has."""
    with pytest.raises(ArtifactError, match="leads out of the folder"):
        assemble([wheel(tmp_path / "a-1.whl", {member: ""})], tmp_path / "layer.zip")


def test_a_link_in_a_wheel_is_refused(tmp_path: Path) -> None:
    """It could lead anywhere."""
    with zipfile.ZipFile(tmp_path / "a-1.whl", "w") as archive:
        entry = zipfile.ZipInfo("a.py")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(ArtifactError, match=r"a\.py in .*a-1\.whl is a symbolic link"):
        assemble([tmp_path / "a-1.whl"], tmp_path / "layer.zip")


def test_a_wheel_that_is_no_zip_is_refused_by_name(tmp_path: Path) -> None:
    """Whoever published it."""
    (tmp_path / "a-1.whl").write_bytes(b"not a zip")
    with pytest.raises(ArtifactError, match=r"a-1\.whl is not a wheel"):
        assemble([tmp_path / "a-1.whl"], tmp_path / "layer.zip")


def test_a_file_that_no_layer_can_hold_is_not_even_looked_into(tmp_path: Path) -> None:
    """It may be a bomb."""
    with zipfile.ZipFile(tmp_path / "a-1.whl", "w") as archive:
        archive.writestr("a-1.dist-info/RECORD", b"", compress_type=zipfile.ZIP_LZMA)
        archive.infolist()[0].file_size = 300_000_000
    with pytest.raises(ArtifactError, match=r"RECORD of a-1 takes 300,000,000 bytes unzipped, and .* do without a-1\."):
        assemble([tmp_path / "a-1.whl"], tmp_path / "layer.zip")


def test_of_two_files_of_one_name_the_later_stays_and_is_told(tmp_path: Path) -> None:
    """Equal ones, such as a namespace's empty file, are nobody's business."""
    first = wheel(tmp_path / "a-1.whl", {"space/__init__.py": "", "tests/__init__.py": "a", "a.py": "a"})
    second = wheel(tmp_path / "b-1.whl", {"space/__init__.py": "", "tests/__init__.py": "b"})
    made = assemble([first, second], tmp_path / "layer.zip")
    assert made.clashes == ("tests/__init__.py",)
    assert made.sha256 == sha256_of_file(tmp_path / "layer.zip")
    assert content(tmp_path / "layer.zip")["python/tests/__init__.py"] == (0o644, b"b")


def test_a_packages_list_of_files_names_what_is_there(tmp_path: Path) -> None:
    """So that `importlib.metadata` tells the truth."""
    files = {"a.py": "a", "bin/a": "program", "a-1.data/data/share/a": "data"}
    assemble([wheel(tmp_path / "a-1.whl", files)], tmp_path / "layer.zip")
    assert content(tmp_path / "layer.zip")["python/a-1.dist-info/RECORD"] == (
        0o644,
        b"a-1.dist-info/RECORD,,\na.py,sha256=x,1\nshare/a,sha256=x,1\n",
    )


_NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="/\\"), min_size=1)
_METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])


@given(st.dictionaries(_NAMES, st.tuples(st.binary(max_size=300), _METHODS), max_size=8))
def test_what_is_taken_over_from_another_zip_is_what_was_in_it(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, tuple[bytes, int]]
) -> None:
    """However it was compressed there, and whatever its names are."""
    folder = tmp_path_factory.mktemp("zip")
    with zipfile.ZipFile(folder / "old.zip", "w") as old:
        for name, (text, method) in files.items():
            old.writestr(name, text, compress_type=method)
    with zipfile.ZipFile(folder / "old.zip") as old, RawZipWriter(folder / "new.zip") as new:
        for entry in old.infolist():
            new.copy(entry.filename, 0o755, old, entry)
    assert content(folder / "new.zip") == {name: (0o755, text) for name, (text, _) in files.items()}


def test_more_files_than_a_zip_can_hold_are_told_by_package(tmp_path: Path) -> None:
    """Before anything is written."""
    wheels = [
        wheel(tmp_path / f"{name}-1.whl", {f"{name}/{number}.py": "" for number in range(count)}, record="")
        for name, count in (("few", 10), ("many", 66_000))
    ]
    with pytest.raises(ArtifactError, match=r"66,012 files, and a zip can hold 65,535: .* many-1 \(66,001\)"):
        assemble(wheels, tmp_path / "layer.zip")
    assert not (tmp_path / "layer.zip").exists()
