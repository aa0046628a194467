"""What units are built from: their own folders, and what these depend on, through any number of others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from orchestrator.config.globs import is_glob
from orchestrator.config.told import NOTHING, ROOT, Told
from orchestrator.errors import ConfigurationError
from orchestrator.source.digest import Input
from orchestrator.source.facts import ORGANIZATION_FILE, PYPROJECT, Facts


def expand(pattern: str, names: Callable[[str], Iterable[str]]) -> list[str]:
    """The paths that a pattern such as `projects/lib_*` matches, part by part.

    Args:
        pattern: from the repository's root.
        names: what lies directly in a folder.
    """
    found = [""]
    for part in pattern.strip("/").split("/"):
        found = [
            f"{folder}/{name}" if folder else name
            for folder in found
            for name in (filter_names(names(folder), part) if is_glob(part) else [part])
        ]
    return found


def filter_names(names: Iterable[str], pattern: str) -> list[str]:
    """Those that a pattern matches."""
    return [name for name in names if fnmatchcase(name, pattern)]


@dataclass
class Sharing:
    """Follows `depends_on`.

    Args:
        known: what is known of folders with a `pyproject.toml`.
        names: what lies directly in a folder, by name.
        id_of: what identifies the content of a folder or file; None when it is not there.
        told: by folder, what `orchestrator.toml` says; some of `known` may come from there.
    """

    known: Mapping[str, Facts]
    names: Callable[[str], Iterable[str]]
    id_of: Callable[[str], str | None]
    told: Mapping[str, Told] = field(default_factory=dict)
    _matching: dict[str, list[str]] = field(default_factory=dict)
    _named: dict[str, list[str]] = field(default_factory=dict)
    _walked: set[str] = field(default_factory=set)

    def direct(self, folder: str) -> list[str]:
        """The paths that a folder depends on by itself; none when it has no `pyproject.toml`.

        Raises:
            ConfigurationError: a path is not there, or a glob matches nothing.
        """
        facts = self.known.get(folder)
        if facts is None or not facts.depends_on:
            return []
        if folder not in self._named:
            self._named[folder] = [path for one in facts.depends_on for path in self._paths(folder, one)]
        return self._named[folder]

    def inputs(self, folder: str) -> tuple[Input, ...]:
        """All that a unit is built from, its own folder first, each with the shortest chain that leads there.

        Raises:
            ConfigurationError: a path is not there, or folders depend on each other in a cycle.
        """
        found: dict[str, Input] = {}
        waiting: list[tuple[str, tuple[str, ...]]] = [(folder, ())]
        for path, via in waiting:
            if path in found:
                continue
            found[path] = Input(path, self.id_of(path) or "", via)
            if path in self.known:
                waiting += [(further, (*via, path)) for further in self.direct(path)]
        if len(found) > 1:
            self._refuse_cycles(folder)
        return tuple(found.values())

    def _paths(self, folder: str, pattern: str) -> list[str]:
        if is_glob(pattern):
            # A folder that its own glob matches, as one of many, does not depend on itself.
            found = [path for path in self._matches(pattern) if path != folder]
        else:
            found = [pattern.strip("/")] if self.id_of(pattern.strip("/")) else []
        if not found:
            raise _missing(*self._place(folder), pattern)
        return found

    def _matches(self, pattern: str) -> list[str]:
        """What a pattern matches: looked for once, however many folders name it."""
        if pattern not in self._matching:
            self._matching[pattern] = sorted(path for path in expand(pattern, self.names) if self.id_of(path))
        return self._matching[pattern]

    def _place(self, folder: str) -> tuple[str, str]:
        """The file and the table in which a folder says what it depends on."""
        told = self.told.get(folder, NOTHING)
        if "depends_on" in (told.settings or ()):
            return ORGANIZATION_FILE, told.table
        return (f"{folder}/{PYPROJECT}" if folder else PYPROJECT), "tool.orchestrator"

    def _refuse_cycles(self, start: str) -> None:
        """Walk in depth: a folder that is met again while it is still being walked through closes a cycle."""
        trail: list[str] = []
        waiting: list[tuple[str, bool]] = [(start, True)]
        while waiting:
            path, entering = waiting.pop()
            if not entering:
                self._walked.add(trail.pop())
            elif path in trail:
                raise _cycle(*self._place(trail[-1]), [*trail[trail.index(path) :], path])
            elif path not in self._walked:
                trail.append(path)
                waiting += [(path, False), *((further, True) for further in self.direct(path))]


def _missing(file: str, table: str, pattern: str) -> ConfigurationError:
    wrong = "it matches nothing in the repository" if is_glob(pattern) else "there is no such folder in the repository"
    if pattern.strip("/") == ROOT:
        wrong = "it is the whole repository, with which every commit would make a release: name the folders in it"
    return ConfigurationError(
        file,
        f"{table}.depends_on = {pattern!r} is not valid: {wrong}; "
        "paths count from its root, for example 'projects/shared' or 'projects/lib_*'.",
    )


def _cycle(file: str, table: str, folders: list[str]) -> ConfigurationError:
    return ConfigurationError(
        file,
        f"{table}.depends_on closes a cycle: {' -> '.join(folders)}. Take one of them out, or move what "
        "both sides need to a folder of its own.",
    )
