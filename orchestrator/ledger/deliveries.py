"""Webhook deliveries in the ledger: each is acted on once, and one whose handling was cut short may come again."""

from boto3.dynamodb.conditions import Attr, ConditionBase

from orchestrator.ledger.partitions import DELIVERIES
from orchestrator.ledger.table import LedgerTable

_LEASE_SECONDS = 60
_KEPT_SECONDS = 5 * 86_400


class DeliveryRecords:
    """All of them; the table forgets them by itself."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def claim(self, digest: str, number: str, now: float) -> bool:
        """Take a delivery for a minute; False when it was acted on, or somebody is at it.

        Args:
            digest: of what was signed: the number is not, so it identifies nothing.
            number: what GitHub calls it.
            now: seconds since 1970.
        """
        free = Attr("pk").not_exists() | Attr("expires_at").lt(int(now))
        return self._put(digest, number, now + _LEASE_SECONDS, free)

    def settle(self, digest: str, number: str, now: float) -> None:
        """Note that a delivery was acted on: for longer than one may be old."""
        self._put(digest, number, now + _KEPT_SECONDS, None)

    def release(self, digest: str) -> None:
        """Let a delivery come again."""
        self._table.delete(DELIVERIES.key(), digest)

    def _put(self, digest: str, number: str, until: float, condition: ConditionBase | None) -> bool:
        item = {
            "pk": DELIVERIES.key(),
            "sk": digest,
            "number": number,
            "at": self._table.now(),
            "expires_at": int(until),
        }
        return self._table.put(item, condition)
