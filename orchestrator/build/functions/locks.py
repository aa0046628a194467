"""Lock files that builds have made for units without one: made once, published, and used again from then on."""

from collections.abc import Callable

from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.publishing import ReleaseStore


@dataclass(frozen=True)
class PublishedLocks:
    """Those of one unit.

    Attributes:
        unit: its name.
        store: where they are published.
        unmerged: the commit that is built, unless the branch is known to contain it. Its time is whatever its author
            says, and decides which versions there are: nothing else may be built by such a lock.
    """

    unit: str
    store: ReleaseStore
    unmerged: str | None = None

    def once(self, declared: str, name: str, make: Callable[[], bytes]) -> tuple[bytes, Artifact]:
        """The lock of what a unit declares, made and published when there is none.

        Args:
            declared: identifies what is declared.
            name: of the lock file.
            make: resolves what is declared.

        Raises:
            ArtifactError: what was published was altered.
        """
        published = self.store.find(layout.lock_key(self.unit, declared, name))
        if published is None:
            key = layout.lock_key(self.unit, declared, name, self.unmerged)
            # Another build may be first: what it has published is used then, by both.
            published = self.store.find(key) or self.store.publish(key, make(), made_of=declared)
        return self.store.get(published.key, sha256=published.sha256), published
