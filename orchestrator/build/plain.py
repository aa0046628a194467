"""The code of a unit that no build backend packages: what its template names, or what lies in its folder.

Nothing of the unit runs for it: a wheel of pure Python is a zip of its files with three small ones beside them, and
these follow from its name and version.
"""

import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator import __version__
from orchestrator.build.archive import repack_tar, zip_folder
from orchestrator.build.distribution.record import write_record
from orchestrator.build.distribution.released import Named
from orchestrator.build.folders.contents import FolderContents, folder_contents
from orchestrator.build.folders.exclusions import PYTHON_EXCLUDED
from orchestrator.build.local_code import local_folders
from orchestrator.build.package import Package
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE
from orchestrator.build.starting import source_time
from orchestrator.build.uv import Uv
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.facts import TEMPLATES
from orchestrator.source.reading import within

_SOURCES = "src"
_PYTHON = ".py"
# Nobody expects these in a package.
_USUALLY_LEFT_OUT = (".git", ".gitignore", "__pycache__")


@dataclass(frozen=True)
class PlainCode:
    """What the wheel of such a unit is made of.

    Attributes:
        files: what goes into it, by the path in there.
        folders: where lists of its dependencies are looked for, from the repository's root.
        left_out: what of its folders is not packaged, from the repository's root.
    """

    files: Mapping[str, Path]
    folders: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What is said of files that are not packaged."""
        told = [path for path in self.left_out if path.rstrip("/").rpartition("/")[2] not in _USUALLY_LEFT_OUT]
        return [f"The wheel leaves out {', '.join(told)}, as 'sam build' does."] if told else []


def plain_code(unit: Unit, tree: Path, document: Mapping[str, Any] | None, template: str) -> PlainCode:
    """Find the code.

    Args:
        unit: the unit.
        tree: the exported tree.
        document: the unit's template; None for a CDK app, whose functions' code is in its assets.
        template: the path of its template in the unit's folder.

    Raises:
        ConfigurationError: two folders have different files of one name, or a link leads to what is not there.
    """
    if document is None:
        return PlainCode({}, ())
    home, root = (tree / unit.folder).resolve(), tree.resolve()
    wanted = [((home / template).parent / one).resolve() for one in local_folders(document)]
    # Any other one is refused with the function that names it, see `LocalFunction`.
    named = list(dict.fromkeys(folder for folder in wanted if folder.is_dir() and folder.is_relative_to(root)))
    contents = {folder: folder_contents(folder, tree, PYTHON_EXCLUDED) for folder in named}
    if not named:
        contents = dict([_own_code(home, tree, template)])
    folders = tuple(_name(one, root) for one in dict.fromkeys((home, *contents)))
    left_out = tuple(within(_name(one, root), name) for one, held in contents.items() for name in held.left_out)
    return PlainCode(_merged(contents, root, unit.path(template)), folders, left_out)


def _name(folder: Path, root: Path) -> str:
    """A folder from the repository's root, whose own name is empty."""
    return "" if folder == root else folder.relative_to(root).as_posix()


def _own_code(home: Path, tree: Path, template: str) -> tuple[Path, FolderContents]:
    """The code that no function names: modules at the top of the wheel."""
    own = home / _SOURCES if (home / _SOURCES).is_dir() else home
    held = folder_contents(own, tree, PYTHON_EXCLUDED)
    if not any(name.endswith(_PYTHON) for name in held.files):
        return own, FolderContents({})
    templates = {template, *TEMPLATES} if own == home else set()
    return own, FolderContents({k: path for k, path in held.files.items() if k not in templates}, held.left_out)


def _merged(contents: Mapping[Path, FolderContents], root: Path, file: str) -> dict[str, Path]:
    files: dict[str, Path] = {}
    twice: set[str] = set()
    for held in contents.values():
        for name, path in held.files.items():
            there = files.setdefault(name, path)
            if there != path and there.read_bytes() != path.read_bytes():
                twice.add(name)
    # Lists of single functions have become the one layer.
    for name in twice - {REQUIREMENTS_FILE}:
        raise _clash(file, name, [folder.relative_to(root) for folder in contents])
    return {name: path for name, path in files.items() if name not in twice}


def plain_package(unit: Unit, version: str, files: Mapping[str, Path], uv: Uv, own: Path) -> Package:
    """Write the wheel and the sdist.

    Args:
        unit: the unit.
        version: the release's.
        files: what they hold.
        uv: knows the time of the commit.
        own: an empty folder.
    """
    stem = Named(unit.name, version).stem
    metadata = f"Metadata-Version: 2.1\nName: {unit.name}\nVersion: {version}\n"
    content = own / "content"
    for name, path in files.items():
        (content / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, content / name)
        (content / name).chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    made = Package(own / f"{stem}-py3-none-any.whl", own / f"{stem}.tar.gz")
    source = own / "source.tar.gz"
    content.mkdir(exist_ok=True)
    with tarfile.open(source, "w:gz") as archive:
        archive.add(content, stem)
        (own / "PKG-INFO").write_text(metadata, encoding="utf-8")
        archive.add(own / "PKG-INFO", f"{stem}/PKG-INFO")
    repack_tar(source, made.sdist, source_time(uv))
    about = content / f"{stem}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(metadata, encoding="utf-8")
    (about / "WHEEL").write_text(
        f"Wheel-Version: 1.0\nGenerator: promotion-orchestrator {__version__}\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        encoding="utf-8",
    )
    write_record(content, about)
    zip_folder(content, made.wheel)
    return made


def _clash(file: str, name: str, folders: Sequence[Path]) -> ConfigurationError:
    return ConfigurationError(
        file,
        f"takes code from {', '.join(map(str, folders))}, and more than one of these has a {name}, with other content: "
        "a release has one wheel for all of its functions. Rename one of the files, or make a unit of each folder.",
    )
