"""Finds imports that lead out of what units are built from.

They tell nothing of data files, of other languages, or of what is imported by a name that is made up at run time; and a
name may be that of a package of the index which is in the repository, too. So what is found is a suggestion.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cached_property

from packaging.utils import canonicalize_name

from orchestrator.frozen import dataclass
from orchestrator.source.catalog import Catalog
from orchestrator.source.digest import Input
from orchestrator.source.discovery import Finder
from orchestrator.source.facts import PYPROJECT
from orchestrator.source.reading import within
from orchestrator.source.repository import Mode
from orchestrator.suggest.declared import declared
from orchestrator.suggest.modules import Modules, is_test
from orchestrator.suggest.parse import Import
from orchestrator.suggest.places import Places, above
from orchestrator.suggest.reading import Sources, read_imports
from orchestrator.suggest.resolve import Resolver

_PROJECTS = (PYPROJECT, "setup.py", "setup.cfg")
_REQUIREMENTS = "requirements.txt"
# An import, and the file that it stands in.
Placed = tuple[str, Import]


@dataclass(frozen=True, order=True)
class Outside:
    """An import that leads out of what units are built from.

    Attributes:
        file: where it stands.
        line: in that file.
        name: what is imported.
        providers: the folders, or files, that have it; several where it is not clear which is meant.
    """

    file: str
    line: int
    name: str
    providers: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        outside: by the folder whose settings should name what is imported, each import, and the units that miss it.
        unread: by path, why a file was not read.
    """

    outside: Mapping[str, Mapping[Outside, Collection[str]]]
    unread: Mapping[str, str]


@dataclass(frozen=True)
class Search:
    """Looks through the code of all units of a commit.

    Args:
        catalog: the units.
        sources: the same repository.
    """

    catalog: Catalog
    sources: Sources

    def __call__(self) -> Found:
        """Look."""
        scanned = {file for files in self._scanned.values() for file in files}
        imports, unread = read_imports(self.sources, self.catalog.commit.id, scanned)
        leading_out = self._leading_out(imports)
        outside: dict[str, dict[Outside, set[str]]] = defaultdict(lambda: defaultdict(set))
        for unit, inputs in self.catalog.inputs.items():
            covered = {one.path for one in inputs}
            for one in inputs:
                for file, found in leading_out.get(one.path, ()):
                    if providers := self._providers(file, found, covered):
                        owner = self._owner(one, self.catalog.facts[unit].folder)
                        outside[owner][Outside(file, found.line, str(found), providers)].add(unit)
        return Found(outside, unread)

    def _leading_out(self, imports: Mapping[str, tuple[Import, ...]]) -> dict[str, list[Placed]]:
        """By input, the imports that it does not answer itself, whatever else belongs to a unit."""
        names = [within(path, name) for path in self._scanned for name in (PYPROJECT, _REQUIREMENTS)]
        texts = self.sources.files(self.catalog.commit.id, names)
        found: dict[str, list[Placed]] = {}
        for path, files in self._scanned.items():
            packages = declared(texts.get(within(path, PYPROJECT), b""), texts.get(within(path, _REQUIREMENTS), b""))
            found[path] = [
                (file, one)
                for file in files
                for one in imports.get(file, ())
                if not (one.level == 0 and canonicalize_name(one.parts[0]) in packages)
                and self._resolver.targets(one, file, {path})
            ]
        return found

    def _providers(self, file: str, found: Import, covered: Collection[str]) -> tuple[str, ...]:
        targets = self._resolver.targets(found, file, covered)
        return tuple(sorted({self._places.provider(target) for target in targets}))

    def _owner(self, one: Input, unit: str) -> str:
        """The folder whose settings say what an input depends on: its own, or those that name it."""
        if not one.via:
            return unit
        return one.path if one.path in self.catalog.known else one.via[-1]

    @cached_property
    def _paths(self) -> list[str]:
        """Every file of the commit."""
        everything = Finder(self.sources, self.catalog.commit.id).everything()
        return [path for path, entry in everything if entry.mode in (Mode.FILE, Mode.PROGRAM)]

    @cached_property
    def _modules(self) -> Modules:
        return Modules(path for path in self._paths if path.endswith(".py") and not is_test(path))

    @cached_property
    def _scanned(self) -> Mapping[str, list[str]]:
        """By input of any unit, the Python files that are in it."""
        inputs = {one.path for found in self.catalog.inputs.values() for one in found}
        scanned: dict[str, list[str]] = {}
        for file in sorted(self._modules.files):
            for path in (file, *above(file)):
                if path in inputs:
                    scanned.setdefault(path, []).append(file)
        return scanned

    @cached_property
    def _units(self) -> frozenset[str]:
        return frozenset(one.folder for one in self.catalog.facts.values())

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self._modules, self._units)

    @cached_property
    def _places(self) -> Places:
        projects = {path.rpartition("/")[0] for path in self._paths if path.rpartition("/")[2] in _PROJECTS}
        inputs = {one.path for found in self.catalog.inputs.values() for one in found}
        return Places(self._modules, projects | inputs | self.catalog.known.keys(), self._units)
