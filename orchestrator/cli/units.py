"""`orchestrator units`: what the repository holds."""

from collections.abc import Iterator
from typing import Annotated

import click

from orchestrator.cli.context import Context
from orchestrator.cli.guarded import Required, guardrail_problems
from orchestrator.cli.kept import Kept
from orchestrator.cli.output import Format, complain, note, say_json
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.cli.tables import show, table, text
from orchestrator.guardrails.rules import waits_for_approval
from orchestrator.source.catalog import Catalog
from orchestrator.source.discovery import Finder
from orchestrator.source.together import broken_units, missing_members
from orchestrator.trains.waves import disorder


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(units))


def units(
    context: click.Context,
    commit: Annotated[str, Argument(help="Commit, branch or tag.")] = "HEAD",
    output: Annotated[Format, Option(help="What to print.")] = Format.TABLE,
    *,
    require_guardrails: Required = False,
) -> None:
    """List the deployment units of the repository, and what is wrong with those that are not valid."""
    here: Context = context.obj
    catalog = here.catalog(commit, Kept.of(here.root).surveyed())
    loosened = guardrail_problems(here, catalog, ask=True, required=require_guardrails)
    problems = [*_problems(catalog), *map(str, loosened)]
    if output is Format.JSON:
        say_json(_document(catalog, problems))
    else:
        _show(catalog, problems)
    for glob in _idle(here, catalog):
        note(f"'units' in orchestrator.toml names {glob!r}, which matches nothing: correct it, or take it out.")
    if problems:
        raise click.exceptions.Exit(1)


def _idle(here: Context, catalog: Catalog) -> list[str]:
    """The globs that match nothing: somebody meant something else."""
    organization = catalog.surveyed.organization
    return Finder(here.repository, catalog.commit.id, organization.exclude).idle(organization.globs)


def _problems(catalog: Catalog) -> Iterator[str]:
    """What is wrong with units, and with trains because of that."""
    yield from map(str, catalog.problems.values())
    broken = broken_units(catalog, {})
    yield from disorder({unit: one.after for unit, one in catalog.facts.items()}, broken)
    for train in catalog.surveyed.organization.trains:
        yield from missing_members(train, catalog.names, broken)
        if unknown := [unit for unit in train.units if unit in broken]:
            yield (
                f"orchestrator.toml: trains: {train.name!r} waits with all that a merge changes of it until "
                f"{', '.join(unknown)} is valid, or no longer in it."
            )


def _trains(catalog: Catalog) -> dict[str, str]:
    """By unit, the train that it is in."""
    return {unit: train.name for train in catalog.surveyed.organization.trains for unit in train.units}


def _document(catalog: Catalog, problems: list[str]) -> dict[str, object]:
    trains = _trains(catalog)
    return {
        "commit": catalog.commit.id,
        "units": [
            {
                "unit": unit.name,
                "version": unit.version,
                "folder": unit.folder,
                "digest": catalog.digest(unit.name),
                "inputs": [one.path for one in catalog.inputs[unit.name]],
                "environments": unit.environments(catalog.organization),
                "train": trains.get(unit.name, ""),
            }
            for unit in catalog.units.values()
        ],
        "problems": problems,
    }


def _show(catalog: Catalog, problems: list[str]) -> None:
    trains = _trains(catalog)
    columns = ("unit", "version", "built from", "environments", *(["train"] if trains else []))
    shown = table(f"Units at {catalog.commit.id[:12]}", *columns)
    for unit in catalog.units.values():
        ladder = [
            f"{name} (approval)" if waits_for_approval(unit, catalog.organization, name) else name
            for name in unit.environments(catalog.organization)
        ]
        inputs = ", ".join(one.path for one in catalog.inputs[unit.name])
        cells = (unit.name, unit.version, text(inputs), " -> ".join(ladder), trains.get(unit.name, ""))
        shown.add_row(*cells[: len(columns)])
    show(shown)
    for problem in problems:
        complain(problem)
