"""Manifests, of this version and of earlier ones."""

import json
from typing import Any

from orchestrator.config.platform import Platform
from orchestrator.releases.manifest import Manifest


def artifact(key: str) -> dict[str, Any]:
    """An object of a release."""
    return {"key": f"projects/orders/{key}", "sha256": "0" * 64, "size": 1}


# As it was stored when a unit had one layer, for the platform of `[lambda]`.
EARLIER: dict[str, Any] = {
    "manifest": 1,
    "unit": "orders",
    "version": "0.1.0",
    "digest": "d",
    "commit": "c",
    "author": "Ada <ada@example.com>",
    "committed_at": "2026-01-01T00:00:00Z",
    "merged": True,
    "inputs": ["projects/orders"],
    "builder": "codebuild",
    "confinement": None,
    "tools": {"uv": "0.9.0"},
    "python": "3.12",
    "architecture": "arm64",
    "requirements": ["six==1.16.0"],
    "settings": {},
    "layer": {
        "number": 3,
        "archive": artifact("lambda/layer/000003/layer.zip"),
        "requirements": artifact("lambda/layer/000003/requirements.zip"),
        "sbom": artifact("lambda/layer/000003/sbom.cdx.json"),
    },
    "wheel": artifact("orders.whl"),
    "sdist": artifact("orders.tar.gz"),
    "template": artifact("template.json"),
    "templates": {},
    "assets": [],
    "sbom": artifact("sbom.cdx.json"),
    "warnings": [],
}


def test_a_manifest_of_an_earlier_version_has_its_layer_for_the_one_platform_that_there_was() -> None:
    """Such a release can be deployed, verified and compared for ever."""
    manifest = Manifest.from_json(json.dumps(EARLIER).encode(), "manifest.json")
    platform = Platform("3.12", "arm64")
    (layer,) = manifest.layers
    assert (layer.platform, layer.number) == (platform, 3)
    assert manifest.platforms == (platform,)
    assert manifest.layer_parameters == {"LayerKey": layer}
    assert {one.key for one in manifest.artifacts} >= {part["key"] for part in EARLIER["layer"].values() if part != 3}


def test_a_manifest_of_an_earlier_version_without_dependencies_has_no_layer() -> None:
    """`LayerKey` was empty then."""
    manifest = Manifest.from_json(json.dumps({**EARLIER, "layer": None}).encode(), "manifest.json")
    assert manifest.layers == ()
    assert manifest.layer_parameters == {"LayerKey": None}


def test_a_manifest_is_read_as_it_was_written() -> None:
    """With a layer for each platform; the first platform is the main one."""
    platforms = [Platform("3.12", "arm64"), Platform("3.13", "x86_64")]
    earlier = Manifest.model_validate(EARLIER)
    layers = tuple(earlier.layers[0].model_copy(update={"platform": one}) for one in platforms)
    manifest = earlier.model_copy(update={"layers": layers, "platforms": tuple(reversed(platforms))})
    assert Manifest.from_json(manifest.to_json(), "manifest.json") == manifest
    assert list(manifest.layer_parameters.items()) == [
        ("LayerKey", layers[1]),
        ("LayerKeyPython312Arm64", layers[0]),
    ]
    assert len(manifest.artifacts) == 3 * 2 + 4
