"""Builds that promotions wait for: the secret that each was given, and who redeemed it."""

from boto3.dynamodb.conditions import Attr

from orchestrator.frozen import dataclass
from orchestrator.ledger.partitions import BUILDS
from orchestrator.ledger.table import LedgerTable


@dataclass(frozen=True)
class PreparedBuild:
    """A build that may be published.

    Attributes:
        nonce: SHA-256 of the secret that its task carries.
        expires_at: seconds since 1970, from which on the table may forget it.
        attempt: the newest attempt that redeemed the secret; 0 when none did.
        key: SHA-256 of the key that it was redeemed with.
    """

    nonce: str
    expires_at: int
    attempt: int = 0
    key: str = ""


class BuildRecords:
    """The builds of all units, each for some weeks."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def prepare(self, unit: str, execution: str, build: PreparedBuild) -> None:
        """Note the build of a promotion, given the unit's and the promotion's name, in place of an earlier one."""
        self._table.put(_item(unit, execution, build))

    def prepared(self, unit: str, execution: str) -> PreparedBuild | None:
        """Look the build of a promotion up; None when none was prepared."""
        item = self._table.get(BUILDS.key(unit), execution)
        if item is None:
            return None
        return PreparedBuild(str(item["nonce"]), int(item["expires_at"]), int(item["attempt"]), str(item["key"]))

    def redeem(self, unit: str, execution: str, build: PreparedBuild) -> bool:
        """Note the attempt that redeems a secret; False when it or a later one did, or the secret is another by now."""
        unused = Attr("nonce").eq(build.nonce) & Attr("attempt").lt(build.attempt)
        return self._table.put(_item(unit, execution, build), unused)


def _item(unit: str, execution: str, build: PreparedBuild) -> dict[str, str | int]:
    return {
        "pk": BUILDS.key(unit),
        "sk": execution,
        "nonce": build.nonce,
        "expires_at": build.expires_at,
        "attempt": build.attempt,
        "key": build.key,
    }
