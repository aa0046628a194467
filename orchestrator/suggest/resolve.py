"""Where an import leads: to what a unit is built from anyway, out of the repository, or to files that it misses."""

import sys
from collections.abc import Collection

from orchestrator.frozen import dataclass
from orchestrator.suggest.modules import Modules
from orchestrator.suggest.parse import Import
from orchestrator.suggest.places import above, is_below


@dataclass(frozen=True)
class Resolver:
    """Resolves imports.

    Attributes:
        modules: the files that there are.
        units: the folders of units; what is in none of them is shared code.
    """

    modules: Modules
    units: Collection[str]

    def targets(self, one: Import, importer: str, covered: Collection[str]) -> list[str]:
        """The files that an import may lead to, none when it leads to what is covered, or nowhere in the repository.

        Args:
            one: the import.
            importer: the file that it stands in.
            covered: folders and files.
        """
        if one.level:
            found = self.modules.relative(one, importer)
            return [found] if found and not is_below(found, covered) else []
        if not one.parts or one.parts[0] in sys.stdlib_module_names:
            return []
        files = self._longest(one.parts)
        # A module or package of one's own hides all others of its name; parts of a namespace may lie anywhere.
        near = (*files, *self.modules.named(one.parts[:1]))
        return [] if any(is_below(file, covered) for file in near) else self._nearest(files, importer)

    def _longest(self, parts: tuple[str, ...]) -> list[str]:
        """The files that have the longest beginning of a name: the rest is what they define."""
        lengths = range(len(parts), 0, -1)
        return next((files for length in lengths if (files := self.modules.named(parts[:length]))), [])

    def _nearest(self, files: list[str], importer: str) -> list[str]:
        """Shared code before other units' own, then what has most folders in common with the importer."""
        shared = [file for file in files if not is_below(file, self.units)] or files
        depth = {file: len({*above(file)} & {*above(importer)}) for file in shared}
        return [file for file in shared if depth[file] == max(depth.values())]
