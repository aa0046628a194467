"""What was found when a branch was looked at last, so that the next look sees what differs and not thousands of units.

It lies in the artifacts bucket, where `on_merge` alone writes it, and in memory for as long as that function is warm.
What is not there, or was found by another version of the code that decides on it, is found anew.
"""

from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.errors import ArtifactError
from orchestrator.frozen import dataclass
from orchestrator.source.survey_document import read, written
from orchestrator.source.surveyed import Surveyed


class SurveyStore(Protocol):
    """Keeps bytes under a key."""

    def get(self, key: str) -> bytes:
        """Read them; `ArtifactError` when there are none."""

    def put(self, key: str, content: bytes) -> None:
        """Write them, over what was there."""


@dataclass(frozen=True)
class Seen:
    """What a look saw that has done all that it had to.

    Attributes:
        run: the look's number.
        surveyed: what it found.
    """

    run: int
    surveyed: Surveyed


@dataclass
class Surveys:
    """What was seen of one branch.

    Args:
        store: where it is kept.
        key: where in it.
        code: identifies the code that decides on what is found; another version of it may find something else.
    """

    store: SurveyStore
    key: str
    code: str
    _last: Seen | None = None

    def seen(self, run: int) -> Seen | None:
        """What a look saw, or else another one of late; None when nothing is known."""
        if self._last is None or self._last.run != run:
            # Another instance of the function may have looked meanwhile.
            self._last = self.stored() or self._last
        return self._last

    def latest(self) -> Seen | None:
        """What a look saw of late, without asking whether another one was later; None when nothing is known."""
        if self._last is None:
            self._last = self.stored()
        return self._last

    def keep(self, seen: Seen) -> None:
        """Keep what was seen."""
        content = written(seen.surveyed)
        if content is not None:
            self.store.put(self.key, f"{self.code}\n{seen.run}\n".encode() + content)
        self._last = seen

    def stored(self) -> Seen | None:
        """What was kept last; None when nothing is, or it cannot be read: that makes a look slower, and not wrong."""
        try:
            code, run, content = self.store.get(self.key).split(b"\n", 2)
            return Seen(int(run), read(content)) if code == self.code.encode() else None
        except (ArtifactError, ValueError, ClientError, BotoCoreError):
            return None
