"""The code of a unit without a project: what its template names, or what lies in its folder, as a wheel and an sdist.

Nothing of the unit runs for it, and no build backend is installed: a wheel of pure Python is a zip of its files with
three small ones beside them, and these follow from its name and version.
"""

import base64
import hashlib
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from orchestrator import __version__
from orchestrator.build.archive import repack_tar, zip_folder
from orchestrator.build.cdk import CDK_FILE
from orchestrator.build.declared import Declared
from orchestrator.build.local_code import local_folders
from orchestrator.build.lockfiles import REQUIREMENTS_FILE, read_pins
from orchestrator.build.package import Package, file_stem
from orchestrator.build.starting import source_time
from orchestrator.build.uv import Uv
from orchestrator.config.unit import FILE_NAME, Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.facts import TEMPLATES

_SOURCES = "src"
# Of a unit's own folder, what is about the code and not a part of it.
_ABOUT = {FILE_NAME, CDK_FILE, "cdk.context.json", "samconfig.toml", "orchestrator.toml", "Makefile", "uv.lock"}
_ABOUT_FOLDERS = {"tests", "test", "docs", "events", "node_modules"}
_TEXTS = (".md", ".rst")


@dataclass(frozen=True)
class PlainCode:
    """What a unit without a project is made of.

    Attributes:
        files: what goes into its wheel, by the path in there.
        requirements: the lists of its dependencies, by their paths from the repository's root.
    """

    files: Mapping[str, Path]
    requirements: Mapping[str, str]


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
    home = tree / unit.folder
    if document is None:
        return PlainCode({}, {})
    beside = (home / template).parent
    wanted = [(beside / one).resolve() for one in local_folders(document)]
    # Any other one is refused with the function that names it, see `LocalFunction`.
    named = [folder for folder in wanted if folder.is_dir() and _is_in(folder, tree)]
    own = home / _SOURCES if (home / _SOURCES).is_dir() else home
    folders = list(dict.fromkeys(named)) or [own.resolve()]
    files: dict[str, Path] = {}
    for folder in folders:
        skipped = _about(home, template) if folder == home.resolve() else set()
        for name, path in _files(folder, tree, skipped):
            there = files.setdefault(name, path)
            if there.read_bytes() != path.read_bytes():
                raise _clash(unit.path(template), name, [one.relative_to(tree.resolve()) for one in folders])
    lists = [folder / REQUIREMENTS_FILE for folder in (home.resolve(), *folders)]
    texts = {str(path.relative_to(tree.resolve())): _text(path, tree) for path in lists if path.is_file()}
    return PlainCode(files, texts)


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


def _files(folder: Path, tree: Path, skipped: set[str]) -> Iterator[tuple[str, Path]]:
    """The files that `sam build` would package, sorted, with links followed within the export."""
    waiting: list[tuple[str, Path, tuple[Path, ...]]] = [("", folder, ())]
    while waiting:
        prefix, parent, above = waiting.pop()
        for path in sorted(parent.iterdir()):
            name = f"{prefix}{path.name}"
            if name in skipped or _is_left_out(path):
                continue
            real = path.resolve()
            if not real.exists() or not _is_in(real, tree):
                raise _dangling(path, tree)
            if real.is_dir() and real not in above:
                waiting.append((f"{name}/", path, (*above, real)))
            elif real.is_file():
                yield name, real


def _is_left_out(path: Path) -> bool:
    is_list = path.name.startswith("requirements") and path.suffix == ".txt"
    return path.name.startswith(".") or path.name == "__pycache__" or path.suffix == ".pyc" or is_list


def _is_in(path: Path, tree: Path) -> bool:
    return path.is_relative_to(tree.resolve())


def _text(path: Path, tree: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(path.relative_to(tree.resolve())), f"is not UTF-8: {error}.") from error


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


def _clash(file: str, name: str, folders: list[Path]) -> ConfigurationError:
    return ConfigurationError(
        file,
        f"takes code from {', '.join(map(str, folders))}, and more than one of these has a {name}, with other content: "
        "a release has one wheel for all of its functions. Rename one of the files, or make a unit of each folder.",
    )


def _dangling(path: Path, tree: Path) -> ConfigurationError:
    # The tree itself may lie behind a link, so the place of the link is told as it was exported.
    link, target = path.relative_to(tree.resolve()), path.readlink()
    place = Path(path.parent, target).resolve()
    wanted = place.relative_to(tree.resolve()) if _is_in(place, tree) else target
    return ConfigurationError(
        str(link),
        f"is a symbolic link to {wanted}, which this unit does not have: add '{wanted}' to its depends_on in "
        "orchestrator.toml, or put the file itself in the link's place.",
    )
