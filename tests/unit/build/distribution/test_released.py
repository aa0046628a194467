"""The form in which wheels are released."""

import csv
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import uv

from orchestrator.build.archive import unpack
from orchestrator.build.distribution.metadata import read_metadata
from orchestrator.build.distribution.released import Named, released_wheel
from orchestrator.errors import ArtifactError

_NAMED = Named("my-unit", "1.0.post1")
_METADATA = "Metadata-Version: 2.1\nName: my-unit\nVersion: {version}\n\nVersion: of the description\n"


def wheel(folder: Path, files: dict[str, str], *, version: str = "1.0.post1", mode: int = 0o644) -> Path:
    """A wheel as a build backend makes it."""
    stem = f"my_unit-{version}"
    about = {"METADATA": _METADATA.format(version=version), "WHEEL": "Wheel-Version: 1.0\n", "RECORD.jws": "{}"}
    path = folder / "my_unit-1.0.post1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, **{f"{stem}.dist-info/{name}": text for name, text in about.items()}}.items():
            entry = zipfile.ZipInfo(name.format(stem=stem))
            entry.external_attr = mode << 16
            archive.writestr(entry, text)
    return path


def test_what_is_as_it_is_released_stays_byte_by_byte(tmp_path: Path) -> None:
    """As the build backend has made it."""
    made = wheel(tmp_path, {"my_unit/__init__.py": "", "{stem}.data/scripts/run": ""})
    assert released_wheel(made, _NAMED, tmp_path / "scratch") == made


def test_what_pip_would_put_beside_modules_lies_there(tmp_path: Path) -> None:
    """Lambda unpacks a zip and knows nothing of `.data`; installed by a tool, the wheel is the same."""
    files = {
        "my_unit/__init__.py": "",
        "{stem}.data/purelib/helper.py": "ANSWER = 42\n",
        "{stem}.data/data/share/rates.json": "{}",
        "{stem}.data/scripts/run": "#!python\n",
    }
    made = released_wheel(wheel(tmp_path, files), _NAMED, tmp_path / "scratch")
    folder = unpack(made, tmp_path / "task")
    script = "import helper, my_unit; print(helper.ANSWER)"
    ran = subprocess.run([sys.executable, "-B", "-c", script], cwd=folder, check=True, capture_output=True, text=True)
    assert ran.stdout == "42\n"
    assert (folder / "share/rates.json").is_file()
    record = list(csv.reader((folder / "my_unit-1.0.post1.dist-info/RECORD").read_text().splitlines()))
    assert {row[0] for row in record} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file()
    } | {
        "my_unit-1.0.post1.dist-info/METADATA",
        "my_unit-1.0.post1.dist-info/WHEEL",
        "my_unit-1.0.post1.dist-info/RECORD",
        "my_unit-1.0.post1.data/scripts/run",
    }
    install = [uv.find_uv_bin(), "pip", "install", "--offline", "--no-deps", "--target", str(tmp_path / "there")]
    subprocess.run([*install, str(made)], check=True, capture_output=True)
    assert (tmp_path / "there/helper.py").is_file()


def test_files_that_lambdas_user_could_not_read_are_made_readable(tmp_path: Path) -> None:
    """Python's own zipfile writes them so; programs stay programs."""
    for mode, wanted in ((0o600, 0o644), (0o700, 0o755)):
        made = released_wheel(wheel(tmp_path, {"a.py": ""}, mode=mode), _NAMED, tmp_path / f"scratch-{mode}")
        with zipfile.ZipFile(made) as archive:
            assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o644, wanted}


def test_a_wheel_of_another_version_gets_the_releases(tmp_path: Path) -> None:
    """Where the build backend says the version itself; no signature holds any more."""
    made = released_wheel(wheel(tmp_path, {"a.py": ""}, version="4.5.6"), _NAMED, tmp_path / "scratch")
    metadata = read_metadata(made)
    assert (metadata.folder, metadata.name, metadata.version) == ("my_unit-1.0.post1.dist-info", "my-unit", "1.0.post1")
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        assert archive.read(f"{metadata.folder}/METADATA").endswith(b"\n\nVersion: of the description\n")
    assert "my_unit-1.0.post1.dist-info/RECORD.jws" not in names
    assert not any("4.5.6" in name for name in names)


def test_the_same_wheel_makes_the_same_bytes(tmp_path: Path) -> None:
    """Whenever it is written."""
    made = wheel(tmp_path, {"a.py": "", "b.py": ""}, version="0")
    one, two = (released_wheel(made, _NAMED, tmp_path / name).read_bytes() for name in ("one", "two"))
    assert one == two


def test_two_files_in_one_place_are_refused(tmp_path: Path) -> None:
    """The same content is one file."""
    same = wheel(tmp_path, {"a.py": "1", "{stem}.data/purelib/a.py": "1"})
    released_wheel(same, _NAMED, tmp_path / "same")
    made = wheel(tmp_path, {"a.py": "1", "{stem}.data/purelib/a.py": "2"})
    with pytest.raises(ArtifactError, match=r"holds a\.py twice, in its \.data folder with other content"):
        released_wheel(made, _NAMED, tmp_path / "scratch")
