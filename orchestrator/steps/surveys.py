"""What was found when a branch was looked at last, so that the next look sees what differs and not thousands of units.

It lies in the artifacts bucket, where one function alone writes it, and in memory for as long as that function is warm.
What is not there, or was found by another version of the orchestrator, is found anew.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.build.layout import survey_key
from orchestrator.errors import ArtifactError
from orchestrator.source.survey_document import read, written
from orchestrator.source.surveyed import Surveyed


class SurveyStore(Protocol):
    """Keeps bytes under a key."""

    def get(self, key: str) -> bytes:
        """Read them; `ArtifactError` when there are none."""

    def put(self, key: str, content: bytes) -> None:
        """Write them, over what was there."""


@dataclass
class Surveys:
    """What was found at one branch.

    Args:
        store: where it is kept.
        branch: the branch, and the repository that it is in.
        code: the version of the orchestrator; another one may find something else.
    """

    store: SurveyStore
    branch: str
    code: str
    _last: Surveyed | None = field(default=None)

    def last(self) -> tuple[Surveyed, ...]:
        """What was found last; empty when that is not known."""
        if self._last is None:
            self._last = self._stored()
        return (self._last,) if self._last else ()

    def keep(self, surveyed: Surveyed) -> None:
        """Keep what was found, unless it is what is kept."""
        if surveyed is not self._last:
            self.store.put(self._key, self._line + written(surveyed))
            self._last = surveyed

    def _stored(self) -> Surveyed | None:
        try:
            content = self.store.get(self._key)
        except ArtifactError:
            return None
        if not content.startswith(self._line):
            return None
        try:
            return read(content.removeprefix(self._line))
        except ValueError:
            return None

    @property
    def _key(self) -> str:
        return survey_key(hashlib.sha256(self.branch.encode()).hexdigest())

    @property
    def _line(self) -> bytes:
        """By whom it was written: its first line."""
        return f"{self.code}\n".encode()
