"""Local paths of one unit: its templates are read before its package is made, and finished when that is there."""

import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from orchestrator.build.handlers import Function, check_layers, python_functions
from orchestrator.build.paths.assets import Assets
from orchestrator.build.paths.code import (
    CodeBuilder,
    CodeSource,
    Coding,
    FunctionRuntimes,
    NoBuilder,
    Wheel,
    code_sources,
)
from orchestrator.build.paths.draft import Draft, Drafter
from orchestrator.build.paths.finish import Finished, Finishing
from orchestrator.build.paths.shared import add_shared_code, shared_code
from orchestrator.build.paths.sources import Sources
from orchestrator.build.paths.stand_ins import put_stand_ins
from orchestrator.build.platforms.choice import values
from orchestrator.build.platforms.intrinsics import evaluate
from orchestrator.build.platforms.layer_use import FunctionPlatforms
from orchestrator.build.platforms.resolve import runtimes_of
from orchestrator.build.platforms.scope import Scope, UnknownValueError
from orchestrator.build.platforms.unit import Resolved, UnitPlatforms, python_platforms
from orchestrator.build.template import WELL_KNOWN_PARAMETERS, parse, read_template, template_json
from orchestrator.config.platform import Platform
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import Content
from orchestrator.releases.sha256 import sha256_of


@dataclass(frozen=True)
class Resolution:
    """What the functions of a template, and of those that it nests, run on in some environments.

    Attributes:
        environments: those in which they do.
        runtimes: by template, of functions whose code is a local path.
        platforms: by template, of functions in Python.
    """

    environments: tuple[str, ...]
    runtimes: Mapping[str, FunctionRuntimes]
    platforms: Mapping[str, FunctionPlatforms]

    def resolved(self, draft: Draft) -> Iterator[Resolved]:
        """The same, template by template."""
        for one in draft.all():
            yield Resolved(one.document, self.platforms[one.sources.file], self.environments)


@dataclass(frozen=True)
class Parts:
    """What a release holds besides what stands in for local paths.

    Attributes:
        wheel: the unit's.
        is_plain: whether that was made of the folders that functions name, and of nothing else.
        platforms: those of the unit, which decide on layers.
        assets: by key, objects that templates refer to already.
    """

    wheel: Path
    is_plain: bool
    platforms: UnitPlatforms
    assets: Mapping[str, Path]


@dataclass(frozen=True)
class FinishedTemplate:
    """A template as it is deployed.

    Attributes:
        document: the template.
        functions: by platform, those in Python whose code the release holds, in nested templates too.
        files: the objects that templates refer to, by key.
        notes: what people should know of how local paths were packaged.
    """

    document: dict[str, Any]
    functions: Mapping[Platform, tuple[Function, ...]]
    files: Mapping[str, Path]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class UnitPaths:
    """The local paths of one unit.

    Attributes:
        unit: its name.
        tree: the exported sources.
        own: a folder that no program of the unit writes to.
        given: by parameter, the values that environments give to it.
        default: the platform of `[lambda]`.
        builder: builds what is not Python.
        stand_ins: by logical id of the unit's own template, the path from the repository's root of what the unit's
            command has made.
        settings: where these are written.
        shared: folders, from the repository's root, that functions in Python import.
    """

    unit: str
    tree: Path
    own: Path
    given: Mapping[str, Iterable[str]]
    default: Platform
    builder: CodeBuilder = field(default_factory=NoBuilder)
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    settings: str = ""
    shared: tuple[str, ...] = ()

    def draft(self, text: bytes, path: Path, file: str) -> Draft:
        """Read a template.

        Args:
            text: of the template.
            path: where it is; local paths begin at its folder.
            file: its path from the repository's root, for messages.

        Raises:
            ConfigurationError: something in it cannot become a part of a release; every thing is named.
        """
        drafter = Drafter(read_template, parse, template_json, self.given)
        document = read_template(text, file)
        if self.stand_ins:
            put_stand_ins(document, self.stand_ins, file, self.settings)
        return drafter(document, Sources(self.tree, path.parent, file))

    def resolve(self, draft: Draft, scopes: Mapping[str, Scope]) -> tuple[Resolution, ...]:
        """Resolve what functions run on, for each environment; those that agree are together.

        Args:
            draft: the template.
            scopes: by environment, what is known there.

        Raises:
            ConfigurationError: it cannot be known.
        """
        agreeing: dict[int, Resolution] = {}
        for environment, scope in scopes.items():
            made = self._resolution(draft, environment, scope)
            same = next((key for key, one in agreeing.items() if _agree(one, made)), len(agreeing))
            names = (*agreeing[same].environments, environment) if same in agreeing else (environment,)
            agreeing[same] = Resolution(names, made.runtimes, made.platforms)
        return tuple(agreeing.values())

    def _resolution(self, draft: Draft, environment: str, scope: Scope) -> Resolution:
        runtimes: dict[str, FunctionRuntimes] = {}
        platforms: dict[str, FunctionPlatforms] = {}
        for one, known in _with_scopes(draft, scope):
            file = one.sources.file
            local = {
                path.occurrence.resource.name
                for path, _ in one.paths
                if path.wanted.content is Content.FUNCTION and path.occurrence.resource
            }
            found = runtimes_of(one.document, known, self.default, file, local)
            python = [name for name, runtime in found.items() if all(each.platform for each in values(runtime))]
            runtimes[file] = found
            platforms[file] = python_platforms(one.document, known, self.default, file, python)
        return Resolution((environment,), runtimes, platforms)

    @staticmethod
    def python(draft: Draft, resolutions: Iterable[Resolution]) -> list[CodeSource]:
        """The functions in Python that name a folder which is packaged as it is, in nested templates too."""
        found = [
            source
            for resolution in resolutions
            for one in draft.all()
            for source in code_sources(one, resolution.runtimes[one.sources.file])
        ]
        return [source for source in found if source.path.is_dir() and source.is_python and not source.is_built]

    def finish(self, draft: Draft, resolution: Resolution, parts: Parts) -> FinishedTemplate:
        """Finish a template for the environments of a resolution.

        Args:
            draft: the template.
            resolution: what its functions run on there.
            parts: what the release holds besides.

        Raises:
            ConfigurationError: something in it cannot become a part of the release.
        """
        taken = Assets(self.unit, self.own, dict(parts.assets))
        coding = Coding(taken, Wheel(_contents(parts.wheel), parts.is_plain), self.builder, [])
        key = shared_code(self.shared, self.tree, taken, draft.sources.file) if self.shared else ""
        layers = _Layering(resolution.platforms, parts.platforms, key)
        filled = {**dict.fromkeys(WELL_KNOWN_PARAMETERS, True), "LayerKey": False, **parts.platforms.parameters}
        finishing = Finishing(self.unit, taken, coding, resolution.runtimes, layers, filled, template_json)
        finished = finishing(draft)
        functions = _functions(finished, resolution, coding.python, taken.files)
        return FinishedTemplate(finished.document, functions, taken.files, tuple(coding.notes))


@dataclass(frozen=True)
class _Layering:
    """Gives the functions of templates their layers.

    Attributes:
        functions: by template, its functions in Python.
        platforms: those of the unit.
        shared: the key of the layer with shared code; empty where there is none.
    """

    functions: Mapping[str, FunctionPlatforms]
    platforms: UnitPlatforms
    shared: str

    def __call__(self, document: dict[str, Any], python: Collection[str], file: str) -> dict[str, Any]:
        """Give them; `python` are the functions whose code was a local path."""
        every = self.functions[file]
        functions = {name: chosen for name, chosen in every.items() if name in python}
        made = self.platforms.with_layers(document, functions, every, file)
        made = add_shared_code(made, self.shared, every, file) if self.shared else made
        check_layers(made, file)
        return made


def _agree(one: Resolution, other: Resolution) -> bool:
    return (one.runtimes, one.platforms) == (other.runtimes, other.platforms)


def _with_scopes(draft: Draft, scope: Scope) -> Iterator[tuple[Draft, Scope]]:
    """All templates, each once, with what is known of it: of a nested one, what its stack gives it."""
    waiting, seen = [(draft, scope)], set()
    while waiting:
        one, known = waiting.pop(0)
        if one.sources.file not in seen:
            seen.add(one.sources.file)
            yield one, known
            waiting += [
                (one.nested[path], _scope_of(one.nested[path], local.occurrence.resource.properties, known))
                for local, path in one.paths
                if path in one.nested and local.occurrence.resource
            ]


def _scope_of(nested: Draft, stack: Mapping[str, Any], known: Scope) -> Scope:
    """What is known of a nested template."""
    parameters = stack.get("Parameters")
    given: dict[str, str] = {name: known.given[name] for name in WELL_KNOWN_PARAMETERS if name in known.given}
    for name, value in parameters.items() if isinstance(parameters, dict) else ():
        try:
            worth = evaluate(value, known)
        except UnknownValueError:
            given.pop(name, None)
            continue
        if isinstance(worth, str | int | float):
            given[name] = str(worth)
    return Scope(nested.document, given, where=f"Parameters of the stack that nests {nested.sources.file}")


def _functions(
    finished: Finished, resolution: Resolution, archives: Mapping[str, Path], files: Mapping[str, Path]
) -> dict[Platform, tuple[Function, ...]]:
    found: dict[Platform, list[Function]] = {}
    for file, document in finished.all.items():
        for function in python_functions(document, archives, files):
            chosen = resolution.platforms[file].get(function.resource)
            for platform in values(chosen) if chosen is not None else ():
                found.setdefault(platform, []).append(function)
    return {platform: tuple(functions) for platform, functions in found.items()}


def _contents(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: sha256_of(archive.read(name)) for name in archive.namelist()}
