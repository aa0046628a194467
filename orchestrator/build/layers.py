"""The layers of a unit: each is made once of what is locked, and published under a number of its own."""

import io
import tempfile
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orchestrator.build.archive import zip_files
from orchestrator.build.declared import Declared, Lock
from orchestrator.build.dependencies import LAYERS, Dependencies
from orchestrator.build.layer import LayerFile
from orchestrator.build.limits import check_size
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE
from orchestrator.build.sbom import Subject, bom_json, layer_bom
from orchestrator.config.platform import Platform
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.manifest import Layer
from orchestrator.releases.numbering import ReleaseLedger
from orchestrator.releases.publishing import ReleaseStore, missing

_AT_ONCE = 4


@dataclass(frozen=True)
class Layers:
    """The layers of one unit for one platform.

    Attributes:
        unit: its name.
        store: where they are published.
        releases: gives out their numbers.
        dependencies: locks, and makes layers.
        scratch: a folder that commands may write to.
        own: a folder that no command may write to.
    """

    unit: str
    store: ReleaseStore
    releases: ReleaseLedger
    dependencies: Dependencies
    scratch: Path
    own: Path

    @property
    def platform(self) -> Platform:
        """What they are for."""
        return self.dependencies.platform

    def known(self, declared: Declared) -> int | None:
        """Number of the layer that the dependencies led to when they were first declared; None when they are new."""
        return self.releases.layer_of(self.unit, declared.key(self.platform))

    def lock(self, declared: Declared, number: int | None) -> Lock:
        """Lock what is declared, or find what it was locked to for an earlier release, by the number of its layer.

        So a change of sources alone leaves the dependencies as they are: what nobody declared anew is not resolved
        anew, until the unit declares its next version.
        """
        if number is not None:
            requirements = self.store.find(layout.requirements_key(self.unit, number))
            if requirements is not None:
                return self._stored_lock(requirements)
        return self.dependencies.lock(declared, self._folder("lock"))

    def remember(self, declared: Declared, layer: Layer) -> None:
        """Note which layer the declared dependencies led to."""
        self.releases.note_layer(self.unit, declared.key(self.platform), layer.number)

    def publish(self, locked: Lock) -> Layer | None:
        """Publish the layer, or find the one that an earlier build with the same lock published.

        The requirements are published first and read back, and the layer is installed from them, so that the two
        agree even if an earlier build got only half as far.
        """
        if not locked.requirements:
            return None
        number = self.releases.claim_layer(self.unit, locked.sha256)
        requirements = self._requirements(number, locked)
        key = layout.layer_key(self.unit, number)
        archive = self.store.find(key)
        if archive is None:
            stored = self._stored_lock(requirements)
            made = self.dependencies.layer(stored, self._folder("layer"), self.own / "layer.zip")
            check_size(self.unit, None, made.path)
            # Before the layer: where there is a layer, there is this.
            self._publish_sbom(number, made.path, stored)
            archive = self.store.publish(key, made.path, made_of=locked.sha256)
            made.path.rename(self._path(made.sha256))
        sbom = self.store.find(layout.layer_sbom_key(self.unit, number))
        if sbom is None:
            raise missing(self.store.location(layout.layer_sbom_key(self.unit, number)), None)
        return Layer(platform=self.platform, number=number, archive=archive, requirements=requirements, sbom=sbom)

    def file(self, locked: Lock, layer: Layer | None) -> LayerFile | None:
        """The published layer as a file here: the one that was made, else out of the cache, else from the store."""
        if layer is None:
            return None
        published = layer.archive
        path = self._path(published.sha256)
        if not path.exists() and not self.dependencies.cache.take(LAYERS, locked.sha256, path, published.sha256):
            path.write_bytes(self.store.get(published.key, sha256=published.sha256))
            self.dependencies.cache.keep(LAYERS, locked.sha256, path, published.sha256)
        return LayerFile(path, published.sha256)

    def _path(self, sha256: str) -> Path:
        return self.own / f"layer-{sha256}.zip"

    def _requirements(self, number: int, locked: Lock) -> Artifact:
        path = self.own / "requirements.zip"
        zip_files({REQUIREMENTS_FILE: locked.text.encode()}, path)
        return self.store.publish(layout.requirements_key(self.unit, number), path, made_of=locked.sha256)

    def _stored_lock(self, requirements: Artifact) -> Lock:
        content = self.store.get(requirements.key, sha256=requirements.sha256)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return Lock(archive.read(REQUIREMENTS_FILE).decode(), self.platform)

    def _publish_sbom(self, number: int, archive: Path, locked: Lock) -> None:
        subject = Subject(f"{self.unit}-layer", str(number), "", {"lock": locked.sha256})
        content = bom_json(layer_bom(archive, locked.text, subject, locked.platform))
        self.store.publish(layout.layer_sbom_key(self.unit, number), content, made_of=locked.sha256)

    def _folder(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.scratch))


@dataclass(frozen=True)
class PublishedLayer:
    """A layer of a release.

    Attributes:
        layers: those of its platform.
        lock: what it is made of.
        is_new: whether the dependencies were never declared before.
        layer: the published objects.
        file: the layer on this machine.
    """

    layers: Layers
    lock: Lock
    is_new: bool
    layer: Layer
    file: LayerFile

    @property
    def platform(self) -> Platform:
        """What it is for."""
        return self.lock.platform


@dataclass(frozen=True)
class Locked:
    """What is locked for a platform.

    Attributes:
        layers: those of the platform.
        known: the layer's number where the dependencies were declared before.
        lock: what is locked.
    """

    layers: Layers
    known: int | None
    lock: Lock

    def publish(self, declared: Declared) -> PublishedLayer | None:
        """Publish the layer, and note what was declared for it; None without dependencies."""
        layer = self.layers.publish(self.lock)
        file = self.layers.file(self.lock, layer)
        if layer is None or file is None:
            return None
        self.layers.remember(declared, layer)
        return PublishedLayer(self.layers, self.lock, self.known is None, layer, file)


def lock_all(platforms: Sequence[Layers], declared: Declared) -> list[Locked]:
    """Lock what is declared for all platforms of a unit at the same time; the answers are in their order."""
    known = [layers.known(declared) for layers in platforms]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        locks = pool.map(lambda layers, number: layers.lock(declared, number), platforms, known)
        return [Locked(*parts) for parts in zip(platforms, known, locks, strict=True)]
