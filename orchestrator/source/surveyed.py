"""What a survey found at one commit: all that is known of its units, and on what that rests.

So much of it that a relative of the commit need not be surveyed: `source.successor` looks at what differs.
"""

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import Any, NamedTuple

from orchestrator.config.names import unit_name
from orchestrator.config.network import Network
from orchestrator.config.told import NOTHING, ROOT, Told, told
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.digest import Input
from orchestrator.source.facts import Facts
from orchestrator.source.unit_globs import UnitGlobs


class TrainFacts(NamedTuple):
    """Units that a merge promotes together.

    Attributes:
        name: what its trains are called, before the merge's commit.
        units: its members.
        single: how a merge that affects one member only promotes it, `"alone"` or as a `"train"`.
        settings: what else its trains are started with.
    """

    name: str
    units: tuple[str, ...]
    single: str
    settings: dict[str, Any]


class Bar(NamedTuple):
    """Why a unit is refused that would be valid by itself; it holds as long as the unit says the same.

    Attributes:
        name: the unit's.
        pipeline: the settings that its state machines are made of.
        problem: in a sentence, with what to do.
    """

    name: str
    pipeline: str
    problem: str


@dataclass(frozen=True)
class OrganizationFacts:
    """What of `orchestrator.toml` it takes to read all units.

    Attributes:
        text: identifies all that it says.
        globs: where units are.
        exclude: where they are not.
        units: what it says of single ones, by folder.
        platform: what they are built for.
        key: what identifies all that each unit's configuration is checked against: the environments, and the stacks
            that may be deployed.
        trains: which units go together.
        network: which hosts are opened to units' code while they are built.
    """

    text: str
    globs: tuple[str, ...]
    exclude: tuple[str, ...]
    units: dict[str, dict[str, Any]]
    platform: str
    key: str
    trains: tuple[TrainFacts, ...] = ()
    network: Network = Network()

    def built_for(self, unit: str) -> str:
        """The platform, and the hosts that are opened to a unit: with others, its code may make other releases."""
        return " ".join((self.platform, *self.network.of(unit)))

    @cached_property
    def looked_for(self) -> UnitGlobs:
        """The globs, compiled."""
        return UnitGlobs(self.globs, self.exclude)

    def finds_like(self, other: "OrganizationFacts") -> bool:
        """Whether both find units in the same places."""
        return (self.globs, self.exclude) == (other.globs, other.exclude)

    def reads_like(self, other: "OrganizationFacts", *, is_candidate: bool) -> bool:
        """Whether what is known of a folder by one holds for the other, as long as neither says anything of it.

        Args:
            other: the one that it is to hold for.
            is_candidate: whether its globs find the folder: of what they do not find, a template alone tells nothing.
        """
        return self.key == other.key and (is_candidate or self.finds_like(other))


@dataclass(frozen=True)
class Surveyed:
    """What was found.

    Attributes:
        commit: the commit's id.
        organization: what of its `orchestrator.toml` it takes to read all units.
        known: what is known of folders, by folder: of units, also of those with a problem, and of shared code.
        trees: git's ids of these folders, the root's left out.
        folders: by unit, in order of name, where it is; all of these can be deployed.
        inputs: by unit, what it is built from.
        digests: by unit, what identifies all of that.
        problems: by folder, why what looks like a unit cannot be promoted.
        templates: by folder, the template that a glob named.
        asked: the folders that were looked into, also those of which there is nothing to know, or that are not there.
        looked_at: the folders by whose names it was decided what there is, besides what the globs match.
        candidates: the folders that the globs match, each with the file that one named; None where links, submodules
            or names that are no text are among them, of which more counts than what they are themselves.
        barred: by folder, units that are refused for what is not in the repository: their names belong to others.
    """

    commit: str
    organization: OrganizationFacts
    known: Mapping[str, Facts]
    trees: Mapping[str, str]
    folders: Mapping[str, str]
    inputs: Mapping[str, tuple[Input, ...]]
    digests: Mapping[str, str]
    problems: Mapping[str, ConfigurationError]
    templates: Mapping[str, str]
    asked: frozenset[str]
    looked_at: frozenset[str]
    candidates: Mapping[str, str | None] | None = None
    barred: Mapping[str, Bar] = field(default_factory=dict)

    @cached_property
    def told(self) -> Mapping[str, Told]:
        """By folder, what `orchestrator.toml` says of single units."""
        return told(self.organization.units, self.templates)

    def called(self, folder: str) -> str:
        """The name of the unit in a folder, as far as it is known where something is wrong with it."""
        key = "" if folder == ROOT else folder
        if key in self.known:
            return self.known[key].name
        given = (self.told.get(key, NOTHING).settings or {}).get("name")
        if isinstance(given, str):
            return given
        return unit_name(folder.rsplit("/", 1)[-1]) if key else ROOT

    def unlike(self, other: "Surveyed") -> list[str]:
        """The units that are not there, or not of the same digest, in another one; in order of name."""
        return [name for name, digest in self.digests.items() if other.digests.get(name) != digest]
