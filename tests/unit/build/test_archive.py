"""Archives with the same bytes for the same content."""

import io
import os
import tarfile
import zipfile
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.build.archive import repack_tar, unpack, zip_files, zip_folder
from orchestrator.errors import ArtifactError
from orchestrator.releases.sha256 import sha256_of, sha256_of_file

_NAMES = st.from_regex(r"[a-z]{1,3}(/[A-Z]{1,3})?(/[0-9]{1,3}\.py)?", fullmatch=True)
# No file's path is a folder of another's.
CONTENTS = st.dictionaries(_NAMES.map(lambda name: f"{name}/_"), st.binary(max_size=40), max_size=8)


def zipped(contents: list[tuple[str, bytes]], time: int) -> bytes:
    """Write files in the order given, with a time, and zip them."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, "folder")
        for name, content in contents:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            os.utime(path, (time, time))
        zip_folder(folder, Path(scratch, "result.zip"))
        return Path(scratch, "result.zip").read_bytes()


@settings(max_examples=25)
@given(CONTENTS, st.randoms(use_true_random=False), st.integers(0, 2_000_000_000))
def test_a_zip_depends_on_the_files_and_not_on_when_or_in_what_order_they_were_made(
    contents: dict[str, bytes], random: Random, time: int
) -> None:
    """The heart of 'the same bytes for the same content'."""
    files = list(contents.items())
    expected = zipped(files, 1_000_000_000)
    random.shuffle(files)
    assert zipped(files, time) == expected


@settings(max_examples=25)
@given(CONTENTS)
def test_a_zip_holds_what_went_in(contents: dict[str, bytes]) -> None:
    """Every file with its content, in order of name."""
    with zipfile.ZipFile(io.BytesIO(zipped(list(contents.items()), 0))) as archive:
        assert archive.namelist() == sorted(contents)
        assert {name: archive.read(name) for name in archive.namelist()} == contents


def test_a_zip_leaves_out_bytecode_and_keeps_programs_executable(tmp_path: Path) -> None:
    """Lambda unpacks the modes as they are."""
    folder = tmp_path / "folder"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "a.cpython-313.pyc").write_bytes(b"x")
    (folder / "b.pyc").write_bytes(b"x")
    (folder / "run").write_bytes(b"x")
    (folder / "run").chmod(0o700)
    (folder / "data").write_bytes(b"xy")
    (folder / "data").chmod(0o600)
    zip_folder(folder, tmp_path / "result.zip")
    with zipfile.ZipFile(tmp_path / "result.zip") as archive:
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {"run": "0o100755", "data": "0o100644"}
    assert (unpack(tmp_path / "result.zip", tmp_path / "again") / "data").read_bytes() == b"xy"


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc"])
def test_a_folder_with_a_link_is_not_zipped(target: str, tmp_path: Path) -> None:
    """A link could bring any file of the build machine into a release."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(target)
    with pytest.raises(ArtifactError, match="link is a symbolic link"):
        zip_folder(tmp_path / "folder", tmp_path / "result.zip")


def test_files_can_be_zipped_by_name(tmp_path: Path) -> None:
    """Their order does not matter."""
    zip_files({"b": b"2", "a": b"1"}, tmp_path / "one.zip")
    zip_files({"a": b"1", "b": b"2"}, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_tar_is_repacked_to_the_same_bytes_whoever_made_it_and_when(tmp_path: Path) -> None:
    """Owner, times, modes and order are gone; content and folders stay."""
    for number, names in enumerate((["p/", "p/a", "p/b"], ["p/b", "p/", "p/a"])):
        _tar(tmp_path / f"{number}.tar.gz", names, number)
        repack_tar(tmp_path / f"{number}.tar.gz", tmp_path / f"{number}.new.tar.gz", 1_700_000_000)
    assert (tmp_path / "0.new.tar.gz").read_bytes() == (tmp_path / "1.new.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "0.new.tar.gz") as archive:
        found = [(one.name, one.isdir(), one.mtime, one.uname, oct(one.mode)) for one in archive.getmembers()]
    assert found == [
        ("p", True, 1_700_000_000, "", "0o755"),
        ("p/a", False, 1_700_000_000, "", "0o644"),
        ("p/b", False, 1_700_000_000, "", "0o644"),
    ]


def test_digests_of_files_and_bytes_agree(tmp_path: Path) -> None:
    """SHA-256, hexadecimal."""
    (tmp_path / "file").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(b"abc") == sha256_of_file(tmp_path / "file") == expected


def _tar(path: Path, names: list[str], seed: int) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name.rstrip("/"))
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            member.mtime, member.uid, member.uname = 1_600_000_000 + seed + 0.5, seed, f"user{seed}"
            member.mode = 0o640 + seed * 4
            member.size = 0 if member.isdir() else 1
            archive.addfile(member, io.BytesIO(b"x"))
