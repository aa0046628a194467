"""What a tool chain, or a unit's own command, has made for a release."""

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.releases.artifact import Artifact


class Built(BaseModel):
    """An object that was built out of sources in another language than the unit's Python package."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    template: str = Field(description="The template that names it.")
    resource: str = Field(description="What it is the code of, such as `Resources.Worker`.")
    method: str = Field(description="What built it, such as `nodejs npm`, `make` or `command`.")
    reproducible: bool = Field(description="Whether the same sources and tools give the same bytes.")
    reason: str = Field(default="", description="Why they may not.")
    files: tuple[str, ...] = Field(default=(), description="What may differ then; everything when there are none.")
    tools: dict[str, str] = Field(default_factory=dict, description="The programs that made it, with their versions.")
    lock: Artifact | None = Field(default=None, description="The lock file that a build has made for it.")
