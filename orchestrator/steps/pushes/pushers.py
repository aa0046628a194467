"""Tells who pushed what a deployment would bring."""

from datetime import datetime

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.frozen import dataclass
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.pushes import NotedPush
from orchestrator.releases import layout
from orchestrator.releases.manifest import Manifest
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.pushes.touched import folder_subject
from orchestrator.source.repository import SourceRepository
from orchestrator.steps.pushes.since import Built, pushed_since

_MOST_QUESTIONS = 50


@dataclass(frozen=True)
class Pushers:
    """Finds them.

    Args:
        ledger: knows pushes, and the folders of units.
        store: knows when releases were built.
        repository: knows what a push brought.
    """

    ledger: Ledger
    store: ArtifactStore
    repository: SourceRepository

    def __call__(self, old: Manifest | None, new: Manifest) -> tuple[str, ...]:
        """Everybody who pushed or merged what a release has and the one that runs has not, in order of time.

        Args:
            old: the release that runs; None where there is none.
            new: the release that is to go in.
        """
        if old and old.version == new.version:
            return ()
        claim = self.ledger.claims.of_unit(new.unit)
        folders = (claim.folder, *claim.former) if claim else new.inputs[:1]
        pushes = self.ledger.pushes.of([new.unit, *map(folder_subject, folders)])
        if not pushes:
            return ()
        built = Built(new.digest, self._built_at(new))
        brought = _Brought(self.repository, old, new)
        found = pushed_since(pushes, self._built_at(old) if old else None, built, brought.nothing)
        return tuple(dict.fromkeys(push.pushed_by for push in found))

    def _built_at(self, release: Manifest) -> datetime:
        return self.store.written_at(layout.manifest_key(release.unit, release.version))


class _Brought:
    """Asks the repository what pushes brought of a unit since a release."""

    def __init__(self, repository: SourceRepository, old: Manifest | None, new: Manifest) -> None:
        self._repository = repository
        self._old = old.commit if old else None
        self._folders = sorted({*(old.inputs if old else ()), *new.inputs})
        self._left = _MOST_QUESTIONS

    def nothing(self, push: NotedPush) -> bool:
        """Whether a push brought nothing; what cannot be told, or takes too many questions, brought something."""
        if push.commit == self._old:
            return True
        self._left -= 1
        if self._left < 0:
            return False
        try:
            commits = self._repository.commits_between(self._old, push.commit, self._folders)
        except (SourceError, UnknownNameError):
            return False
        return commits.complete and not commits.found
