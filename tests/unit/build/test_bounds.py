"""Archives that are made to do harm."""

import gzip
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
    with pytest.raises(ArtifactError, match=r"six/out.* is a symbolic link"):
        check_archive(write(tmp_path / "six.whl", (link(), b"/etc/passwd")), _MIB)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """Which of them is meant differs from one program to the next."""
    with pytest.warns(UserWarning, match="Duplicate"):
        file = write(tmp_path / "six.whl", ("six.py", b"good"), ("six.py", b"evil"))
    with pytest.raises(ArtifactError, match=r"six\.py. is there twice"):
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


def test_two_files_of_which_one_is_the_other_s_folder_are_refused(tmp_path: Path) -> None:
    """They cannot both be unpacked."""
    with pytest.raises(ArtifactError, match="'six' is both a file and a folder"):
        check_archive(write(tmp_path / "six.whl", ("six", b""), ("six/inner/six.py", b"")), _MIB)


@pytest.mark.parametrize("name", ["six\n.py", "six\x1b[2J.py", "\x7fsix.py"])
def test_a_name_with_control_characters_is_refused(tmp_path: Path, name: str) -> None:
    """Logs and terminals would obey it."""
    with pytest.raises(ArtifactError, match="control characters"):
        check_archive(write(tmp_path / "six.whl", (name, b"")), _MIB)


@pytest.mark.parametrize("name", ["a" * 256, "/".join(["ab"] * 1000)])
def test_a_name_that_cannot_be_unpacked_is_refused(tmp_path: Path, name: str) -> None:
    """Some archives hold names that no file system takes."""
    with pytest.raises(ArtifactError, match="too long to be unpacked"):
        check_archive(write(tmp_path / "six.whl", (name, b"")), _MIB)


def test_a_method_whose_memory_the_archive_decides_on_is_refused(tmp_path: Path) -> None:
    """Lambda unpacks no such zip either."""
    with zipfile.ZipFile(tmp_path / "six.whl", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("six.py", b"six")
    with pytest.raises(ArtifactError, match="compressed in a way that Lambda does not unpack"):
        check_archive(tmp_path / "six.whl", _MIB)


def test_a_list_of_files_that_is_too_long_is_not_even_read(tmp_path: Path) -> None:
    """Python would make an object of each entry before it could be counted."""
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 64 * _MIB, 0, 0)
    with (tmp_path / "six.whl").open("wb") as file:
        file.truncate(64 * _MIB)
        file.seek(0, 2)
        file.write(end)
    with pytest.raises(ArtifactError, match="it takes more than"):
        check_archive(tmp_path / "six.whl", 10 * _MIB)


def test_a_second_end_that_allows_more_is_refused(tmp_path: Path) -> None:
    """The extension for huge zips overrules what the first end says."""
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0)
    (tmp_path / "six.whl").write_bytes(bytes(56) + locator + end)
    with pytest.raises(ArtifactError, match="it takes more than"):
        check_archive(tmp_path / "six.whl", _MIB)


def test_a_header_of_an_sdist_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    """It is read at once, and a few kilobytes unpack to it."""
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    with gzip.open(tmp_path / "six.tar.gz", "wb") as file:
        file.write(header.tobuf(tarfile.GNU_FORMAT))
        file.write(bytes(2 * _MIB))
    with pytest.raises(ArtifactError, match="a header is as long as none is"):
        check_tar(tmp_path / "six.tar.gz", 10 * _MIB)


@given(st.binary(max_size=2_000))
def test_what_is_no_sdist_is_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever the compressed stream holds."""
    file = tmp_path_factory.mktemp("bytes") / "six.tar.gz"
    file.write_bytes(gzip.compress(b"x" + content))
    with pytest.raises(ArtifactError):
        check_tar(file, _MIB)
