"""Builds what templates name by local paths and is not the unit's own Python package, and notes how that was built."""

from collections.abc import Collection, Iterator
from pathlib import Path

from orchestrator.build.functions.builder import FunctionBuilder
from orchestrator.build.functions.package import Package, as_it_is, check_handler
from orchestrator.build.functions.source import Source
from orchestrator.build.functions.workflows import language_of
from orchestrator.build.paths.code import CodeSource
from orchestrator.errors import ConfigurationError
from orchestrator.releases.built import Built


class UnitCode:
    """Builds the code of one unit's functions and layers.

    Args:
        builder: builds them.
        made: by logical id, what the unit's own command has made.
        file: the unit's own template.
    """

    def __init__(self, builder: FunctionBuilder, made: Collection[str], file: str) -> None:
        self._builder = builder
        self._made = made
        self._file = file
        self._packages: dict[tuple[str, str], Package] = {}

    def __call__(self, source: CodeSource) -> Path:
        """Build a function or a layer; returns its archive.

        Raises:
            BuildError: a tool chain is missing, something cannot be fetched, or the build failed.
            ConfigurationError: a file of the unit is not valid, or it cannot be built here.
        """
        wanted = _source(source)
        if self._is_made(source):
            return as_it_is(wanted, source.sources.tree, self._builder.new_archive()).path
        package = self._packages[wanted.file, source.resource.place] = self._builder.build(wanted)
        return package.path

    def check(self, source: CodeSource, archive: Path) -> None:
        """Check that an archive that somebody else has made has the handler of its function.

        Raises:
            ConfigurationError: it has none.
        """
        check_handler(_source(source), archive)

    @property
    def built(self) -> tuple[Built, ...]:
        """How everything was built, for the manifest."""
        return tuple(built_of(file, place, package) for (file, place), package in sorted(self._packages.items()))

    @property
    def warnings(self) -> Iterator[str]:
        """What the release should say of it."""
        yield from dict.fromkeys(warning for one in self._packages.values() for warning in one.warnings)

    def _is_made(self, source: CodeSource) -> bool:
        return source.resource.name in self._made and source.sources.file == self._file


def built_of(template: str, resource: str, package: Package) -> Built:
    """What a manifest says of a package."""
    known = package.reproducible
    return Built(
        template=template,
        resource=resource,
        method=package.method,
        reproducible=not known.reason,
        reason=known.reason,
        files=known.files,
        tools=dict(package.tools),
        lock=package.lock,
    )


def _source(source: CodeSource) -> Source:
    """What a template says, in the words of those who build."""
    runtimes = source.runtimes
    if len({(language_of(one.runtime), one.architecture) for one in runtimes}) > 1:
        every = ", ".join(f"{one.runtime} on {one.architecture}" for one in runtimes)
        raise ConfigurationError(
            source.sources.file,
            f"{source.resource.place} runs on {every}, as conditions decide, and its code is built once: give the "
            "function one runtime and one architecture.",
        )
    listed = source.resource.properties.get("CompatibleArchitectures")
    compatible = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], str) else "x86_64"
    return Source(
        source.resource.name,
        source.sources.file,
        source.sources.name(source.path),
        runtimes[0].runtime if runtimes else "",
        runtimes[0].architecture if runtimes else compatible,
        source.handler or "",
        source.metadata,
        source.is_layer,
        source.has_layers,
    )
