"""What to write into which file, so that `depends_on` names what is imported."""

from collections.abc import Collection, Mapping

from orchestrator.config.globs import escaped
from orchestrator.config.load import parse_toml, unit_of
from orchestrator.config.told import NOTHING, table_of
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.catalog import Catalog
from orchestrator.source.discovery import Finder
from orchestrator.source.facts import ORGANIZATION_FILE, PYPROJECT, Facts
from orchestrator.source.reading import within
from orchestrator.source.sharing import Sharing
from orchestrator.suggest.search import Outside


@dataclass(frozen=True)
class Suggestion:
    """What a folder should say that it depends on.

    Attributes:
        units: those that miss it.
        file: where it is to be said.
        table: in which table of that file.
        depends_on: all that is to be said, beginning with what is said already; empty when there is nothing to add.
        imports: why.
        cycles: what is imported and cannot be named, because it depends on the folder: each is the whole cycle.
    """

    units: tuple[str, ...]
    file: str
    table: str
    depends_on: tuple[str, ...]
    imports: tuple[Outside, ...]
    cycles: tuple[tuple[str, ...], ...]


class Lines:
    """Makes suggestions, each as if those before it were followed.

    Args:
        catalog: the units.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._finder = Finder(catalog.repository, catalog.commit.id)
        self._known = dict(catalog.known)
        self._sharing = Sharing(self._known, self._finder.listing, self._id_of, catalog.told)
        self._added: dict[str, list[str]] = {}

    def __call__(self, owner: str, outside: Mapping[Outside, Collection[str]]) -> Suggestion:
        """The suggestion for one folder, given the imports that it should name something for, and whose they are."""
        cycles = []
        for provider in sorted({one.providers[0] for one in outside if len(one.providers) == 1}):
            if chain := self._chain(provider, owner):
                cycles.append((owner, *chain))
            else:
                self._added.setdefault(owner, []).append(provider)
        file, table = self._place(owner)
        added = tuple(escaped(provider) for provider in self._added.get(owner, ()))
        return Suggestion(
            units=tuple(sorted({unit for units in outside.values() for unit in units})),
            file=file,
            table=table,
            depends_on=(*self._known[owner].depends_on, *added) if added else (),
            imports=tuple(sorted(outside)),
            cycles=tuple(cycles),
        )

    def _chain(self, start: str, end: str) -> tuple[str, ...]:
        """How one folder depends on another; empty when it does not."""
        chains: dict[str, tuple[str, ...]] = {start: (start,)}
        waiting = [start]
        for folder in waiting:
            if folder == end:
                return chains[folder]
            for further in self._direct(folder):
                if further not in chains:
                    chains[further] = (*chains[folder], further)
                    waiting.append(further)
        return ()

    def _direct(self, folder: str) -> list[str]:
        """What a folder depends on; whatever is wrong with that is told of the units that need the folder."""
        added = self._added.get(folder, [])
        try:
            if folder not in self._known:
                self._known[folder] = self._read(folder)
            return [*self._sharing.direct(folder), *added]
        except ConfigurationError:
            return added

    def _read(self, folder: str) -> Facts:
        """What a folder says that no unit depends on yet."""
        file = within(folder, PYPROJECT)
        text = self._catalog.repository.files(self._catalog.commit.id, [file]).get(file, b"")
        found = unit_of(
            parse_toml(text, file), folder, self._catalog.organization, self._catalog.told.get(folder, NOTHING)
        )
        return Facts(found.name, folder, "", "", is_unit=False, depends_on=found.settings.depends_on, pipeline="")

    def _place(self, folder: str) -> tuple[str, str]:
        """The file and the table that hold the setting already, or may hold it."""
        said = self._catalog.told.get(folder, NOTHING).settings
        is_in_project = bool(self._known[folder].depends_on) and "depends_on" not in (said or {})
        if is_in_project or (said is None and PYPROJECT in self._finder.listing(folder)):
            return within(folder, PYPROJECT), "tool.orchestrator"
        return ORGANIZATION_FILE, table_of(folder)

    def _id_of(self, path: str) -> str | None:
        parent, _, name = path.rpartition("/")
        entry = self._finder.listing(parent).get(name)
        return entry.id if entry else None
