"""Pushes in the ledger: who moved the branch, by unit. `on_merge` alone writes them, and nothing is ever taken back.

An item is made of nothing but what the host told and what the repository holds: a push that is told again is the same
item, and one that somebody makes up is another one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from orchestrator.frozen import dataclass
from orchestrator.ledger.partitions import PUSHES
from orchestrator.ledger.table import Item, LedgerTable, Update, stamp

_DIGITS = 32


@dataclass(frozen=True)
class NotedPush:
    """One push that touched a unit.

    Attributes:
        at: when.
        commit: where the branch was after it.
        pushed_by: who pushed or merged.
        digest: the unit's, after it; empty where it was not valid or not there.
    """

    at: datetime
    commit: str
    pushed_by: str
    digest: str = ""


class PushRecords:
    """All pushes."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def note(self, push: NotedPush, digests: Mapping[str, str]) -> None:
        """Note a push.

        Args:
            push: what the host told.
            digests: by unit or folder, the digest after the push.
        """
        self._table.update_each([_update(subject, push, digest) for subject, digest in digests.items()])

    def of(self, subjects: Iterable[str]) -> list[NotedPush]:
        """The pushes that touched some units or folders, each once."""
        found = (_noted(item) for subject in subjects for item in self._table.query(PUSHES.key(subject)))
        return list(dict.fromkeys(found))


def _update(subject: str, push: NotedPush, digest: str) -> Update:
    at = stamp(push.at)
    who = hashlib.sha256(push.pushed_by.encode()).hexdigest()[:_DIGITS]
    values = {"at": at, "commit": push.commit, "pushed_by": push.pushed_by, "digest": digest}
    return Update(PUSHES.key(subject), f"{at}#{push.commit}#{who}", values)


def _noted(item: Item) -> NotedPush:
    at, commit, pushed_by, digest = (str(item[name]) for name in ("at", "commit", "pushed_by", "digest"))
    return NotedPush(datetime.fromisoformat(at), commit, pushed_by, digest)
