"""Lock files that builds have made."""

from pathlib import Path

import pytest

from orchestrator.build.folder import FolderStore
from orchestrator.build.functions.locks import PublishedLocks
from orchestrator.errors import ArtifactError

NAME = "package-lock.json"


def test_a_lock_is_made_once_for_what_is_declared(tmp_path: Path) -> None:
    """Whoever comes second uses it."""
    store = FolderStore(tmp_path)
    first, published = PublishedLocks("orders", store).once("a" * 64, NAME, lambda: b"first")
    assert (first, published.key) == (b"first", f"projects/orders/locks/{'a' * 64}/{NAME}")
    assert PublishedLocks("orders", store).once("a" * 64, NAME, lambda: b"second") == (first, published)
    assert PublishedLocks("orders", store).once("b" * 64, NAME, lambda: b"second")[0] == b"second"


def test_a_lock_of_a_commit_that_is_not_merged_is_used_by_nothing_else(tmp_path: Path) -> None:
    """Its author chooses the moment that versions are looked up at; what is merged is used for it, too."""
    store = FolderStore(tmp_path)
    unmerged, merged = PublishedLocks("orders", store, "c" * 40), PublishedLocks("orders", store)
    assert unmerged.once("a" * 64, NAME, lambda: b"old")[0] == b"old"
    assert unmerged.once("a" * 64, NAME, lambda: b"older")[0] == b"old"
    assert PublishedLocks("orders", store, "d" * 40).once("a" * 64, NAME, lambda: b"other")[0] == b"other"
    assert merged.once("a" * 64, NAME, lambda: b"new")[0] == b"new"
    assert unmerged.once("a" * 64, NAME, lambda: b"oldest")[0] == b"new"


def test_a_lock_that_was_altered_is_refused(tmp_path: Path) -> None:
    """Its bytes are checked when it is used again."""

    class Altered(FolderStore):
        """Something else is read than was described."""

        def get(self, key: str, sha256: str | None = None) -> bytes:
            """Alter it first."""
            (tmp_path / key).write_bytes(b"altered")
            return super().get(key, sha256)

    locks = PublishedLocks("orders", FolderStore(tmp_path))
    locks.once("a" * 64, NAME, lambda: b"lock")
    with pytest.raises(ArtifactError, match=r"was altered"):
        PublishedLocks("orders", Altered(tmp_path)).once("a" * 64, NAME, lambda: b"lock")
