"""Which folder of a repository is to be named for a file that somebody imports."""

from collections.abc import Collection, Iterator
from dataclasses import field
from functools import cached_property

from orchestrator.frozen import dataclass
from orchestrator.suggest.modules import Modules


@dataclass(frozen=True)
class Places:
    """The folders of a repository.

    Attributes:
        modules: its Python files.
        wholes: folders that are one thing: units, shared code, projects.
        units: of these, the units.
    """

    modules: Modules
    wholes: Collection[str]
    units: Collection[str] = field(default=())

    def provider(self, file: str) -> str:
        """The project or shared folder that a file is in, else its outermost package, else its folder.

        No folder that holds a unit, because that would be an input of itself: then it is the file.
        """
        around = list(self._around(file))
        whole = next((folder for folder in around if folder in self.wholes), None)
        if whole:
            return whole
        packages = [folder for folder in around[1:] if folder in self.modules.packages]
        return packages[-1] if packages else next(iter(around), file)

    def _around(self, file: str) -> Iterator[str]:
        for folder in above(file):
            if folder in self._crowded:
                return
            yield folder

    @cached_property
    def _crowded(self) -> frozenset[str]:
        return frozenset(folder for unit in self.units for folder in above(unit))


def is_below(path: str, folders: Collection[str]) -> bool:
    """Whether a path is one of some folders or files, or lies below one."""
    return path in folders or any(one in folders for one in above(path))


def above(path: str) -> Iterator[str]:
    """The folders that a path lies in, the innermost first, without the root."""
    while path := path.rpartition("/")[0]:
        yield path
