"""The `uv.lock` of a workspace that a unit is a member of: it lies in a folder above the unit's."""

from orchestrator.build.exported import Exported
from orchestrator.build.requirements.uv_lock import UV_LOCK, is_member
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.reading import within
from orchestrator.source.repository import SourceRepository


@dataclass(frozen=True)
class WorkspaceLock:
    """What locks a workspace.

    Attributes:
        folder: of the workspace, from the repository's root.
        text: of its `uv.lock`.
    """

    folder: str
    text: str


def find_workspace_lock(
    repository: SourceRepository, commit: str, exported: Exported, folder: str, settings: str
) -> WorkspaceLock | None:
    """Find the lock of the workspace that a folder is a member of, the nearest one; None when there is none.

    Args:
        repository: the sources.
        commit: which ones.
        exported: those that the unit is made of.
        folder: the unit's.
        settings: where `depends_on` of the unit is written, for errors.

    Raises:
        ConfigurationError: there is one, and the unit is not made of it: it would be built with other versions than
            those that are locked, and not be built anew when they change.
    """
    above = _above(folder)
    listed = repository.folders(commit, above)
    places = [(parent, within(parent, UV_LOCK)) for parent in above if UV_LOCK in listed.get(parent, {})]
    texts = repository.files(commit, [file for _, file in places])
    for parent, file in places:
        text = texts[file].decode(errors="replace")
        if is_member(text, file, folder.removeprefix(parent).lstrip("/")):
            if exported.find(file) is None:
                raise ConfigurationError(
                    settings,
                    f"{folder} is a member of the workspace that {file} locks, and depends_on does not name that "
                    f"file: write depends_on = [{file!r}], so that what is locked there is what is released.",
                )
            return WorkspaceLock(parent, text)
    return None


def _above(folder: str) -> list[str]:
    """The folders above one, the nearest first; the repository's root is the last."""
    parts = folder.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, -1, -1)] if folder else []
