"""The code of a unit without a project: what its template names, or what lies in its folder, as a wheel and an sdist.

Nothing of the unit runs for it, and no build backend is installed: a wheel of pure Python is a zip of its files with
three small ones beside them, and these follow from its name and version.
"""

import base64
import hashlib
import shutil
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from orchestrator import __version__
from orchestrator.build.archive import repack_tar, zip_folder
from orchestrator.build.cdk import CDK_FILE
from orchestrator.build.declared import Declared
from orchestrator.build.lockfiles import REQUIREMENTS_FILE, read_pins
from orchestrator.build.package import Package, file_stem
from orchestrator.build.paths.assets import text_of
from orchestrator.build.paths.folders import LEFT_OUT_OF_PYTHON, packaged
from orchestrator.build.paths.sources import Sources
from orchestrator.build.starting import source_time
from orchestrator.build.uv import Uv
from orchestrator.config.unit import FILE_NAME, Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of_file
from orchestrator.source.facts import TEMPLATES

_SOURCES = "src"
# Of a unit's own folder, what is about the code and not a part of it.
_ABOUT = {FILE_NAME, CDK_FILE, "cdk.context.json", "samconfig.toml", "orchestrator.toml", "Makefile", "uv.lock"}
_ABOUT_FOLDERS = {"tests", "test", "docs", "events", "node_modules"}
_TEXTS = (".md", ".rst")
# Lists of requirements, and what is hidden.
_OWN_LEFT_OUT = (*LEFT_OUT_OF_PYTHON, ".*", "requirements*.txt")


@dataclass(frozen=True)
class PlainCode:
    """What a unit without a project is made of.

    Attributes:
        files: what goes into its wheel, by the path in there.
        requirements: the lists of its dependencies, by their paths from the repository's root.
    """

    files: Mapping[str, Path]
    requirements: Mapping[str, str]


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
    home = tree / unit.folder
    sources = Sources(tree, home, unit.path(template))
    if is_own:
        own = home / _SOURCES if (home / _SOURCES).is_dir() else home
        about = _about(home, template) if own == home else ()
        files: Mapping[str, Path] = packaged(own.resolve(), sources, _OWN_LEFT_OUT, at_top=about).files
        lists = [own.resolve()]
    else:
        folders = {folder: packaged(folder, sources, LEFT_OUT_OF_PYTHON).files for folder in named}
        files, lists = _united(folders.values()), list(named)
    found = {folder: sources.find(str(folder / REQUIREMENTS_FILE)) for folder in (home.resolve(), *lists)}
    names = {sources.name(folder / REQUIREMENTS_FILE): path for folder, path in found.items() if path}
    return PlainCode(files, {name: text_of(path, name) for name, path in names.items() if path.is_file()})


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


def plain_declared(unit: Unit, code: PlainCode) -> Declared:
    """What the lists of requirements declare; one with hashes is a lock, as it is beside a project.

    Raises:
        ConfigurationError: a line is no requirement, or there is a lock and another list beside it.
    """
    locks = [file for file, text in code.requirements.items() if read_pins(text, file) is not None]
    if locks and len(code.requirements) > 1:
        others = ", ".join(sorted(code.requirements.keys() - set(locks[:1])))
        raise ConfigurationError(locks[0], f"has hashes, so it must be all that is required: move {others} into it.")
    if locks:
        return Declared(unit.folder, unit.version, (), "", requirements=code.requirements[locks[0]])
    lines = [line for file, text in code.requirements.items() for line in _requirements(text, file)]
    return Declared(unit.folder, unit.version, tuple(sorted(set(lines))), "")


def plain_package(unit: Unit, version: str, files: Mapping[str, Path], uv: Uv, own: Path) -> Package:
    """Write the wheel and the sdist.

    Args:
        unit: the unit.
        version: the release's.
        files: what they hold.
        uv: knows the time of the commit.
        own: an empty folder.
    """
    stem = file_stem(unit.name, version)
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
    (about / "RECORD").write_text(_record(content, about), encoding="utf-8")
    zip_folder(content, made.wheel)
    return made


def _record(content: Path, about: Path) -> str:
    """The list of a wheel's files. Source: PyPA's specification of binary distributions."""
    lines = []
    for path in sorted(path for path in content.rglob("*") if path.is_file()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode()
        name = path.relative_to(content).as_posix()
        quoted = f'"{name.replace(chr(34), chr(34) * 2)}"' if set(name) & {",", '"'} else name
        lines.append(f"{quoted},sha256={digest},{path.stat().st_size}\n")
    return "".join([*lines, f"{about.name}/RECORD,,\n"])


def _about(home: Path, template: str) -> set[str]:
    about = _ABOUT | _ABOUT_FOLDERS | {template} | set(TEMPLATES)
    return about | {path.name for path in home.iterdir() if path.suffix in _TEXTS or path.name.startswith("LICENSE")}


def _requirements(text: str, file: str) -> Iterator[str]:
    """The requirements of a list, without comments."""
    problems = []
    for line in _logical_lines(text):
        try:
            yield str(Requirement(line))
        except InvalidRequirement:
            problems.append(
                f"{line!r} is not a requirement such as 'requests>=2.32': options, further files and folders are not "
                "taken. Write what it stands for, or give the unit a pyproject.toml."
            )
    if problems:
        raise ConfigurationError(file, *problems)


def _logical_lines(text: str) -> Iterable[str]:
    lines = (line.split(" #")[0].strip() for line in text.replace("\\\n", " ").splitlines())
    return (line for line in lines if line and not line.startswith("#"))
