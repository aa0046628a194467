"""What merges started: noted by `start_promotion` before it starts anything, in partitions that it alone writes.

An execution's input may say anything. Whether a merge started it, and for which commit and digest, is what is noted.
"""

from typing import Any

from orchestrator.ledger.partitions import STARTS
from orchestrator.ledger.table import LedgerTable

_REQUEST = "request"


class StartRecords:
    """The executions that merges start, by unit; of trains, by the train's subject."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def note(self, subject: str, execution: str, request: dict[str, Any]) -> None:
        """Note what an execution, which is about to be started, is started with.

        Args:
            subject: the unit, or the train as `train/<name>`.
            execution: its ARN.
            request: its whole input.
        """
        item = {"pk": STARTS.key(subject), "sk": execution, _REQUEST: request, "noted_at": self._table.now()}
        self._table.put(item)

    def noted(self, subject: str, execution: str) -> dict[str, Any] | None:
        """What a merge starts an execution with; None when no merge does."""
        item = self._table.get(STARTS.key(subject), execution)
        return dict(item[_REQUEST]) if item else None
