"""Notes who pushed to the branch, for each unit that the push touched."""

from collections.abc import Callable, Iterable
from datetime import datetime

from orchestrator.errors import ConfigurationError, SourceError, UnknownNameError
from orchestrator.frozen import dataclass
from orchestrator.ledger.pushes import NotedPush, PushRecords
from orchestrator.source.catalog import survey
from orchestrator.source.pushes.push import Push, known_commit
from orchestrator.source.pushes.touched import touched
from orchestrator.source.repository import SourceRepository
from orchestrator.source.surveyed import Surveyed
from orchestrator.steps.merge_event import MergeEvent
from orchestrator.steps.surveys import Surveys

_MOST_NAMED = 10


@dataclass(frozen=True)
class Recorded:
    """A push that was noted, or why it was not.

    Attributes:
        message: a sentence for the log; empty where the event tells of no push.
        surveyed: what was found at its commits, for whoever looks at them next.
        is_unseen: whether the branch does not contain the commit, or not yet.
    """

    message: str = ""
    surveyed: tuple[Surveyed, ...] = ()
    is_unseen: bool = False


@dataclass(frozen=True)
class PushRecorder:
    """Notes pushes.

    Args:
        records: keeps them.
        repository: what is pushed to.
        branch: the branch whose pushes count.
        surveys: what was found at the branch before; it is only read.
        clock: tells the time, for events that do not.
    """

    records: PushRecords
    repository: SourceRepository
    branch: str
    surveys: Surveys
    clock: Callable[[], datetime]

    def __call__(self, event: MergeEvent, head: str) -> Recorded:
        """Note a push, whether or not anything is left to be done for it.

        What an event says is a claim: it counts where the branch contains the commit, and for units that differ there.

        Args:
            event: what tells of it.
            head: full id of the branch's newest commit.

        Raises:
            LedgerBusyError: it could not be noted. The event has to come again.
        """
        push, commit = event.push, known_commit(event.detail.commit)
        if push is None or commit is None:
            return Recorded()
        if commit != head and not self._is_merged(commit):
            return Recorded(
                f"The push of {commit} by {push.pushed_by} is not noted: {self.branch} does not contain that commit. "
                "Another push has replaced it by force, the host does not show it yet, or the event is made up.",
                is_unseen=True,
            )
        return self._note(push, commit)

    def _is_merged(self, commit: str) -> bool:
        try:
            return self.repository.is_merged(commit, self.branch)
        except SourceError:
            # One person more counts, rather than one less.
            return True

    def _note(self, push: Push, commit: str) -> Recorded:
        last = self.surveys.latest()
        known = [last.surveyed] if last else []
        before = self._found(push.before, known) if push.before else None
        after = self._found(commit, [*known, *([before] if before else [])])
        digests = touched(before, after, known[0] if known else None)
        noted = NotedPush(push.at or self.clock(), commit, push.pushed_by)
        self.records.note(noted, digests)
        return Recorded(_message(push, commit, list(digests)), tuple(one for one in (after, before) if one))

    def _found(self, commit: str, known: Iterable[Surveyed]) -> Surveyed | None:
        """What a commit holds; None where it cannot be read, as after a forced push, or while it is not valid."""
        try:
            return survey(self.repository, commit, known)
        except (ConfigurationError, SourceError, UnknownNameError):
            return None


def _message(push: Push, commit: str, subjects: list[str]) -> str:
    more = f" and {len(subjects) - _MOST_NAMED} more" if len(subjects) > _MOST_NAMED else ""
    return f"{push.pushed_by} pushed {commit}, which touches {', '.join(subjects[:_MOST_NAMED]) or 'no unit'}{more}."
