"""The manifest: what a release consists of, with the SHA-256 of every part. It is written once."""

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestrator.config.invalid import told
from orchestrator.config.platform import Platform
from orchestrator.config.unit import UnitSettings
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.built import Built
from orchestrator.releases.built_by import BuiltBy
from orchestrator.releases.confinement import Level
from orchestrator.releases.publishing import damaged
from orchestrator.releases.template_code import layer_parameter

# The one layer that a release had.
_OF_EARLIER_VERSIONS = "layer"


class Layer(BaseModel):
    """The release's dependencies for one platform, shared by all releases with the same locked requirements."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: Platform
    number: int
    archive: Artifact
    requirements: Artifact
    sbom: Artifact


class Manifest(BaseModel):
    """An immutable, versioned bundle of a unit, written `orders@0.2.1`.

    It depends on the unit's inputs, on the commit it was first built from and whether that was merged, on the tools
    and on who built it how far confined: no clock, no random number. Where hosts were opened to the unit's code, it
    depends on what they answered as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest: int = Field(default=1, description="Version of this format.")
    unit: str
    version: str
    digest: str = Field(description="The unit's digest: what the release was made of.")
    commit: str = Field(description="The commit it was first built from.")
    author: str = Field(description="Of that commit.")
    committed_at: datetime = Field(description="Of that commit, UTC.")
    merged: bool | None = Field(
        default=None,
        description="Whether the branch contained that commit, as its builder says; None when that was not asked. "
        "Nothing is promoted because of it.",
    )
    inputs: tuple[str, ...] = Field(description="The folders the digest covers.")
    builder: BuiltBy | Literal["activity", "codebuild", "local"] = Field(
        description="Who built it, and for which promotion; releases of earlier versions name a kind of machine alone."
    )
    confinement: Level | None = Field(
        default=None, description="How far the unit's code was confined; None where that was not noted yet."
    )
    network: tuple[str, ...] = Field(
        default=(),
        description="The hosts that were opened to the unit's code: another build may have had other answers of them.",
    )
    tools: dict[str, str] = Field(description="What it was built with, names and versions.")
    python: str = Field(description="Of `[lambda]`, as the template's parameter `Runtime` has it.")
    architecture: str = Field(description="Of `[lambda]`.")
    platforms: tuple[Platform, ...] = Field(
        default=(),
        description="What the unit's Python functions run on, the main one first; none without such functions.",
    )
    requirements: tuple[str, ...] = Field(description="Locked for any platform, such as `requests==2.32.5`.")
    settings: UnitSettings = Field(description="How it is deployed and smoke tested, frozen with it.")
    layers: tuple[Layer, ...] = Field(description="One for each platform that the unit has dependencies on.")
    wheel: Artifact
    sdist: Artifact
    template: Artifact
    templates: dict[str, Artifact] = Field(
        default_factory=dict, description="By environment, where it has another template than the rest."
    )
    assets: tuple[Artifact, ...] = Field(
        default=(), description="What templates refer to, such as what stands in for local paths."
    )
    built: tuple[Built, ...] = Field(
        default=(), description="What other tool chains, or the unit's command, have made."
    )
    sbom: Artifact
    warnings: tuple[str, ...] = Field(default=(), description="What the build found and did not refuse.")

    @model_validator(mode="before")
    @classmethod
    def _with_layers(cls, document: Any) -> Any:
        """A manifest of an earlier version with its layer as one of several."""
        if not isinstance(document, dict) or _OF_EARLIER_VERSIONS not in document:
            return document
        rest = {key: value for key, value in document.items() if key != _OF_EARLIER_VERSIONS}
        layer = document[_OF_EARLIER_VERSIONS]
        platform = {key: document.get(key) for key in ("python", "architecture")}
        layers = [{**layer, "platform": platform}] if isinstance(layer, dict) else []
        return {**rest, "platforms": [platform], "layers": layers}

    @property
    def name(self) -> str:
        """The release as people write it."""
        return f"{self.unit}@{self.version}"

    @property
    def artifacts(self) -> list[Artifact]:
        """Every object of the release but the manifest itself."""
        layers = [part for layer in self.layers for part in (layer.archive, layer.requirements, layer.sbom)]
        templates = [self.template, *self.templates.values()]
        # Several things may be built by one lock.
        locks = {one.lock.key: one.lock for one in self.built if one.lock}.values()
        return [*layers, self.wheel, self.sdist, *templates, *self.assets, *locks, self.sbom]

    @property
    def layer_parameters(self) -> dict[str, Layer | None]:
        """The layers by the template's parameter for their key; None where a platform needs none."""
        main = self.platforms[0] if self.platforms else Platform(self.python, self.architecture)
        layers = {layer.platform: layer for layer in self.layers}
        return {layer_parameter(platform, main): layers.get(platform) for platform in (main, *self.platforms)}

    def template_of(self, environment: str) -> Artifact:
        """The template for an environment."""
        return self.templates.get(environment, self.template)

    def to_json(self) -> bytes:
        """The manifest as stored: stable bytes for equal content."""
        return (self.model_dump_json(indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes, location: str) -> Self:
        """Read a stored manifest.

        Args:
            text: as it is stored.
            location: where, for errors.

        Raises:
            ArtifactError: it is none.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise damaged(location, "manifest", told(error)) from error
