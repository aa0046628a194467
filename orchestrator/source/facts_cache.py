"""Facts of folders that were read before, kept by what they follow from, so that nothing kept can be out of date.

A folder's facts follow from its path, git's id of its tree, what `orchestrator.toml` says of it, and the organization's
environments. Whoever keeps a cache may lose it at any time.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from typing import Any

from orchestrator.source.facts import Facts

Kept = dict[str, dict[str, list[Any]]]
_ORGANIZATIONS = "organizations"


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """What of `orchestrator.toml` it takes to read all units.

    Attributes:
        globs: where units are.
        exclude: where they are not.
        units: what it says of single ones, by folder.
        platform: what they are built for.
        key: what identifies the environments, which each unit's configuration is checked against.
    """

    globs: tuple[str, ...]
    exclude: tuple[str, ...]
    units: dict[str, dict[str, Any]]
    platform: str
    key: str


class FactsCache:
    """Keeps facts in memory.

    Args:
        kept: what was kept before.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept or {}
        self.used: Kept = {}
        """What was asked for or added since then: all that is worth keeping."""
        self.is_changed = False

    def organization(self, text: bytes, read: Callable[[bytes], OrganizationFacts]) -> OrganizationFacts:
        """The facts of an `orchestrator.toml`, read when it was never read before."""
        key = hashlib.sha256(text).hexdigest()
        known = self._find(_ORGANIZATIONS, key)
        if known:
            globs, exclude, units, platform, environments = known
            return OrganizationFacts(tuple(globs), tuple(exclude), units, platform, environments)
        found = read(text)
        self._add(_ORGANIZATIONS, key, list(astuple(found)))
        return found

    def folders(self, organization: OrganizationFacts, trees: Iterable[tuple[str, str]]) -> dict[str, Facts]:
        """The facts that are known of folders, given as pairs of path and what identifies all that they follow from."""
        kept, used = self._kept.get(organization.key, {}), self.used.setdefault(organization.key, {})
        found: dict[str, Facts] = {}
        for folder, tree in trees:
            key = f"{tree}{folder}"
            values = kept.get(key) or used.get(key)
            if values:
                used[key] = values
                name, content, is_unit, depends_on, pipeline = values
                found[folder] = Facts(name, folder, content, is_unit, tuple(depends_on), pipeline)
        return found

    def add(self, organization: OrganizationFacts, tree: str, facts: Facts) -> None:
        """Keep what was read of a folder, by the same."""
        values = [facts.name, facts.content, facts.is_unit, list(facts.depends_on), facts.pipeline]
        self._add(organization.key, f"{tree}{facts.folder}", values)

    def _find(self, group: str, key: str) -> list[Any] | None:
        values = self._kept.get(group, {}).get(key) or self.used.get(group, {}).get(key)
        if values:
            self.used.setdefault(group, {})[key] = values
        return values

    def _add(self, group: str, key: str, values: list[Any]) -> None:
        self.used.setdefault(group, {})[key] = values
        self.is_changed = True
