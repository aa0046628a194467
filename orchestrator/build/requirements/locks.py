"""The lock files of one folder: at most one that a tool keeps, else one that was exported."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestrator.build.exported import Exported
from orchestrator.build.requirements.lists import decoded, read_list
from orchestrator.build.requirements.pdm import PDM_LOCK, read_pdm_lock
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE, PinnedLock
from orchestrator.build.requirements.pipenv import PIPFILE, PIPFILE_LOCK, read_pipfile_lock
from orchestrator.build.requirements.poetry import POETRY_LOCK, read_poetry_lock
from orchestrator.build.requirements.pylock import PYLOCK, read_pylock
from orchestrator.build.requirements.uv_lock import UV_LOCK
from orchestrator.config.project import project_table
from orchestrator.config.unit import FILE_NAME
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.reading import within

# Each is what one tool keeps of its own: two of them may say different things.
_KEPT = (UV_LOCK, POETRY_LOCK, PDM_LOCK, PIPFILE_LOCK)
_OF_PROJECTS = (UV_LOCK, POETRY_LOCK, PDM_LOCK)
# What tools make of the others, for those that know nothing of them.
_EXPORTED = (PYLOCK, REQUIREMENTS_FILE)
_HASH = b"--hash"


@dataclass(frozen=True)
class FoundLock:
    """The lock of a folder; at most one of the two is there.

    Attributes:
        file: its name.
        uv_lock: the text of a `uv.lock`, which uv reads.
        pinned: any other lock.
        unused: names of other locks and lists in the folder.
    """

    file: str = ""
    uv_lock: str | None = None
    pinned: PinnedLock | None = None
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class LockFiles:
    """The lock files of a folder.

    Attributes:
        exported: the sources.
        folder: from the repository's root.
        document: the `pyproject.toml` in it, parsed; empty when there is none.
    """

    exported: Exported
    folder: str
    document: Mapping[str, Any]

    @property
    def names(self) -> list[str]:
        """Names of those that are there."""
        return [name for name in (*_KEPT, *_EXPORTED) if self.exported.find(within(self.folder, name))]

    def find(self) -> FoundLock:
        """Find the folder's lock.

        Raises:
            ConfigurationError: there are locks of several tools, or the lock is not valid or was made for something
                else.
        """
        there = self.names
        kept = [name for name in there if name in _KEPT]
        if len(kept) > 1:
            raise ConfigurationError(
                within(self.folder, kept[0]),
                f"lies beside {', '.join(kept[1:])}, and a release is made of one lock: delete the others.",
            )
        for name in there:
            self._check_project(name)
            uv_lock = self._text(UV_LOCK) if name == UV_LOCK else None
            pinned = None if name == UV_LOCK else self._pinned(name)
            if uv_lock is not None or pinned is not None:
                return FoundLock(name, uv_lock, pinned, tuple(one for one in there if one != name))
        return FoundLock(unused=tuple(there))

    def _pinned(self, name: str) -> PinnedLock | None:
        file = within(self.folder, name)
        if name == REQUIREMENTS_FILE:
            # One without hashes may say anything: nothing is made of it.
            is_lock = _HASH in self.exported.required(file).read_bytes()
            listed = read_list(file, self.exported, FILE_NAME) if is_lock else None
            return listed.lock() if listed else None
        text = self._text(name)
        if name == PIPFILE_LOCK:
            beside = self.exported.find(within(self.folder, PIPFILE))
            return read_pipfile_lock(text, file, decoded(beside.read_bytes(), PIPFILE) if beside else None)
        if name == PYLOCK:
            return read_pylock(text, file)
        reader = read_poetry_lock if name == POETRY_LOCK else read_pdm_lock
        return reader(text, file, self.document)

    def _check_project(self, name: str) -> None:
        if name in _OF_PROJECTS and project_table(self.document) is None:
            raise ConfigurationError(
                within(self.folder, name),
                "has no pyproject.toml of a project beside it, which it would have been made for: delete it.",
            )

    def _text(self, name: str) -> str:
        file = within(self.folder, name)
        return decoded(self.exported.required(file).read_bytes(), file)


def not_used(folder: str, names: Iterable[str], instead: str) -> Iterator[str]:
    """What to say of dependency files that nothing is made of.

    Args:
        folder: theirs.
        names: of the files.
        instead: what declares or locks the dependencies.
    """
    for name in names:
        yield f"{within(folder, name)} is not used: dependencies are those of {instead}. Move there what is missing."
