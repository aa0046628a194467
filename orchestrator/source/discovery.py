"""Finds the folders that may be units: by the globs of `orchestrator.toml`, which name folders or files in them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.config.globs import escaped
from orchestrator.errors import ConfigurationError
from orchestrator.source.reading import within
from orchestrator.source.repository import Entry, Mode, SourceRepository
from orchestrator.source.unit_globs import FOLDER, Place, UnitGlobs, is_passed_over

FILES = (".yaml", ".yml", ".json", ".toml", ".template")
"""A glob that ends with one of these names files; any other one names folders."""
Matched = list[list[tuple[str, Entry]]]
"""By the number of a glob, what it matches."""


@dataclass
class Finder:
    """Looks for units in a repository at a commit.

    Args:
        repository: what is looked into.
        commit: its id.
        exclude: globs of folders and files that are passed over, with all that is in them.
        problems: by path, what a glob matches that cannot be a unit; filled by `find`.
    """

    repository: SourceRepository
    commit: str
    exclude: tuple[str, ...] = ()
    problems: dict[str, ConfigurationError] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)
    """The folders by whose names something was decided, besides what globs match; filled along the way."""
    looked_up: set[str] = field(default_factory=set)
    """The paths that were asked for one by one; filled along the way."""
    has_others: bool = False
    """Whether a glob of folders matches links, submodules or names that are no text; set by `find`."""
    _listings: dict[str, Mapping[str, Entry]] = field(default_factory=dict)

    def listing(self, folder: str) -> Mapping[str, Entry]:
        """What lies directly in a folder; asked once."""
        self.looked_at.add(folder)
        return self.listings([folder])[folder]

    def entry(self, path: str) -> Entry | None:
        """What a path is; None when nothing is there."""
        if path:
            self.looked_up.add(path)
        return self._entry(path)

    def _entry(self, path: str) -> Entry | None:
        folder, _, name = path.rpartition("/")
        return self.listings([folder])[folder].get(name) if path else FOLDER

    def listings(self, folders: Iterable[str]) -> Mapping[str, Mapping[str, Entry]]:
        """What lies directly in each of many folders, whose content counts and not their names.

        One call is made for all that were not asked for yet.
        """
        wanted = list(folders)
        new = [folder for folder in wanted if folder not in self._listings]
        if new:
            found = self.repository.folders(self.commit, new)
            self._listings |= {folder: found.get(folder, {}) for folder in new}
        return {folder: self._listings[folder] for folder in wanted}

    def find(self, globs: tuple[str, ...]) -> dict[str, str | None]:
        """The folders that globs match, each with the name of the file when the glob named one; `""` is the root."""
        return self._candidates(globs, self._everywhere(UnitGlobs(globs, self.exclude)))

    def find_in(self, folders: Iterable[str], globs: tuple[str, ...]) -> dict[str, str | None]:
        """Those of some folders that `find` would find; no others are looked into."""
        return self._candidates(globs, self._within(folders, UnitGlobs(globs, self.exclude)))

    def idle(self, globs: tuple[str, ...]) -> list[str]:
        """The globs that match nothing that may be a unit."""
        everywhere = self._everywhere(UnitGlobs(globs, self.exclude))
        return [
            glob for glob, matched in zip(globs, everywhere, strict=True) if not self._candidates((glob,), [matched])
        ]

    def everything(self) -> Iterator[tuple[str, Entry]]:
        """Every path, level by level, but for those in folders that a `**` does not look into."""
        level = [""]
        while level:
            below: list[str] = []
            for folder, listed in self.listings(level).items():
                for name, entry in listed.items():
                    path = within(folder, name)
                    yield path, entry
                    if entry.is_folder and not is_passed_over(name, entry):
                        below.append(path)
            level = below

    def _everywhere(self, looked_for: UnitGlobs) -> Matched:
        """What each glob matches: one call for each level of folders in which something may be."""
        found: Matched = [[] for _ in looked_for.globs]
        self._note("", FOLDER, looked_for.matching(looked_for.root), found)
        level = {"": looked_for.root}
        while level:
            below: dict[str, Place] = {}
            for folder, listed in self.listings(level).items():
                for name, entry in listed.items():
                    place = level[folder].below(name, entry)
                    if place:
                        path = within(folder, name)
                        self._note(path, entry, looked_for.matching(place), found)
                        if entry.is_folder and place.units.leads_on:
                            below[path] = place
            level = below
        return found

    def _within(self, folders: Iterable[str], looked_for: UnitGlobs) -> Matched:
        """What each glob matches of some folders, and of the files in them."""
        found: Matched = [[] for _ in looked_for.globs]
        places = {path: place for path in folders if (place := self._place(path, looked_for))}
        for folder, listed in self.listings(places).items():
            self._note(folder, FOLDER, looked_for.matching(places[folder]), found)
            for name, entry in listed.items():
                place = None if entry.is_folder else places[folder].below(name, entry)
                if place:
                    self._note(within(folder, name), entry, looked_for.matching(place), found)
        return found

    def _place(self, path: str, looked_for: UnitGlobs) -> Place | None:
        """What globs say of a folder; None when it is none, or none of them leads there."""
        entry = self._entry(path)
        return looked_for.at(path, entry) if entry and entry.is_folder else None

    @staticmethod
    def _note(path: str, entry: Entry, globs: Iterable[int], found: Matched) -> None:
        for number in globs:
            found[number].append((path, entry))

    def _candidates(self, globs: tuple[str, ...], matched: Matched) -> dict[str, str | None]:
        """The folders, given what each glob matches; where several name a file, the first of them counts."""
        found: dict[str, str | None] = {}
        for glob, paths in zip(globs, matched, strict=True):
            names_files = glob.endswith(FILES)
            for path, entry in paths:
                if not is_text(path):
                    self._refuse_bytes(path)
                elif names_files and not entry.is_folder:
                    folder, _, file = path.rpartition("/")
                    found[folder] = found.get(folder) or file
                elif not names_files:
                    self._add(path, entry, found)
        return found

    def _add(self, path: str, entry: Entry, found: dict[str, str | None]) -> None:
        if entry.is_folder:
            found.setdefault(path, None)
        elif entry.mode is Mode.SUBMODULE:
            self.has_others = True
            self.problems[path] = ConfigurationError(
                path,
                "is a submodule: its files are in another repository, which this one cannot promote. Bring them in, "
                f"for example with git subtree, or add {path!r} to 'exclude' in orchestrator.toml.",
            )
        elif entry.mode is Mode.LINK:
            self.has_others = True
            if self._leads_to_folder(path):
                self.problems[path] = ConfigurationError(
                    path,
                    "is a symbolic link to a folder: a unit is a folder of its own, whose changes git tells. Name the "
                    f"folder itself, or add {path!r} to 'exclude' in orchestrator.toml.",
                )

    def _refuse_bytes(self, path: str) -> None:
        self.has_others = True
        shown = path.encode(errors="surrogateescape").decode(errors="replace")
        self.problems[shown] = ConfigurationError(
            shown,
            "has a name that is not UTF-8, which neither S3 nor CloudFormation takes: rename it, or add "
            f"{escaped(shown)!r} to 'exclude' in orchestrator.toml.",
        )

    def _leads_to_folder(self, link: str) -> bool:
        target = self.repository.files(self.commit, [link]).get(link, b"").decode(errors="surrogateescape")
        parts: list[str] = link.split("/")[:-1]
        for part in target.split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        entry = self.listing("/".join(parts[:-1])).get(parts[-1]) if parts else None
        return entry is not None and entry.is_folder


def is_text(path: str) -> bool:
    """Whether a path is UTF-8."""
    return path.isascii() or not any("\udc80" <= character <= "\udcff" for character in path)
