"""Whether what is in some folders has been merged."""

from collections.abc import Iterable

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.repository import SourceRepository


def is_merged(repository: SourceRepository, branch: str, commit: str, folders: Iterable[str]) -> bool:
    """Whether a branch holds everything that led to some folders at a commit; what cannot be known is not merged.

    Args:
        repository: where both are.
        branch: its name.
        commit: its full id.
        folders: from the repository's root.
    """
    try:
        head = repository.commit(branch).id
        if head == commit:
            return True
        beyond = repository.commits_between(head, commit, folders)
    except (SourceError, UnknownNameError):
        return False
    return beyond.complete and not beyond.found
