"""Asks the repository whether a release is of a merged commit, and notes that it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails
from orchestrator.ledger.merges import MergeRecords
from orchestrator.source.refs.merged import MergeRule
from orchestrator.steps.catalogs import ReadCatalog
from orchestrator.steps.contract import Release, Request


@dataclass(frozen=True)
class MergeCheck:
    """Refuses releases of commits that may not go where they are to go.

    Args:
        records: what is known of releases from before.
        read_catalog: tells a commit's digest.
        guardrails: reads which environments take commits that are not merged.
        rule: decides which commits may go; its own `allow_unmerged` does not count.
    """

    records: MergeRecords
    read_catalog: ReadCatalog
    guardrails: Callable[[], Guardrails]
    rule: MergeRule

    def __call__(self, release: Release, request: Request, span: Sequence[str], *, is_noted: bool = False) -> None:
        """Refuse a release, or note that it is of a merged commit; once noted, it is not asked again.

        Args:
            release: what is to be promoted.
            request: which commit was asked for. What a rollback leads to worked in that environment before.
            span: the environments that it goes to.
            is_noted: whether the ledger notes that a merge asks for just this, and not only the request says so.

        Raises:
            UnmergedError: it may not go there.
            SourceError: it is not known whether it may.
        """
        if request.rollback or self.records.contains(release):
            return
        # A look at the branch worked the digest out, from the branch's newest commit.
        is_called_for = is_noted and (request.branch, request.digest) == (self.rule.branch, release.digest)
        allowed = frozenset(self.guardrails().organization.repository.allow_unmerged)
        rule = replace(self.rule, allow_unmerged=allowed)
        if is_called_for or check_merged(rule, self.read_catalog, release, request, span):
            self.records.note(release)


def check_merged(
    rule: MergeRule, read_catalog: ReadCatalog, release: Release, request: Request, span: Sequence[str]
) -> bool:
    """Refuse a release of a commit that may not go where it is to go.

    A release counts as merged when the branch contains its commit, or when a merged commit that is asked for holds the
    same: after a squash merge, the branch never contains the first one.

    Args:
        rule: decides.
        read_catalog: tells a commit's digest; no digest of the request is believed.
        release: what is to be promoted.
        request: which commit was asked for.
        span: the environments that it goes to.

    Returns:
        Whether it is merged.

    Raises:
        UnmergedError: it may not go there.
        SourceError: it is not known whether it may.
    """
    if request.commit not in (None, release.commit):
        catalog = read_catalog(str(request.commit))
        same = release.unit in catalog.names and catalog.digest(release.unit) == release.digest
        if same and rule.is_merged(catalog.commit.id):
            return True
    return rule.check(release.name, release.commit, span)
