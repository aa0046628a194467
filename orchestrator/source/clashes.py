"""Units that cannot be there beside others: each is refused by name, with what to write."""

from collections.abc import Collection, Iterable, Mapping, MutableMapping

from orchestrator.config.names import qualified_name, unit_name
from orchestrator.config.reserved import unreserved
from orchestrator.config.told import ROOT, Told, table_of
from orchestrator.errors import ConfigurationError
from orchestrator.source.facts import ORGANIZATION_FILE, Facts

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


def refuse_idle_settings(told: Mapping[str, Told], known: Mapping[str, Facts], problems: Problems) -> None:
    """Refuse settings of folders that are no unit and no shared code: somebody meant another one."""
    for folder, said in told.items():
        if said.settings is not None and folder not in known and (folder or ROOT) not in problems:
            problems[folder or ROOT] = ConfigurationError(
                ORGANIZATION_FILE,
                f"[{said.table}] is of no unit: no glob of 'units' finds one there, and no unit depends on it. "
                "Correct the folder, which is one and no glob, or remove the table.",
            )
