"""The files of a folder that are packaged, as `sam build` and `sam package` take them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from orchestrator.build.bounds import is_plain
from orchestrator.build.paths.sources import Sources
from orchestrator.build.rawzip import MOST_ENTRIES
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

# Source: `PythonPipWorkflow.EXCLUDED_FILES` of aws-lambda-builders 1.64; matched with a name at any depth.
LEFT_OUT_OF_PYTHON = (
    *(".aws-sam", ".chalice", ".git", ".gitignore", "*.pyc", "__pycache__", "*.so", ".Python", "*.egg-info", "*.egg"),
    *("pip-log.txt", "pip-delete-this-directory.txt", "htmlcov", ".tox", ".nox", ".coverage", ".cache"),
    *(".pytest_cache", ".python-version", ".mypy_cache", ".dmypy.json", ".pyre", ".env", ".venv", "venv", "venv.bak"),
    *("env.bak", "ENV", "env", ".vscode", ".idea"),
)
"""Names that `sam build` leaves out of a Python function."""


@dataclass(frozen=True)
class Packaged:
    """The files of a folder.

    Attributes:
        files: by their path in the folder, sorted.
        left_out: paths in the folder that are not packaged.
    """

    files: dict[str, Path]
    left_out: tuple[str, ...]


def packaged(folder: Path, sources: Sources, left_out: Sequence[str] = (), *, at_top: Collection[str] = ()) -> Packaged:
    """List what a folder packages; links are followed within the sources.

    Args:
        folder: an existing one.
        sources: what it is part of.
        left_out: patterns of names that are not packaged.
        at_top: names in the folder itself that are not packaged.

    Raises:
        ConfigurationError: a link leads elsewhere or to a folder that it is in, a name is not plain text, or there are
            too many files.
    """
    files: dict[str, Path] = {}
    skipped: list[str] = []
    skips = partial(_is_left_out, left_out, at_top)
    for name, path in _walked(folder, sources, skips, skipped):
        files[name] = path
        if len(files) > MOST_ENTRIES:
            raise ConfigurationError(
                sources.name(folder), f"holds more than {MOST_ENTRIES:,} files, which no archive takes. Split it."
            )
    return Packaged(dict(sorted(files.items())), tuple(sorted(skipped)))


def _walked(
    folder: Path, sources: Sources, is_left_out: Callable[[str], bool], skipped: list[str]
) -> Iterator[tuple[str, Path]]:
    waiting: list[tuple[str, Path, tuple[Path, ...]]] = [("", folder, (folder.resolve(),))]
    while waiting:
        prefix, parent, above = waiting.pop()
        for path in sorted(parent.iterdir()):
            name = f"{prefix}{path.name}"
            if is_left_out(name):
                skipped.append(name)
                continue
            real = _checked(path, sources)
            if not real.is_dir():
                yield name, real
            elif real in above:
                raise ConfigurationError(
                    _shown(path, sources), "is a symbolic link to a folder that it lies in. Remove the link."
                )
            else:
                waiting.append((f"{name}/", path, (*above, real)))


def _is_left_out(patterns: Sequence[str], at_top: Collection[str], name: str) -> bool:
    return name in at_top or any(fnmatchcase(name.rpartition("/")[2], pattern) for pattern in patterns)


def _checked(path: Path, sources: Sources) -> Path:
    """The file or folder itself."""
    if not is_plain(path.name) or "\\" in path.name:
        raise ConfigurationError(
            _shown(path, sources), "has a name that no archive should hold: rename it to letters, digits and '-_.'."
        )
    real, tree = path.resolve(), sources.tree.resolve()
    if not real.is_relative_to(tree) or not (real.is_file() or real.is_dir()):
        raise _dangling(path, tree)
    return real


def _dangling(path: Path, tree: Path) -> ConfigurationError:
    """The error for a link out of the unit; the tree itself may be behind a link, so the export's own path is told."""
    link, target = path.parent.resolve() / path.name, path.readlink() if path.is_symlink() else path
    place = Path(path.parent, target).resolve()
    wanted = place.relative_to(tree) if place.is_relative_to(tree) else target
    return ConfigurationError(
        str(link.relative_to(tree)),
        f"is a symbolic link to {wanted}, which this unit does not have: add '{wanted}' to its depends_on in "
        "orchestrator.toml, or put the file itself in the link's place.",
    )


def _shown(path: Path, sources: Sources) -> str:
    name = sources.name(path.parent.resolve() / path.name)
    return name if is_plain(name) else repr(name)
