"""Several units in one command: as many builds at a time as there are cores."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from orchestrator.build.build import Build, Builder
from orchestrator.errors import OrchestratorError
from orchestrator.source.catalog import Catalog


def build_all(
    builders: Sequence[Builder], catalog: Catalog, names: Sequence[str], logs: Path, *, merged: bool | None = None
) -> Iterator[tuple[str, Build | OrchestratorError]]:
    """Build units, each by the next builder that is free; one that fails keeps no other back.

    Args:
        builders: how many there are is how many builds run at the same time.
        catalog: the repository at the commit.
        names: the units.
        logs: a folder for the builds' logs.
        merged: whether the branch contains the commit; None when that was not asked.

    Yields:
        Each unit with its build, or with why there is none, in the order asked for.
    """
    free: SimpleQueue[Builder] = SimpleQueue()
    for builder in builders:
        free.put(builder)

    def build(name: str) -> Build | OrchestratorError:
        builder = free.get()
        try:
            return builder.build(catalog, name, logs / f"{name}.log", merged=merged)
        except OrchestratorError as error:
            return error
        finally:
            free.put(builder)

    with ThreadPoolExecutor(len(builders)) as pool:
        yield from zip(names, pool.map(build, names), strict=True)
