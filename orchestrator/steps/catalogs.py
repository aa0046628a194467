"""What there is at a commit, told from what `on_merge` found at the branch: nobody else need look at all of it.

That another commit is meant does not matter, nor that it is on no branch: what is kept is of one commit, and what
differs from that is looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestrator.source.catalog import Catalog, read_catalog
from orchestrator.source.repository import SourceRepository
from orchestrator.source.surveyed import Surveyed
from orchestrator.steps.surveys import Surveys

ReadCatalog = Callable[[str], Catalog]
"""Tells what there is at a branch or commit; raises as `read_catalog` does."""


@dataclass
class Catalogs:
    """A `ReadCatalog`. Not to be used by several threads at once.

    Args:
        repository: where the commits are.
        surveys: what was found at the branch; it is only read.
    """

    repository: SourceRepository
    surveys: Surveys
    _last: Surveyed | None = None

    def __call__(self, revision: str) -> Catalog:
        """Read it."""
        catalog = read_catalog(self.repository, revision, self._known())
        self._last = catalog.surveyed
        return catalog

    def _known(self) -> Iterator[Surveyed]:
        """What is known, read only as far as it is asked for."""
        if self._last:
            yield self._last
        if stored := self.surveys.stored():
            yield stored.surveyed
