"""What a survey found, as JSON: nothing is written twice of thousands of units, and nothing but data is read."""

import json
from dataclasses import astuple
from typing import Any

from orchestrator.config.network import Network
from orchestrator.errors import ConfigurationError
from orchestrator.source.digest import Input
from orchestrator.source.facts import Facts
from orchestrator.source.surveyed import Bar, OrganizationFacts, Surveyed, TrainFacts

# In place of what a unit is built from where it is its own folder, as it mostly is.
_OWN = 0


def written(surveyed: Surveyed) -> bytes | None:
    """Write it; None where JSON cannot say what `orchestrator.toml` says, such as a date."""
    known, trees = surveyed.known, surveyed.trees
    document = {
        "commit": surveyed.commit,
        "organization": astuple(surveyed.organization),
        "known": [[trees.get(folder, ""), *facts] for folder, facts in known.items()],
        "units": [
            [name, folder, surveyed.digests[name], [_row(one, known[folder]) for one in surveyed.inputs[name]]]
            for name, folder in surveyed.folders.items()
        ],
        "problems": [[folder, one.file, *one.problems] for folder, one in surveyed.problems.items()],
        "templates": surveyed.templates,
        "asked": sorted(surveyed.asked - known.keys()),
        "looked_at": sorted(surveyed.looked_at),
        "candidates": surveyed.candidates,
        "barred": surveyed.barred,
    }
    try:
        return json.dumps(document, separators=(",", ":")).encode()
    except TypeError:
        return None


def read(content: bytes) -> Surveyed:
    """Read what was written.

    Raises:
        ValueError: it is something else.
    """
    try:
        return _surveyed(json.loads(content))
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"This is no survey: {error}") from error


def _surveyed(document: dict[str, Any]) -> Surveyed:
    text, globs, exclude, units, platform, key, trains, network = document["organization"]
    known = {row[2]: _facts(row) for row in document["known"]}
    inputs = {name: _inputs(rows, known[folder]) for name, folder, _, rows in document["units"]}
    return Surveyed(
        commit=document["commit"],
        organization=OrganizationFacts(
            text, tuple(globs), tuple(exclude), units, platform, key, tuple(map(_train, trains)), _network(*network)
        ),
        known=known,
        trees={row[2]: row[0] for row in document["known"] if row[2]},
        folders={name: folder for name, folder, *_ in document["units"]},
        inputs=inputs,
        digests={name: digest for name, _, digest, _ in document["units"]},
        problems={folder: ConfigurationError(file, *said) for folder, file, *said in document["problems"]},
        templates=document["templates"],
        asked=frozenset((*document["asked"], *known)),
        looked_at=frozenset(document["looked_at"]),
        candidates=document["candidates"],
        barred={folder: Bar(*bar) for folder, bar in document["barred"].items()},
    )


def _facts(row: list[Any]) -> Facts:
    _, name, folder, said, content, is_unit, depends_on, pipeline, after = row
    return Facts(name, folder, said, content, is_unit, tuple(depends_on), pipeline, tuple(after))


def _train(row: list[Any]) -> TrainFacts:
    name, units, single, settings = row
    return TrainFacts(name, tuple(units), single, settings)


def _network(hosts: list[str], units: list[str]) -> Network:
    return Network(tuple(hosts), tuple(units))


def _row(one: Input, own: Facts) -> int | tuple[object, ...]:
    return _OWN if one == Input(own.folder, own.content) else one


def _inputs(rows: list[Any], own: Facts) -> tuple[Input, ...]:
    # There are tens of thousands of them: each call of a function shows.
    return tuple(
        [Input(own.folder, own.content) if row == _OWN else Input(row[0], row[1], tuple(row[2])) for row in rows]
    )
