"""What `orchestrator affected --suggest` says: which imports `depends_on` does not cover, and what to write."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from orchestrator.cli.context import Context
from orchestrator.cli.output import Format, note, say, say_json
from orchestrator.source.catalog import Catalog
from orchestrator.source.surveyed import Surveyed
from orchestrator.suggest.lines import Lines, Suggestion
from orchestrator.suggest.search import Found, Outside, Search

_SHOWN = 5


def show_suggestions(here: Context, commit: str, output: Format, bases: Iterable[Surveyed]) -> None:
    """Look through the code of all units at a commit, and say what their settings miss."""
    catalog = here.catalog(commit, bases)
    found = Search(catalog, here.repository)()
    lines = Lines(catalog)
    made = [lines(owner, outside) for owner, outside in sorted(found.outside.items())]
    if output is Format.JSON:
        say_json(
            {"commit": catalog.commit.id, "suggestions": [asdict(one) for one in made], "not_read": dict(found.unread)}
        )
        return
    _tell(catalog, made, found)


def _tell(catalog: Catalog, made: list[Suggestion], found: Found) -> None:
    missing = {unit for one in made for unit in one.units}
    say(
        f"Units at {catalog.commit.id[:12]} that import what depends_on does not name: {len(missing)} of "
        f"{len(catalog.names)}"
    )
    for suggestion in made:
        for line in sentences(suggestion):
            say(line)
    for path, reason in sorted(found.unread.items()):
        note(f"Not read: {path} {reason}.")


def sentences(suggestion: Suggestion) -> Iterator[str]:
    """What is said of one folder: the imports, and then what to write."""
    yield f"\n{', '.join(_shortened(suggestion.units))}"
    yield from (f"  {line}" for line in _shortened([_import(one) for one in suggestion.imports]))
    if suggestion.depends_on:
        yield f"  Write into {suggestion.file}, in [{suggestion.table}]:"
        yield f"    depends_on = {json.dumps(suggestion.depends_on, ensure_ascii=False)}"
    for cycle in suggestion.cycles:
        yield f"  Do not name {cycle[1]}: {' -> '.join(cycle)}. Move what both need to a folder of its own."


def _import(one: Outside) -> str:
    if len(one.providers) == 1:
        return f"{one.file}:{one.line} imports {one.name}, which is in {one.providers[0]}"
    return f"{one.file}:{one.line} imports {one.name}, which {' and '.join(one.providers)} have: name the one it means"


def _shortened(texts: "list[str] | tuple[str, ...]") -> list[str]:
    more = [f"and {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else []
    return [*texts[:_SHOWN], *more]
