"""Releases that are there, told without the models of their manifests."""

import json

import pytest

from orchestrator.build.published import Published
from orchestrator.errors import ArtifactError
from orchestrator.releases.artifact import Artifact

_WHEEL = {"key": "projects/orders/w.whl", "sha256": "0" * 64, "size": 1}
_MANIFEST = {
    "unit": "orders",
    "version": "0.1.0",
    "digest": "d",
    "commit": "c",
    "author": "Ada",
    "settings": {"smoke_tests": [{"payload": _WHEEL}]},
    "layer": None,
    "wheel": _WHEEL,
    "assets": [_WHEEL],
    "warnings": ["mind this"],
}


def test_objects_are_found_wherever_a_manifest_has_them_and_not_in_settings() -> None:
    """A smoke test may send anything."""
    release = Published.of(json.dumps(_MANIFEST).encode(), "there")
    assert release.artifacts == (Artifact(**_WHEEL), Artifact(**_WHEEL))  # type: ignore[arg-type]
    assert (release.name, release.warnings) == ("orders@0.1.0", ("mind this",))


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b"{}", b'{"unit": "orders"}'])
def test_what_is_no_manifest_is_refused_with_its_place(text: bytes) -> None:
    """It was damaged, or is another file."""
    with pytest.raises(ArtifactError, match=r"there is no manifest: .* It was altered: restore"):
        Published.of(text, "there")
