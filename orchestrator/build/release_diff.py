"""What differs between two releases of a unit, from S3 and the ledger alone."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.build.paths.published import asset_differences
from orchestrator.build.requirements.pins import pins
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.compare import Difference, differences, paths, template_differences, wheel_files
from orchestrator.releases.manifest import Manifest
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.contract import Release

_Differences = tuple[Difference, ...]
_HOW_IT_WAS_BUILT = {
    *("builder", "built", "confinement", "network", "tools"),
    *("python", "architecture", "platforms", "inputs"),
}


class ReleaseDiff(BaseModel):
    """All differences, part by part."""

    model_config = ConfigDict(frozen=True)

    requirements: _Differences
    files: _Differences
    template: _Differences
    settings: _Differences
    build: _Differences


def diff_of(store: ArtifactStore, before: Release, after: Release) -> ReleaseDiff:
    """Compare two releases.

    Raises:
        ArtifactError: an object is missing or is not what was published.
    """
    old, new = (_manifest(store, one) for one in (before, after))
    return ReleaseDiff(
        requirements=tuple(differences(_requirements(old), _requirements(new))),
        files=(*differences(_files(store, old), _files(store, new)), *_assets(store, old, new)),
        template=tuple(_templates(store, old, new)),
        settings=tuple(paths(old.settings.model_dump(mode="json"), new.settings.model_dump(mode="json"))),
        build=tuple(paths(_build(old), _build(new))),
    )


def _manifest(store: ArtifactStore, release: Release) -> Manifest:
    text = store.get(release.manifest, sha256=release.manifest_sha256)
    return Manifest.from_json(text, store.location(release.manifest))


def _requirements(manifest: Manifest) -> dict[str, str]:
    """The versions of each package; more than one where platforms differ."""
    versions: dict[str, list[str]] = {}
    for pin in pins("\n".join(manifest.requirements)):
        versions.setdefault(pin.name, []).append(pin.version)
    return {name: ", ".join(listed) for name, listed in versions.items()}


def _files(store: ArtifactStore, manifest: Manifest) -> dict[str, Any]:
    wheel = store.get(manifest.wheel.key, sha256=manifest.wheel.sha256)
    # It holds the version, so it is always another one.
    metadata = ".dist-info/METADATA"
    return {name: file.model_dump() for name, file in wheel_files(wheel).items() if not name.endswith(metadata)}


def _assets(store: ArtifactStore, old: Manifest, new: Manifest) -> Iterator[Difference]:
    """The files of functions, layers and nested stacks that the templates name."""

    def read(asset: Artifact) -> bytes:
        return store.get(asset.key, sha256=asset.sha256)

    before, after = ((_template(store, one.template), {asset.key: asset for asset in one.assets}) for one in (old, new))
    yield from asset_differences(before, after, read)


def _templates(store: ArtifactStore, old: Manifest, new: Manifest) -> Iterator[Difference]:
    """The template of all environments, then those of single ones."""
    yield from template_differences(_template(store, old.template), _template(store, new.template))
    for name in sorted({*old.templates, *new.templates}):
        pair = (_template(store, one.template_of(name)) for one in (old, new))
        for one in template_differences(*pair):
            yield one.model_copy(update={"what": f"in {name}: {one.what}"})


def _template(store: ArtifactStore, stored: Artifact) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(store.get(stored.key, sha256=stored.sha256))
    return document


def _build(manifest: Manifest) -> dict[str, Any]:
    """How it was built."""
    return manifest.model_dump(mode="json", include=_HOW_IT_WAS_BUILT)
