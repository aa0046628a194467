"""The releases of merged commits, as the repository was asked: what their builders say of that is not among it."""

from orchestrator.ledger.partitions import MERGED
from orchestrator.ledger.table import LedgerTable
from orchestrator.steps.contract import Release


class MergeRecords:
    """An item for each release, which names its manifest: another release under its name is not meant."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def note(self, release: Release) -> None:
        """Note that the branch contains what a release was built from."""
        facts = {"manifest_sha256": release.manifest_sha256, "commit": release.commit, "digest": release.digest}
        self._table.put({"pk": MERGED.key(release.unit), "sk": release.version, **facts, "at": self._table.now()})

    def contains(self, release: Release) -> bool:
        """Whether that was noted of a release."""
        item = self._table.get(MERGED.key(release.unit), release.version)
        return item is not None and item["manifest_sha256"] == release.manifest_sha256
