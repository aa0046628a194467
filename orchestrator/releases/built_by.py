"""Who built a release."""

from typing import TYPE_CHECKING, ClassVar, Literal

from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    # Whether a release is there is found out without pydantic, which takes longer to import than that.
    from pydantic import ConfigDict


@dataclass(frozen=True)
class BuiltBy:
    """The builder of a release, and what it built it for.

    Attributes:
        kind: a worker of the activity, CodeBuild, a person's command line, or one that published into a folder.
        name: the worker's name, CodeBuild's id of the build, or the person's ARN; empty for a folder.
        execution: ARN of the promotion that waited for the build; empty where none did.
    """

    __pydantic_config__: ClassVar["ConfigDict"] = {"extra": "forbid"}

    kind: Literal["worker", "codebuild", "person", "folder"]
    name: str = ""
    execution: str = ""
