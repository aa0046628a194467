"""The build backend `some_backend`, which `fake_uv.py` installs: it packs `src`, steered by files as that says."""

import io
import os
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

FOLDER = Path(os.environ["FAKE_UV_FOLDER"])


def steered(name: str) -> str:
    """What a file says that steers this; nothing when it is not there."""
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def stem() -> str:
    """What the names of both packages begin with."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['name'].replace('-', '_')}-{project['version']}"


def metadata() -> str:
    """What the wheel says of itself."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [*project.get("dependencies", ()), *steered("requires-dist").split()]
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    return head + "".join(f"Requires-Dist: {one}\n" for one in required)


def build_wheel(folder: str, _settings: object = None, _metadata: object = None) -> None:
    """Make a wheel of `src`."""
    files = {path.relative_to("src").as_posix(): path.read_text(encoding="utf-8") for path in Path("src").rglob("*.py")}
    content = {name: text + steered("salt") for name, text in files.items()}
    with zipfile.ZipFile(Path(folder, steered("wheel-name") or f"{stem()}-py3-none-any.whl"), "w") as wheel:
        for name, text in sorted({**content, f"{stem()}.dist-info/METADATA": metadata()}.items()):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            wheel.writestr(entry, text)


def build_sdist(folder: str, _settings: object = None) -> None:
    """Make an sdist of the `pyproject.toml`."""
    if failure := steered("fail-build"):
        sys.stderr.write(failure)
        sys.stderr.flush()
        os._exit(1)
    sdist = Path(folder, f"{stem()}.tar.gz")
    if link := steered("link"):
        sdist.symlink_to(link)
        return
    text = Path("pyproject.toml").read_bytes()
    with tarfile.open(sdist, "w:gz") as archive:
        member = tarfile.TarInfo(f"{stem()}/pyproject.toml")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
