"""Releases in the ledger: one digest has one version, one version has one digest, layers count up by one."""

from boto3.dynamodb.conditions import Attr

from orchestrator.errors import UnknownNameError
from orchestrator.ledger.partitions import RELEASES
from orchestrator.ledger.table import Item, LedgerTable
from orchestrator.releases.numbering import Recorded
from orchestrator.releases.version import first_version
from orchestrator.steps.contract import Release

_NEW = Attr("pk").not_exists()


class ReleaseRecords:
    """What has been built of every unit."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def release_of_digest(self, unit: str, digest: str) -> str | None:
        """The version a digest was given, whether or not its build has ended."""
        item = self._table.get(RELEASES.key(unit), f"DIGEST#{digest}")
        return str(item["version"]) if item else None

    def claim_version(self, unit: str, digest: str, declared_version: str) -> str:
        """Give a digest its version: the declared one, or the next post-release that is free.

        Claimed by conditional writes in the order version, digest; a process that dies between the two finds
        its own claim when it tries again.
        """
        known = self.release_of_digest(unit, digest)
        return known or first_version(declared_version, lambda version: self._claim(unit, digest, version))

    def presumed_version(self, unit: str, digest: str, declared_version: str) -> str:
        """The version that `claim_version` would give a digest at this moment; nothing is claimed."""

        def is_free(version: str) -> bool:
            item = self._table.get(RELEASES.key(unit), f"VERSION#{version}")
            return item is None or item["digest"] == digest

        return self.release_of_digest(unit, digest) or first_version(declared_version, is_free)

    def _claim(self, unit: str, digest: str, version: str) -> bool:
        pk, key = RELEASES.key(unit), f"VERSION#{version}"
        mine = _NEW | Attr("digest").eq(digest)
        claim = {"pk": pk, "sk": key, "digest": digest, "claimed_at": self._table.now()}
        if not self._table.put(claim, mine):
            return False
        self._table.put({"pk": pk, "sk": f"DIGEST#{digest}", "version": version}, _NEW | Attr("version").eq(version))
        return True

    def claim_layer(self, unit: str, requirements_sha256: str) -> int:
        """The number of the layer with these requirements: the one they have, or the next."""
        pk, key = RELEASES.key(unit), f"LAYER#{requirements_sha256}"
        known = self._table.get(pk, key)
        if known is None:
            number = self._table.increment(pk, "LAYERS", "last")
            self._table.put({"pk": pk, "sk": key, "number": number, "claimed_at": self._table.now()}, _NEW)
            # Somebody else may have claimed one meanwhile: theirs stands, and this number stays unused.
            known = self._table.get(pk, key)
        return int(known["number"]) if known else number

    def layer_of(self, unit: str, declared: str) -> int | None:
        """Number of the layer that declared dependencies were locked to; None when they are new."""
        item = self._table.get(RELEASES.key(unit), f"DECLARED#{declared}")
        return int(item["layer"]) if item else None

    def note_layer(self, unit: str, declared: str, number: int) -> None:
        """Note which layer declared dependencies were locked to; what was noted first stays."""
        item = {"pk": RELEASES.key(unit), "sk": f"DECLARED#{declared}", "layer": number, "noted_at": self._table.now()}
        self._table.put(item, _NEW)

    def record_release(self, manifest_key: str, release: Recorded, manifest_sha256: str) -> None:
        """Note that a release is published; doing so again changes nothing."""
        item = {
            "pk": RELEASES.key(release.unit),
            "sk": f"RELEASE#{release.version}",
            "unit": release.unit,
            "version": release.version,
            "digest": release.digest,
            "commit": release.commit,
            "author": release.author,
            "manifest": manifest_key,
            "manifest_sha256": manifest_sha256,
            "published_at": self._table.now(),
        }
        self._table.put(item, _NEW)

    def release(self, unit: str, version: str) -> Release:
        """Look a release up by its version.

        Raises:
            UnknownNameError: it was never published; the message lists the newest that were.
        """
        item = self._table.get(RELEASES.key(unit), f"RELEASE#{version}")
        if item is None:
            known = [f"{one.version}" for one in self.releases(unit)]
            raise UnknownNameError(f"release of {unit}", version, known)
        return _release(item)

    def release_with_digest(self, unit: str, digest: str) -> Release | None:
        """The published release that was built from a digest, if there is one."""
        version = self.release_of_digest(unit, digest)
        item = self._table.get(RELEASES.key(unit), f"RELEASE#{version}") if version else None
        return _release(item) if item else None

    def releases(self, unit: str) -> list[Release]:
        """All releases of a unit, the one published last first."""
        items = list(self._table.query(RELEASES.key(unit), "RELEASE#"))
        return [_release(item) for item in sorted(items, key=lambda item: str(item["published_at"]), reverse=True)]


def _release(item: Item) -> Release:
    return Release.model_validate({name: item[name] for name in Release.model_fields if name in item})
