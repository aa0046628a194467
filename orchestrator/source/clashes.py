"""Units that cannot be there beside others: each is refused by name, with what to write."""

from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.config.names import qualified_name, unit_name
from orchestrator.config.reserved import unreserved
from orchestrator.config.told import ROOT, Told, table_of
from orchestrator.errors import ConfigurationError
from orchestrator.source.facts import ORGANIZATION_FILE, PYPROJECT, Facts

if TYPE_CHECKING:
    # Units whose stacks are named after them must not wait for the configuration's models.
    from orchestrator.config.organization import Organization

Problems = MutableMapping[str, ConfigurationError]


def refuse_nested(units: Iterable[Facts], problems: Problems) -> None:
    """Refuse units within units: git's id of the outer one's folder changes with the inner one."""
    folders = {facts.folder for facts in units if facts.folder}
    # Thousands of units lie in a few folders: what is around these is looked up once.
    around = {parent: _outermost(parent, folders) for parent in {one.rpartition("/")[0] for one in folders}}
    for folder in folders if any(around.values()) else ():
        outer = around[folder.rpartition("/")[0]]
        if outer:
            problems[folder] = ConfigurationError(
                folder,
                f"lies within the unit {outer}, so that each change of it would be one of both: move it out, or add "
                f"{folder!r} to 'exclude' in orchestrator.toml.",
            )


def _outermost(folder: str, units: Collection[str]) -> str:
    """The outermost unit that a folder is or lies in; empty when there is none."""
    parts = folder.split("/")
    return next((one for length in range(1, len(parts) + 1) if (one := "/".join(parts[:length])) in units), "")


def refuse_same_names(units: Iterable[Facts], problems: Problems) -> None:
    """Refuse units that would share stacks, but for one that was given its name: the others may be given theirs."""
    sharing: dict[str, list[Facts]] = {}
    for facts in units:
        sharing.setdefault(facts.name.replace("_", "-"), []).append(facts)
    for group in sharing.values():
        if len(group) == 1:
            continue
        given = [facts for facts in group if facts.name != unit_name(facts.folder.rsplit("/", 1)[-1])]
        for facts in group:
            if [facts] != given:
                problems[facts.folder or ROOT] = _same_name(facts, [one.folder or ROOT for one in group])


def _same_name(facts: Facts, folders: list[str]) -> ConfigurationError:
    return ConfigurationError(
        facts.folder or ROOT,
        f"has the same name as another unit, {facts.name!r} ({' and '.join(folders)}; '-' and '_' are the same in the "
        f"name of a stack): write [{table_of(facts.folder)}] into orchestrator.toml, with a name such as "
        f"name = {unreserved(qualified_name(facts.folder))!r}.",
    )


class Place(NamedTuple):
    """A stack of a unit in an account and region."""

    facts: Facts
    environment: str
    target: str
    stack: str


def names_stack(facts: Facts) -> bool:
    """Whether a unit says what its stacks are called."""
    return '"stack_name"' in facts.pipeline


def refuse_same_stacks(units: Collection[Facts], organization: "Organization", problems: Problems) -> None:
    """Refuse units that would overwrite each other's stacks, or their own of another environment.

    One that is called as its unit keeps its name: whoever names another one so is refused.
    """
    there: dict[tuple[str, str], list[Place]] = {}
    for place in (place for facts in units for place in places(facts, organization)):
        there.setdefault((place.target, place.stack), []).append(place)
    for sharing in there.values():
        naming = [one for one in sharing if names_stack(one.facts)] or sharing
        for place in naming if len(sharing) > 1 else ():
            other = next(one for one in sharing if one is not place)
            problems.setdefault(place.facts.folder or ROOT, _same_stack(place, other))


def places(facts: Facts, organization: "Organization") -> Iterator[Place]:
    """The stacks of a unit, in all of its environments."""
    from orchestrator.config.unit import unit_for  # noqa: PLC0415  # See above.

    unit = unit_for(facts.name, facts.pipeline)
    for name in unit.environments(organization):
        for target in organization.environment(name).targets:
            yield Place(facts, name, str(target), unit.stack_name(name, organization))


def _same_stack(place: Place, other: Place) -> ConfigurationError:
    own = other.facts is place.facts
    return ConfigurationError(
        place.facts.folder or ROOT,
        f"would deploy to the stack {place.stack} of {place.target} in {place.environment}, and so would "
        f"{'it' if own else f'the unit {other.facts.name}'} in {other.environment}: one would overwrite the other. "
        f"Give one of them another stack: stack_name.{place.environment} in its {PYPROJECT}, or in "
        f"[{table_of(place.facts.folder)}] of {ORGANIZATION_FILE}.",
    )


def refuse_idle_settings(told: Mapping[str, Told], known: Mapping[str, Facts], problems: Problems) -> None:
    """Refuse settings of folders that are no unit and no shared code: somebody meant another one."""
    for folder, said in told.items():
        if said.settings is not None and folder not in known and (folder or ROOT) not in problems:
            problems[folder or ROOT] = ConfigurationError(
                ORGANIZATION_FILE,
                f"[{said.table}] is of no unit: no glob of 'units' finds one there, and no unit depends on it. "
                "Correct the folder, which is one and no glob, or remove the table.",
            )
