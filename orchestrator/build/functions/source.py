"""A function or layer of a template whose code a tool chain makes, as SAM describes it in properties and Metadata."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

_TEXTS = ("BuildMethod", "BuildArchitecture", "ContextPath", "ProjectRootDirectory", "WorkingDirectory")
_PATHS = ("ContextPath", "ProjectRootDirectory", "WorkingDirectory")
ARCHITECTURES = ("x86_64", "arm64")


@dataclass(frozen=True)
class Source:
    """A function or layer.

    Attributes:
        name: its logical id.
        file: the template, from the repository's root.
        folder: of its code, from the repository's root.
        runtime: such as `nodejs22.x`; empty for a layer.
        architecture: the processor that it runs on.
        handler: as the template writes it; empty for a layer.
        metadata: the resource's.
        is_layer: whether it is a layer.
        has_layers: whether other code lies beside it at run time.
    """

    name: str
    file: str
    folder: str
    runtime: str = ""
    architecture: str = "x86_64"
    handler: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    is_layer: bool = False
    has_layers: bool = False

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"Resources.{self.name}"

    @property
    def method(self) -> str:
        """What `Metadata.BuildMethod` names; empty when nothing does."""
        return str(self.metadata.get("BuildMethod") or "")

    @property
    def options(self) -> Mapping[str, Any]:
        """`Metadata.BuildProperties`."""
        found = self.metadata.get("BuildProperties")
        return found if isinstance(found, dict) else {}

    @property
    def processor(self) -> str:
        """What it is built for: `Metadata.BuildArchitecture` of a layer, else what it runs on."""
        return str(self.metadata.get("BuildArchitecture") or self.architecture)

    @property
    def skips_build(self) -> bool:
        """Whether the folder is packed as it is."""
        return self.metadata.get("SkipBuild") in (True, "True", "true")

    def place(self, key: str) -> str:
        """A folder that Metadata names from the template's, from the repository's root; else that of the code."""
        named = self.metadata.get(key)
        if not named:
            return self.folder
        return _joined(PurePosixPath(self.file).parent, str(named))

    def check(self) -> None:
        """Check what Metadata says.

        Raises:
            ConfigurationError: a key has another type, or a folder leads out of the repository.
        """
        if problems := list(self._problems()):
            raise ConfigurationError(self.file, *problems)

    def _problems(self) -> Iterator[str]:
        where = f"{self.where}.Metadata"
        for key in _TEXTS:
            if not isinstance(self.metadata.get(key, ""), str):
                yield f"{where}.{key} = {self.metadata[key]!r} must be text: builds know no intrinsic functions."
        if not isinstance(self.metadata.get("BuildProperties", {}), dict):
            yield f"{where}.BuildProperties = {self.metadata['BuildProperties']!r} must be a mapping."
        if self.processor not in ARCHITECTURES:
            yield f"{where}.BuildArchitecture = {self.processor!r} is not valid: write {' or '.join(ARCHITECTURES)}."
        for key in _PATHS:
            path = self.metadata.get(key, "")
            if isinstance(path, str) and (path.startswith("/") or self.place(key).startswith("..")):
                yield f"{where}.{key} = {path!r} leads out of the repository: name a folder from the template's."


def _joined(folder: PurePosixPath, path: str) -> str:
    """A path from a folder, without `.` and `..` where that can be."""
    parts: list[str] = []
    for part in (*folder.parts, *PurePosixPath(path).parts):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
