"""One object of a release."""

from typing import TYPE_CHECKING, ClassVar

from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    # Whether a release is there is found out without pydantic, which takes longer to import than that.
    from pydantic import ConfigDict


@dataclass(frozen=True)
class Artifact:
    """One object of a release.

    Attributes:
        key: where it lies in a store.
        sha256: hexadecimal, of its bytes.
        size: bytes.
    """

    __pydantic_config__: ClassVar["ConfigDict"] = {"extra": "forbid"}

    key: str
    sha256: str
    size: int
