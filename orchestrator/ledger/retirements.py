"""Approvals of deletions in the ledger: who agreed that what is left of a unit in an environment goes."""

from datetime import datetime, timedelta

from orchestrator.ledger.partitions import RETIREMENTS
from orchestrator.ledger.table import LedgerTable, stamp

_VALID = timedelta(days=1)


class RetirementRecords:
    """An item for each person who agreed; it counts for a day, and for the commit that removed the unit."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def approve(self, unit: str, environment: str, commit: str, who: str) -> None:
        """Note that somebody agreed."""
        key = f"{_prefix(unit, environment, commit)}{who}"
        now = self._table.now()
        expires_at = int((datetime.fromisoformat(now) + _VALID).timestamp())
        self._table.put({"pk": RETIREMENTS.key(), "sk": key, "who": who, "at": now, "expires_at": expires_at})

    def approved_by(self, unit: str, environment: str, commit: str) -> tuple[str, ...]:
        """Everybody who agreed within the last day."""
        since = stamp(datetime.fromisoformat(self._table.now()) - _VALID)
        items = self._table.query(RETIREMENTS.key(), _prefix(unit, environment, commit))
        return tuple(str(item["who"]) for item in items if str(item["at"]) >= since)


def _prefix(unit: str, environment: str, commit: str) -> str:
    return f"{unit}#{environment}#{commit}#"
