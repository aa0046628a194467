"""The code of a unit that no build backend packages: what its template names, or what lies in its folder.

Nothing of the unit runs for it: a wheel of pure Python is a zip of its files with three small ones beside them, and
these follow from its name and version.
"""

import shutil
import tarfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from orchestrator import __version__
from orchestrator.build.archive import repack_tar, zip_folder
from orchestrator.build.distribution.record import write_record
from orchestrator.build.distribution.released import Named
from orchestrator.build.folders.contents import FolderContents
from orchestrator.build.package import Package
from orchestrator.build.paths.folders import LEFT_OUT_OF_PYTHON, packaged, told
from orchestrator.build.paths.sources import Sources
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE
from orchestrator.build.starting import source_time
from orchestrator.build.uv import Uv
from orchestrator.config.unit import Unit
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of_file
from orchestrator.source.facts import TEMPLATES
from orchestrator.source.reading import within

_SOURCES = "src"
_PYTHON = ".py"


@dataclass(frozen=True)
class PlainCode:
    """What the wheel of such a unit is made of.

    Attributes:
        files: what goes into it, by the path in there.
        folders: where lists of its dependencies are looked for, from the repository's root.
        left_out: what of its own folder is not packaged, where functions name none, from the repository's root.
    """

    files: Mapping[str, Path]
    folders: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What is said of files that are not packaged."""
        paths = told(self.left_out)
        return [f"The wheel leaves out {', '.join(paths)}, as 'sam build' does."] if paths else []


def plain_code(unit: Unit, tree: Path, named: Sequence[Path], template: str, *, is_own: bool) -> PlainCode:
    """Find the code.

    Args:
        unit: the unit.
        tree: the exported tree.
        named: the folders of Python code that functions name.
        template: the path of its template in the unit's folder.
        is_own: whether the code is what lies in the unit's own folder, because functions name none.

    Raises:
        ConfigurationError: a link leads to what is not there.
    """
    home, root = (tree / unit.folder).resolve(), tree.resolve()
    sources = Sources(tree, home, unit.path(template))
    own = home / _SOURCES if (home / _SOURCES).is_dir() else home
    folders = tuple(_name(folder, root) for folder in dict.fromkeys((home, *([own] if is_own else named))))
    if is_own:
        held = _own_code(own, sources, template if own == home else "")
        return PlainCode(held.files, folders, tuple(within(_name(own, root), name) for name in held.left_out))
    return PlainCode(_united([packaged(folder, sources, LEFT_OUT_OF_PYTHON).files for folder in named]), folders)


def _own_code(own: Path, sources: Sources, template: str) -> FolderContents:
    """The code that no function names: modules at the top of the wheel, and what lies beside them."""
    held = packaged(own, sources, LEFT_OUT_OF_PYTHON)
    if not any(name.endswith(_PYTHON) for name in held.files):
        return FolderContents({})
    templates = {template, *TEMPLATES} if template else set()
    return FolderContents({name: path for name, path in held.files.items() if name not in templates}, held.left_out)


def _name(folder: Path, root: Path) -> str:
    """A folder from the repository's root, whose own name is empty."""
    return "" if folder == root else folder.relative_to(root).as_posix()


def _united(folders: Collection[Mapping[str, Path]]) -> dict[str, Path]:
    """The files of all folders that have no file of a name that another one has with other content.

    A wheel is one for all functions; what is left out gets an archive for each folder.
    """
    digests: dict[str, set[str]] = {}
    for files in folders:
        for name, path in files.items():
            if name != REQUIREMENTS_FILE:
                digests.setdefault(name, set()).add(sha256_of_file(path))
    clashing = {name for name, found in digests.items() if len(found) > 1}
    return {
        name: path
        for files in folders
        if not clashing & files.keys()
        for name, path in files.items()
        if name != REQUIREMENTS_FILE
    }


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
