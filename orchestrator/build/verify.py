"""Recomputes all that a release says of itself, from the ledger and the objects in S3 alone."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import BaseModel, ConfigDict

from orchestrator.build.paths.published import strays
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE, Pin, pins
from orchestrator.config.network import listed
from orchestrator.errors import ArtifactError
from orchestrator.frozen import dataclass
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.manifest import Layer, Manifest
from orchestrator.releases.record import record_problems
from orchestrator.releases.sha256 import sha256_of
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.contract import Release

_ROOT = "python/"
_DIST_INFO = ".dist-info"


class Check(BaseModel):
    """One thing that was looked at; `differences` are sentences, none when it is as it should be.

    Attributes:
        what: it is.
        found: what is told of it besides.
        differences: from what it should be.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    found: str = ""
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReleaseVerifier:
    """Verifies releases.

    Args:
        store: the tooling account's artifacts.
    """

    store: ArtifactStore

    def __call__(self, release: Release) -> list[Check]:
        """Look at everything; what cannot be read is a difference, and the rest is looked at all the same."""
        try:
            text = self.store.get(release.manifest)
            manifest = Manifest.from_json(text, self.store.location(release.manifest))
        except ArtifactError as error:
            return [Check(what="manifest", differences=(str(error),))]
        contents: dict[str, bytes] = {}
        checks = [Check(what="manifest", differences=tuple(_manifest(release, text, manifest)))]
        checks.append(Check(what="confinement of the unit's code", found=_confinement(manifest)))
        checks += [self._artifact(artifact, contents) for artifact in manifest.artifacts]
        return [*checks, *(_guarded(what, look, manifest, contents) for what, look in _LOOKS.items())]

    def _artifact(self, artifact: Artifact, contents: dict[str, bytes]) -> Check:
        what = "/".join(artifact.key.split("/")[2:])
        try:
            content = self.store.get(artifact.key)
        except ArtifactError as error:
            return Check(what=what, differences=(str(error),))
        contents[artifact.key] = content
        found = Artifact(key=artifact.key, sha256=sha256_of(content), size=len(content))
        if found == artifact:
            return Check(what=what)
        told = f"its SHA-256 is {found.sha256} and its size {found.size} bytes"
        meant = f"the manifest says {artifact.sha256} and {artifact.size}"
        return Check(what=what, differences=(f"{artifact.key} was altered: {told}, {meant}.",))


def _manifest(release: Release, text: bytes, manifest: Manifest) -> Iterator[str]:
    digest = sha256_of(text)
    if digest != release.manifest_sha256:
        yield f"The manifest was altered: its SHA-256 is {digest}, and the ledger says {release.manifest_sha256}."
    named = Release(
        **release.model_dump(include={"manifest", "manifest_sha256"}),
        **manifest.model_dump(include={"unit", "version", "digest", "commit", "author"}),
    )
    for field, ours in release.model_dump().items():
        if (theirs := getattr(named, field)) != ours:
            yield f"The manifest's {field} is {theirs!r}, and the ledger says {ours!r}."


def _confinement(manifest: Manifest) -> str:
    level = manifest.confinement
    if level is None:
        return "not known: the release was built before this was noted"
    reached = f"; it could reach {listed(manifest.network)}" if manifest.network else ""
    return (
        f"{level}{reached}" if level.is_enough else f"{level}, which is too low: an administrator allowed that{reached}"
    )


def _guarded(what: str, look: "_Look", manifest: Manifest, contents: dict[str, bytes]) -> Check:
    found: list[str] = []
    try:
        # One by one: what was found before something cannot be read is kept.
        for difference in look(manifest, contents):
            found.append(difference)  # noqa: PERF402  # A list that is made at once is lost when one fails.
    except KeyError as error:
        found.append(f"It could not be looked at: {error} could not be read.")
    except Exception as error:  # noqa: BLE001  # All that is read here may have been altered into anything.
        found.append(
            f"It could not be looked at, for what it is in is damaged ({error}). Restore the first version of each "
            "object that was altered, or raise the unit's version and build anew."
        )
    return Check(what=what, differences=tuple(found))


def _wheel(manifest: Manifest, contents: dict[str, bytes]) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(contents[manifest.wheel.key])) as archive:
        yield from record_problems(archive)


def _layers(manifest: Manifest, contents: dict[str, bytes]) -> Iterator[str]:
    """Every package of a lock is in its layer in its version, and nothing else is."""
    for layer in manifest.layers:
        yield from _layer(layer, contents)


def _layer(layer: Layer, contents: dict[str, bytes]) -> Iterator[str]:
    lock, name = _locked(layer, contents), f"Layer {layer.number} ({layer.platform})"
    wanted = {_package(pin.name, pin.version) for pin in lock if pin.version}
    with zipfile.ZipFile(io.BytesIO(contents[layer.archive.key])) as archive:
        folders = {PurePosixPath(name.removeprefix(_ROOT)).parts[0] for name in archive.namelist()}
        stems = [folder.removesuffix(_DIST_INFO) for folder in folders if folder.endswith(_DIST_INFO)]
        installed = {_package(*stem.split("-", 1)) for stem in stems}
        for package in sorted(wanted - installed):
            yield f"{name} lacks {package}, which the requirements lock."
        # Of a package that is given by a URL, the lock tells no version.
        for package in sorted(installed - wanted if len(wanted) == len(lock) else ()):
            yield f"{name} has {package}, which the requirements do not lock."
        yield from record_problems(archive, _ROOT)


def _requirements(manifest: Manifest, contents: dict[str, bytes]) -> Iterator[str]:
    locked = {str(pin.requirement) for pin in _lock(manifest, contents)}
    for line in sorted(locked ^ set(manifest.requirements)):
        where = "the stored requirements and not in the manifest" if line in locked else "the manifest only"
        yield f"{line} is in {where}."


def _sbom(manifest: Manifest, contents: dict[str, bytes]) -> Iterator[str]:
    bom = json.loads(contents[manifest.sbom.key])
    subject = bom["metadata"]["component"]
    if (subject["name"], subject["version"]) != (manifest.unit, manifest.version):
        yield f"The bill of materials is of {subject['name']}@{subject['version']}."
    if [one["content"] for one in subject["hashes"]] != [manifest.wheel.sha256]:
        yield "The bill of materials is of another wheel than the release's."
    files = {one["name"]: one["hashes"][0]["content"] for one in bom["components"] if one["type"] == "file"}
    if files != {asset.key: asset.sha256 for asset in manifest.assets}:
        yield "The bill of materials has other assets than the release."
    told = {
        (one["name"], one["version"]): {each["content"] for each in one["hashes"]}
        for one in bom["components"]
        if one["type"] == "library"
    }
    lock = _lock(manifest, contents)
    locked: dict[tuple[str, str], set[str]] = {}
    for pin in lock:
        if pin.version:
            locked.setdefault((pin.name, pin.version), set()).update(pin.hashes)
    for name, version in sorted(locked.keys() - told.keys()):
        yield f"The bill of materials lacks {name}=={version}."
    for name, version in sorted(told.keys() & locked.keys()):
        if told[name, version] != locked[name, version]:
            yield f"The bill of materials has other hashes for {name}=={version} than the requirements."
    packages = len({str(pin.requirement) for pin in lock})
    if len(told) != packages:
        yield f"The bill of materials has {len(told)} packages, and {packages} are locked."


def _paths(manifest: Manifest, contents: dict[str, bytes]) -> Iterator[str]:
    """Every property of a template that may hold a local path names an object of the release, or something remote."""
    assets = {asset.key: asset for asset in manifest.assets}
    for artifact in (manifest.template, *manifest.templates.values()):
        document = json.loads(contents[artifact.key])
        yield from strays(manifest.unit, document, assets, lambda asset: contents[asset.key])


def _lock(manifest: Manifest, contents: dict[str, bytes]) -> list[Pin]:
    """What is locked for any platform."""
    return [pin for layer in manifest.layers for pin in _locked(layer, contents)]


def _locked(layer: Layer, contents: dict[str, bytes]) -> Sequence[Pin]:
    with zipfile.ZipFile(io.BytesIO(contents[layer.requirements.key])) as archive:
        return pins(archive.read(REQUIREMENTS_FILE).decode())


def _package(name: str, version: str) -> str:
    return f"{canonicalize_name(name)}=={Version(version)}"


_Look = Callable[[Manifest, dict[str, bytes]], Iterator[str]]
_LOOKS: dict[str, _Look] = {
    "requirements": _requirements,
    "bill of materials": _sbom,
    "files of the wheel": _wheel,
    "paths in templates": _paths,
    "packages of the layers": _layers,
}
