"""What a folder of the exported sources holds: links are followed within the export, and never out of it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestrator.build.folders.exclusions import is_excluded
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass


@dataclass(frozen=True)
class FolderContents:
    """The files of a folder.

    Attributes:
        files: what is packaged, by its path in the folder; a file's mode says whether it is a program.
        left_out: paths in the folder that are not packaged, sorted.
    """

    files: Mapping[str, Path]
    left_out: tuple[str, ...] = ()


def folder_contents(folder: Path, tree: Path, excluded: tuple[str, ...] = ()) -> FolderContents:
    """List what a folder holds.

    Args:
        folder: in the exported tree.
        tree: the exported tree.
        excluded: patterns of names that are left out, such as `PYTHON_EXCLUDED`.

    Raises:
        ConfigurationError: a link leads to what is not in the export.
    """
    files: dict[str, Path] = {}
    left_out: list[str] = []
    for name, real in _entries(folder, tree.resolve(), excluded):
        if real is None:
            left_out.append(name)
        else:
            files[name] = real
    return FolderContents(dict(sorted(files.items())), tuple(sorted(left_out)))


def _entries(folder: Path, tree: Path, excluded: tuple[str, ...]) -> Iterator[tuple[str, Path | None]]:
    """The files below a folder, with where they lie; of what is left out, None, and nothing below it."""
    waiting: list[tuple[str, Path, tuple[Path, ...]]] = [("", folder, (folder.resolve(),))]
    while waiting:
        prefix, parent, above = waiting.pop()
        for path in parent.iterdir():
            name = f"{prefix}{path.name}"
            if is_excluded(path.name, excluded):
                yield name, None
                continue
            real = _real(path, tree)
            if real.is_file():
                yield name, real
            elif real.is_dir() and real not in above:
                waiting.append((f"{name}/", path, (*above, real)))


def _real(path: Path, tree: Path) -> Path:
    """Where something lies that may be a link.

    Raises:
        ConfigurationError: it leads to itself, to nothing, or out of the tree.
    """
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise _dangling(path, tree) from error
    if not real.is_relative_to(tree):
        raise _dangling(path, tree)
    return real


def _dangling(path: Path, tree: Path) -> ConfigurationError:
    # The tree itself may lie behind a link, so the place of the link is told as it was exported.
    link, target = Path(path.parent.resolve(), path.name).relative_to(tree), path.readlink()
    place = Path(os.path.normpath(path.parent.resolve() / target))
    wanted = place.relative_to(tree) if place.is_relative_to(tree) else target
    return ConfigurationError(
        str(link),
        f"is a symbolic link to {wanted}, which this unit does not have: add '{wanted}' to its depends_on in "
        "orchestrator.toml, or put the file itself in the link's place.",
    )
