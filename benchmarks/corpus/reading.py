"""Reads a unit as a build does, from the commit to the finished template, with placeholders for built code."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orchestrator.build.functions.soundness import never_built
from orchestrator.build.functions.source import Source
from orchestrator.build.paths.code import CodeSource
from orchestrator.build.paths.look import look_at
from orchestrator.build.paths.unit import FinishedTemplate, Parts, UnitPaths
from orchestrator.build.platforms.scope import unit_scope
from orchestrator.build.platforms.unit import UnitPlatforms
from orchestrator.build.template import check_parameters, read_template, template_json
from orchestrator.config.unit import Unit
from orchestrator.errors import ConfigurationError
from orchestrator.source.catalog import Catalog
from orchestrator.source.export import export


class PlaceholderBuilder:
    """Stands for tool chains: refuses what is built in no case, whatever files a unit has.

    Args:
        folder: for its archive.
    """

    def __init__(self, folder: Path) -> None:
        self._archive = folder / "built.zip"
        with zipfile.ZipFile(self._archive, "w") as archive:
            archive.writestr("placeholder", "")

    def __call__(self, source: CodeSource) -> Path:
        """Refuse, or give the archive."""
        runtime = source.runtimes[0].runtime if source.runtimes else ""
        asked = Source(
            source.resource.name, source.sources.file, "", runtime, metadata=source.metadata, is_layer=source.is_layer
        )
        if problem := never_built(asked):
            raise ConfigurationError(source.sources.file, problem)
        return self._archive

    def check(self, source: CodeSource, archive: Path) -> None:
        """Check nothing: archives that are there are placeholders as well."""


def read_unit(catalog: Catalog, name: str) -> FinishedTemplate:
    """Read a unit.

    Raises:
        OrchestratorError: it cannot be released.
    """
    unit = catalog.unit(name)
    with TemporaryDirectory(prefix="orchestrator-corpus-") as folder:
        tree, own = Path(folder, "tree"), Path(folder, "own")
        own.mkdir()
        export(catalog.repository, catalog.commit.id, [one.path for one in catalog.inputs[name]], tree)
        return _finish(catalog, unit, tree, own)


def _finish(catalog: Catalog, unit: Unit, tree: Path, own: Path) -> FinishedTemplate:
    file = unit.path(unit.settings.template)
    path = tree / file
    default = catalog.organization.lambda_.platform
    paths = UnitPaths(unit.name, tree, own, _values(unit), default, PlaceholderBuilder(own))
    draft = paths.draft(path.read_bytes(), path, file)
    # What `init` proposes is what a build takes.
    look_at(read_template(path.read_bytes(), file), file)
    scopes = {"dev": unit_scope(draft.document, unit, catalog.organization, "dev")}
    (resolution,) = paths.resolve(draft, scopes)
    every = UnitPlatforms.of(list(resolution.resolved(draft)), default).every
    platforms = UnitPlatforms(every, frozenset(every))
    check_parameters(draft.document, unit, catalog.organization, layers=platforms.parameters, file=file)
    wheel = own / "wheel.whl"
    with zipfile.ZipFile(wheel, "w"):
        pass
    finished = paths.finish(draft, resolution, Parts(wheel, is_plain=True, platforms=platforms, assets={}))
    template_json(finished.document, file)
    return finished


def _values(unit: Unit) -> Mapping[str, Any]:
    return {name: [value] for name, value in unit.parameters("dev").items()}
