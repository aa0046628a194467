"""Finds the folders that may be units: by the globs of `orchestrator.toml`, which name folders or files in them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from orchestrator.config.globs import ANY_DEPTH, escaped, fits, parts_of
from orchestrator.errors import ConfigurationError
from orchestrator.source.repository import Entry, Mode, SourceRepository

# A glob that ends with one of these names files; any other one names folders.
_FILES = (".yaml", ".yml", ".json", ".toml", ".template")
# What tools write and what is installed: a "**" does not look into these, nor into hidden folders.
_NOT_SEARCHED = ("node_modules", "cdk.out", "__pycache__", "venv")


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
    """The folders by whose names something was decided; filled along the way."""
    _listings: dict[str, Mapping[str, Entry]] = field(default_factory=dict)

    def listing(self, folder: str) -> Mapping[str, Entry]:
        """What lies directly in a folder; asked once."""
        self.looked_at.add(folder)
        known = self._listings.get(folder)
        return self.listings([folder])[folder] if known is None else known

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
        found: dict[str, str | None] = {}
        for glob in globs:
            names_files = glob.endswith(_FILES)
            for path, entry in self._matches(parts_of(glob)):
                if not _is_text(path):
                    self._refuse_bytes(path)
                elif names_files and not entry.is_folder:
                    folder, _, file = path.rpartition("/")
                    found[folder] = found.get(folder) or file
                elif not names_files:
                    self._add(path, entry, found)
        return found

    def everything(self) -> Iterator[tuple[str, Entry]]:
        """Every path that is worth looking at, level by level."""
        return self._below([""])

    def _add(self, path: str, entry: Entry, found: dict[str, str | None]) -> None:
        if entry.is_folder:
            found.setdefault(path, None)
        elif entry.mode is Mode.SUBMODULE:
            self.problems[path] = ConfigurationError(
                path,
                "is a submodule: its files are in another repository, which this one cannot promote. Bring them in, "
                f"for example with git subtree, or add {path!r} to 'exclude' in orchestrator.toml.",
            )
        elif entry.mode is Mode.LINK and self._leads_to_folder(path):
            self.problems[path] = ConfigurationError(
                path,
                "is a symbolic link to a folder: a unit is a folder of its own, whose changes git tells. Name the "
                f"folder itself, or add {path!r} to 'exclude' in orchestrator.toml.",
            )

    def _refuse_bytes(self, path: str) -> None:
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

    def _matches(self, glob: tuple[str, ...]) -> list[tuple[str, Entry]]:
        """What a glob matches: one call for each level of folders above it."""
        fixed = glob[: glob.index(ANY_DEPTH)] if ANY_DEPTH in glob else glob
        matched = [("", Entry("", Mode.FOLDER))]
        for pattern in fixed:
            below = self._directly_in(path for path, entry in matched if entry.is_folder)
            matched = [one for one in below if fnmatchcase(one[0].rpartition("/")[2], pattern)]
        if fixed == glob:
            return matched
        deeper = self._below(path for path, entry in matched if entry.is_folder)
        return [one for one in deeper if fits(parts_of(one[0]), glob)]

    def _directly_in(self, folders: Iterable[str]) -> list[tuple[str, Entry]]:
        found = self.listings(folders)
        self.looked_at.update(found)
        return [
            (path, entry)
            for folder, listed in found.items()
            for name, entry in listed.items()
            if not ((path := f"{folder}/{name}" if folder else name) and self.exclude and self._is_excluded(path))
        ]

    def _below(self, folders: Iterable[str]) -> Iterator[tuple[str, Entry]]:
        """Everything below some folders that is worth looking at, level by level."""
        level = list(folders)
        while level:
            found = [one for one in self._directly_in(level) if not _is_passed_over(*one)]
            yield from found
            level = [path for path, entry in found if entry.is_folder]

    def _is_excluded(self, path: str) -> bool:
        return any(fits(parts_of(path), parts_of(glob)) for glob in self.exclude)


def _is_text(path: str) -> bool:
    return path.isascii() or not any("\udc80" <= character <= "\udcff" for character in path)


def _is_passed_over(path: str, entry: Entry) -> bool:
    name = path.rpartition("/")[2]
    return entry.is_folder and (name.startswith(".") or name in _NOT_SEARCHED)
