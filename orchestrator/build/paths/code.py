"""The code of functions and layers that a template names by local paths: the unit's wheel, or an archive."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from orchestrator.build.folders.contents import FolderContents
from orchestrator.build.functions.workflows import is_of_package
from orchestrator.build.paths.assets import Assets, contents_of, is_archive
from orchestrator.build.paths.draft import Draft, LocalPath
from orchestrator.build.paths.folders import LEFT_OUT_OF_PYTHON, packaged, told
from orchestrator.build.paths.sources import Sources
from orchestrator.build.paths.walk import Resource
from orchestrator.build.platforms.choice import Chosen, values
from orchestrator.build.platforms.resolve import FunctionRuntime
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import Content
from orchestrator.releases.template_code import property_of

REQUIREMENTS = "requirements.txt"
"""A list at the top of a folder of code; it becomes the layer."""
_SHOWN = 5
FunctionRuntimes = Mapping[str, Chosen[FunctionRuntime]]
"""By function, what it runs on."""
WHEEL = {"Ref": "SourceKey"}


@dataclass(frozen=True)
class CodeSource:
    """The code of a function or a layer as a template names it.

    Attributes:
        resource: the function or layer.
        place: the property that names it, for messages.
        text: the local path, as written.
        path: what it names: a folder, or a file.
        sources: the exported sources.
        is_layer: whether it is a layer.
        runtimes: what a function may run on; none for a layer.
        handler: as written; None where it is not text.
        metadata: the resource's.
        has_layers: whether layers lie beside a function's code.
    """

    resource: Resource
    place: str
    text: str
    path: Path
    sources: Sources
    is_layer: bool
    runtimes: tuple[FunctionRuntime, ...]
    handler: str | None
    metadata: Mapping[str, Any]
    has_layers: bool = False

    @property
    def method(self) -> str:
        """What `Metadata.BuildMethod` asks for; empty where it is not there."""
        return str(self.metadata.get("BuildMethod") or "")

    @property
    def is_built(self) -> bool:
        """Whether the folder has to be built into what runs: no file is, nor Python, nor a layer without a method."""
        if self.path.is_file():
            return False
        if self.is_python:
            return not is_of_package(self.method)
        return bool(self.method) or not self.is_layer

    @property
    def is_python(self) -> bool:
        """Whether it is a function in Python, in every case."""
        return bool(self.runtimes) and all(one.platform for one in self.runtimes)

    @property
    def module(self) -> str | None:
        """The path of the handler's module in the folder; None where there is none."""
        stem = (self.handler or "").rpartition(".")[0].replace(".", "/")
        names = (f"{stem}.py", f"{stem}/__init__.py")
        return next((name for name in names if stem and (self.path / name).is_file()), None)


class CodeBuilder(Protocol):
    """Builds what is not Python: other languages, and folders whose `Metadata.BuildMethod` asks for a build."""

    def __call__(self, source: CodeSource) -> Path:
        """Build a function or a layer; returns its archive.

        Raises:
            ConfigurationError: it cannot be built here.
        """

    def check(self, source: CodeSource, archive: Path) -> None:
        """Check the archive of a function that somebody else has built.

        Raises:
            ConfigurationError: the function could not start from it.
        """


class NoBuilder:
    """Refuses what is not Python."""

    def check(self, source: CodeSource, archive: Path) -> None:
        """Check nothing."""

    def __call__(self, source: CodeSource) -> Path:
        """Refuse it by name."""
        what = "the layer" if source.is_layer else "the function"
        why = (
            f"Metadata.BuildMethod = {source.method!r}"
            if source.method
            else f"Properties.Runtime = {', '.join(dict.fromkeys(one.runtime for one in source.runtimes))}"
        )
        raise ConfigurationError(
            source.sources.file,
            f"{source.resource.place}.{why}: {source.text!r} has to be built into what runs, and only folders of "
            f"Python code are taken as they are. Build {what} elsewhere and name the archive: "
            f"{source.place.rsplit('.', 1)[-1]}: s3://<bucket>/<key>, or a .zip file in the unit.",
        )


def code_sources(draft: Draft, runtimes: FunctionRuntimes) -> Iterator[CodeSource]:
    """The functions and layers of a template whose code is a local path; not those of the templates that it nests.

    Args:
        draft: the template.
        runtimes: by function, what it runs on.
    """
    for local, path in draft.paths:
        if local.wanted.content in (Content.FUNCTION, Content.LAYER):
            yield source_of(draft, local, path, runtimes)


def source_of(draft: Draft, local: LocalPath, path: Path, runtimes: FunctionRuntimes) -> CodeSource:
    """One of them."""
    resource = local.occurrence.resource
    if resource is None:
        raise ValueError(f"{local.occurrence.place} is not part of a resource")
    metadata = resource.body.get("Metadata")
    handler = property_of(draft.document, resource.body, "Handler")
    return CodeSource(
        resource,
        local.occurrence.place,
        local.text,
        path,
        draft.sources,
        local.wanted.content is Content.LAYER,
        tuple(values(runtimes[resource.name])) if resource.name in runtimes else (),
        handler if isinstance(handler, str) else None,
        metadata if isinstance(metadata, dict) else {},
        bool(property_of(draft.document, resource.body, "Layers")),
    )


@dataclass(frozen=True)
class Wheel:
    """The unit's wheel, as far as it can stand in for folders.

    Attributes:
        contents: the SHA-256 of each of its files.
        is_whole: whether it holds a folder only if it has all of its files: nothing else says what it is made of.
    """

    contents: Mapping[str, str]
    is_whole: bool

    def holds(self, source: CodeSource, files: Mapping[str, str]) -> bool:
        """Whether the wheel runs a function as its folder would.

        The handler's module must be at the same place with the same bytes, and no file may be another one.
        """
        if source.module is None or source.module not in self.contents or source.is_built:
            return False
        differs = any(self.contents.get(name, digest) != digest for name, digest in files.items())
        absent = any(name not in self.contents for name in files if name != REQUIREMENTS)
        return not differs and not (self.is_whole and absent)


@dataclass(frozen=True)
class Coding:
    """Finds the object that stands in for a function's or a layer's code.

    Attributes:
        assets: takes archives.
        wheel: the unit's.
        builder: builds what is not Python.
        notes: what people should know; sentences are added.
        python: by key, the archives of Python code; they are added.
    """

    assets: Assets
    wheel: Wheel
    builder: CodeBuilder
    notes: list[str]
    python: dict[str, Path] = field(default_factory=dict)

    def __call__(self, source: CodeSource) -> Any:
        """Find it; returns the object's key, or what gives it."""
        key = self._file(source) if source.path.is_file() else self._built(source)
        if isinstance(key, str) and source.is_python:
            self.python[key] = self.assets.files[key]
        return key

    def _built(self, source: CodeSource) -> Any:
        if source.is_built:
            return self.assets.archive(self.builder(source), f"{source.sources.name(source.path)}.zip")
        return self._folder(source)

    def _file(self, source: CodeSource) -> str:
        name = source.sources.name(source.path)
        if is_archive(source.path):
            if not (source.is_layer or source.is_python):
                self.builder.check(source, source.path)
            return self.assets.archive(source.path, name)
        # Both tools put a single file into an archive of its own.
        return self.assets.folder(FolderContents({source.path.name: source.path}, ()), name)

    def _folder(self, source: CodeSource) -> Any:
        found = packaged(source.path, source.sources, LEFT_OUT_OF_PYTHON if source.is_python else ())
        files = contents_of(found.files)
        if source.is_python and self.wheel.holds(source, files):
            absent = [name for name in files if name not in self.wheel.contents and name != REQUIREMENTS]
            # Of a wheel that is made of the folder, what it leaves out is what `sam build` does.
            left_out = told(found.left_out) if self.wheel.is_whole else []
            what = f"runs the unit's wheel in place of {source.text}; the wheel leaves out"
            self._note(source, [*absent, *left_out], what)
            return WHEEL
        if source.is_python and not self.wheel.is_whole and REQUIREMENTS in files:
            raise ConfigurationError(
                source.sources.file,
                f"{source.place} = {source.text!r} has a {REQUIREMENTS}, and the dependencies of a unit with a project "
                f"are project.dependencies: move what it lists there, and delete it.",
            )
        self._note(source, told(found.left_out), f"takes its code from {source.text}, which is packaged without")
        return self.assets.folder(found, source.sources.name(source.path))

    def _note(self, source: CodeSource, left_out: Any, what: str) -> None:
        if left_out:
            more = f" and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
            self.notes.append(f"{source.resource.place} {what} {', '.join(left_out[:_SHOWN])}{more}.")
