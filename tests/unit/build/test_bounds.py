"""Archives that are made to do harm."""

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.build.bounds import check_archive, check_tar
from orchestrator.errors import ArtifactError

_MIB = 1024**2


def write(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def link() -> zipfile.ZipInfo:
    """A symbolic link, as Unix writes it."""
    entry = zipfile.ZipInfo("six/out")
    entry.create_system = 3
    entry.external_attr = 0o120777 << 16
    return entry


def test_an_honest_wheel_is_listed(tmp_path: Path) -> None:
    """Folders are no files."""
    file = write(tmp_path / "six.whl", ("six/", b""), ("six/__init__.py", b"a"), ("six.dist-info/RECORD", b"ab"))
    assert [(one.name, one.size) for one in check_archive(file, _MIB)] == [
        ("six/__init__.py", 1),
        ("six.dist-info/RECORD", 2),
    ]


def test_a_bomb_that_tells_its_size_is_refused_unread(tmp_path: Path) -> None:
    """A megabyte of zeros is a kilobyte zipped."""
    file = write(tmp_path / "bomb.whl", *((f"{number}", bytes(_MIB)) for number in range(20)))
    assert file.stat().st_size < 100_000
    with pytest.raises(ArtifactError, match=r"bomb\.whl is refused: unpacked, it takes more than a Lambda may have"):
        check_archive(file, 10 * _MIB)


def test_a_bomb_that_lies_about_its_size_is_refused_at_the_size_it_tells(tmp_path: Path) -> None:
    """In both places where a zip has sizes."""
    file = write(tmp_path / "bomb.whl", ("zeros", bytes(20 * _MIB)))
    content = file.read_bytes().replace(struct.pack("<I", 20 * _MIB), struct.pack("<I", 10))
    file.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"bomb\.whl"):
        check_archive(file, 10 * _MIB)


@pytest.mark.parametrize("name", ["../evil.pth", "/etc/evil", "six/../../evil", "six\\..\\evil"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    """Wherever it is unpacked."""
    with pytest.raises(ArtifactError, match="leads out of the folder"):
        check_archive(write(tmp_path / "six.whl", (name, b"")), _MIB)


def test_a_link_is_refused(tmp_path: Path) -> None:
    """What it leads to is not the wheel's."""
    with pytest.raises(ArtifactError, match="six/out is a symbolic link"):
        check_archive(write(tmp_path / "six.whl", (link(), b"/etc/passwd")), _MIB)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """Which of them is meant differs from one program to the next."""
    with pytest.warns(UserWarning, match="Duplicate"):
        file = write(tmp_path / "six.whl", ("six.py", b"good"), ("six.py", b"evil"))
    with pytest.raises(ArtifactError, match=r"six\.py is there twice"):
        check_archive(file, _MIB)


@given(st.binary(max_size=200))
def test_what_is_no_zip_is_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """With a sentence, whatever it is."""
    file = tmp_path_factory.mktemp("bytes") / "six.whl"
    file.write_bytes(content)
    with pytest.raises(ArtifactError, match="cannot be read"):
        check_archive(file, _MIB)


def sdist(path: Path, *members: tarfile.TarInfo) -> Path:
    """Write a `.tar.gz`."""
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(bytes(member.size)) if member.isreg() else None)
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, target: str = "") -> tarfile.TarInfo:
    """A member of a `.tar.gz`."""
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, target
    return made


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: member("../evil"), "leads out of the folder"),
        (lambda: member("six/out", tarfile.SYMTYPE, target="/etc"), "is a link or a device"),
        (lambda: member("six/out", tarfile.LNKTYPE, target="../../etc/passwd"), "is a link or a device"),
        (lambda: member("six/null", tarfile.CHRTYPE), "is a link or a device"),
        (lambda: member("six/zeros", size=11 * _MIB), "it takes more than"),
    ],
)
def test_an_sdist_that_means_harm_is_refused(tmp_path: Path, make: Callable[[], tarfile.TarInfo], said: str) -> None:
    """Before anything of it is used."""
    with pytest.raises(ArtifactError, match=said):
        check_tar(sdist(tmp_path / "six.tar.gz", member("six", tarfile.DIRTYPE), make()), 10 * _MIB)


def test_an_honest_sdist_passes(tmp_path: Path) -> None:
    """Nothing is left to say."""
    check_tar(sdist(tmp_path / "six.tar.gz", member("six/six.py", size=100)), _MIB)
