"""Claims in the ledger: which folder owns a unit's name and stacks. `on_merge` alone writes them."""

from collections.abc import Iterable

from orchestrator.config.unit import slug_of
from orchestrator.ledger.branches import guard_of
from orchestrator.ledger.partitions import CLAIMS
from orchestrator.ledger.table import Item, LedgerTable, Update
from orchestrator.ownership.claims import Claim

# Items lie under what a unit's stack is called after. No slug begins so.
_BEGUN = "#BEGUN"


class ClaimRecords:
    """All claims.

    A look at a branch writes them only while no later one has begun: so no two looks claim the same.
    """

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    @property
    def begun(self) -> bool:
        """Whether the units were noted that were there before there were claims."""
        return self._table.get(CLAIMS.key(), _BEGUN) is not None

    def begin(self, branch: str, run: int) -> bool:
        """Note that they were; False when a later look has begun."""
        return self._table.transact([Update(CLAIMS.key(), _BEGUN, {"at": self._table.now()})], *guard_of(branch, run))

    def all(self) -> list[Claim]:
        """Every claim."""
        return [_claim(item) for item in self._table.query(CLAIMS.key()) if item["sk"] != _BEGUN]

    def of_units(self, names: Iterable[str]) -> list[Claim]:
        """The claims of units' names, in as few calls as can be."""
        return [_claim(item) for item in self._table.get_many((CLAIMS.key(), slug_of(name)) for name in names)]

    def of_unit(self, name: str) -> Claim | None:
        """The claim of a unit's name; None when no merge has claimed it."""
        item = self._table.get(CLAIMS.key(), slug_of(name))
        return _claim(item) if item else None

    def write(self, claims: Iterable[Claim], branch: str, run: int) -> bool:
        """Write claims, in order; False when a later look has begun, which will do it."""
        return self._table.transact([self._update(claim) for claim in claims], *guard_of(branch, run))

    def release_claim(self, name: str) -> Claim | None:
        """Let any folder claim a unit's name and its stacks; for administrators.

        Returns:
            What was released; None when nobody had claimed the name.
        """
        claim = self.of_unit(name)
        if claim:
            self._table.delete(CLAIMS.key(), claim.slug)
        return claim

    def _update(self, claim: Claim) -> Update:
        values = {
            "name": claim.name,
            "folder": claim.folder,
            "stacks": sorted(claim.stacks),
            "former": list(claim.former),
            "vacant": claim.vacant,
            "at": self._table.now(),
        }
        return Update(CLAIMS.key(), claim.slug, values)


def _claim(item: Item) -> Claim:
    stacks, former = (map(str, item[key]) for key in ("stacks", "former"))
    return Claim(str(item["name"]), str(item["folder"]), frozenset(stacks), tuple(former), str(item["vacant"]))
