"""What is told of a release that is there, read from its manifest without the models that it was made by."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from orchestrator.frozen import dataclass
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.publishing import damaged

_ARTIFACT = {one.name for one in fields(Artifact)}
# They may hold anything, such as what looks like an object of the release.
_SETTINGS = "settings"


@dataclass(frozen=True)
class Published:
    """A release, as `Manifest` has it.

    Attributes:
        unit: its name.
        version: of the release.
        digest: the unit's.
        commit: the commit it was first built from.
        author: of that commit.
        merged: whether the branch contained that commit then; None when that is not known.
        warnings: what the build found and did not refuse.
        artifacts: every object but the manifest itself.
    """

    unit: str
    version: str
    digest: str
    commit: str
    author: str
    merged: bool | None
    warnings: tuple[str, ...]
    artifacts: tuple[Artifact, ...]

    @property
    def name(self) -> str:
        """The release as people write it."""
        return f"{self.unit}@{self.version}"

    @classmethod
    def of(cls, text: bytes, location: str) -> "Published":
        """Read a manifest.

        Args:
            text: as it is stored.
            location: where, for errors.

        Raises:
            ArtifactError: it is none.
        """
        try:
            document = json.loads(text)
            rest = {name: part for name, part in document.items() if name != _SETTINGS}
            return cls(
                unit=document["unit"],
                version=document["version"],
                digest=document["digest"],
                commit=document["commit"],
                author=document["author"],
                merged=_known(document.get("merged")),
                warnings=tuple(document["warnings"]),
                artifacts=tuple(_artifacts(rest)),
            )
        except KeyError as error:
            raise damaged(location, "manifest", f"it has no {error.args[0]}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise damaged(location, "manifest", str(error)) from error


def _known(merged: Any) -> bool | None:
    return merged if isinstance(merged, bool) else None


def _artifacts(part: Any) -> Iterator[Artifact]:
    if isinstance(part, dict) and part.keys() == _ARTIFACT:
        yield Artifact(**part)
    elif isinstance(part, dict | list):
        for one in part.values() if isinstance(part, dict) else part:
            yield from _artifacts(one)
