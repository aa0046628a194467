"""The steps of one build, each a method: the flow that they make up is in `build.py`."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path

from orchestrator.build import layout
from orchestrator.build.archive import zip_files
from orchestrator.build.dependencies import REQUIREMENTS_FILE, Lock, install_layer, lock
from orchestrator.build.lint import Linter, linter_version, warnings_of
from orchestrator.build.local_code import check_wheel, use_artifacts
from orchestrator.build.manifest import Artifact, Layer
from orchestrator.build.package import build_package, generator
from orchestrator.build.project import read_project
from orchestrator.build.releases import ReleaseLedger
from orchestrator.build.sbom import Subject, bom_json, layer_bom, release_bom
from orchestrator.build.store import ArtifactStore
from orchestrator.build.template import UnitTemplate, check_parameters, read_template, template_json
from orchestrator.build.uv import Uv
from orchestrator.config.organization import Organization
from orchestrator.config.unit import FILE_NAME, Unit
from orchestrator.errors import ConfigurationError


@dataclass(frozen=True)
class Job:
    """One build of one unit.

    Attributes:
        unit: what is built.
        organization: `orchestrator.toml` at the commit.
        digest: of the unit's inputs; the objects of its version belong to it.
        store: where everything is published.
        releases: gives out layer numbers.
        uv: locks, installs and builds.
        scratch: an empty folder.
    """

    unit: Unit
    organization: Organization
    digest: str
    store: ArtifactStore
    releases: ReleaseLedger
    uv: Uv
    scratch: Path

    @property
    def tree(self) -> Path:
        """Where the sources are exported to."""
        return self.scratch / "tree"

    def folder(self, name: str) -> Path:
        """Make an empty folder to work in."""
        folder = self.scratch / name
        folder.mkdir()
        return folder

    def lock(self) -> Lock:
        """Lock the dependencies that `[project]` names."""
        file = f"{self.unit.folder}/{FILE_NAME}"
        platform = self.organization.lambda_
        project = read_project(self._path(file).read_text(encoding="utf-8"), file, self.unit.name, platform.python)
        return lock(self.uv, project.dependencies, platform, self.folder("lock"))

    def template(self, *, has_layer: bool) -> UnitTemplate:
        """Read and check the template, with the release's artifacts in the place of local folders."""
        read = read_template(self._path(self._template_file).read_bytes(), self._template_file)
        platform = self.organization.lambda_
        document, functions = use_artifacts(read, platform, self._template_file, has_layer=has_layer)
        check_parameters(document, self.unit, self.organization, has_layer=has_layer, file=self._template_file)
        return UnitTemplate(template_json(document, self._template_file), functions)

    def lint(self, linter: Linter) -> list[str]:
        """Check the template as its author wrote it, for the regions that the unit goes to; returns the warnings."""
        targets = [self.organization.environment(name).targets for name in self.unit.environments(self.organization)]
        regions = [target.region for group in targets for target in group]
        return warnings_of(linter(self._path(self._template_file), regions), self._template_file)

    def check_code(self, template: UnitTemplate, wheel: bytes) -> list[str]:
        """Check that functions which name a local folder run from the wheel as well; returns what is left out."""
        return check_wheel(template.functions, self._path(self._template_file).parent, wheel, self._template_file)

    def layer(self, locked: Lock) -> Layer | None:
        """Publish the layer, or find the one that an earlier build with the same lock published.

        The requirements are published first and read back, and the layer is installed from them, so that the two
        agree even if an earlier build got only half as far.
        """
        if not locked.requirements:
            return None
        number = self.releases.claim_layer(self.unit.name, locked.sha256)
        requirements = self._requirements(number, locked)
        key = layout.layer_key(self.unit.name, number)
        archive = self.store.find(key)
        if archive is None:
            stored = self._stored_lock(requirements, locked)
            path = install_layer(self.uv, stored, self.folder("install"))
            # Before the layer: where there is a layer, there is this.
            self._publish_layer_sbom(number, path, stored)
            archive = self.store.publish(key, path, made_of=locked.sha256)
        sbom = self.store.describe(layout.layer_sbom_key(self.unit.name, number))
        return Layer(number=number, archive=archive, requirements=requirements, sbom=sbom)

    def package(self, version: str) -> tuple[Artifact, Artifact]:
        """Build and publish the wheel and the sdist."""
        package = build_package(self.uv, self.unit, version, self.tree, self.folder("package"))
        return self._publish_source(version, package.wheel), self._publish_source(version, package.sdist)

    def publish(self, key: str, content: bytes | Path) -> Artifact:
        """Publish an object that belongs to this digest."""
        return self.store.publish(key, content, made_of=self.digest)

    def sbom(self, version: str, wheel: Artifact, layer: Layer | None, tools: Mapping[str, str]) -> Artifact:
        """Publish the release's bill of materials."""
        facts = {"digest": self.digest, "python": self.organization.lambda_.python}
        subject = Subject(self.unit.name, version, wheel.sha256, facts)
        of_layer = json.loads(self.store.get(layer.sbom.key, sha256=layer.sbom.sha256)) if layer else None
        content = bom_json(release_bom(subject, of_layer, tools))
        return self.publish(layout.sbom_key(self.unit.name, version), content)

    def tools(self, wheel: bytes) -> dict[str, str]:
        """What the release is built with; the wheel itself says which build backend made it."""
        uv = self.uv.commands.run("ask uv's version", [self.uv.executable, "--version"], self.scratch, "uv has none.")
        return {
            "promotion-orchestrator": version_of("promotion-orchestrator"),
            "uv": uv.split()[1],
            "cfn-lint": linter_version(),
            "build backend": generator(wheel),
        }

    def _publish_layer_sbom(self, number: int, archive: Path, locked: Lock) -> None:
        subject = Subject(f"{self.unit.name}-layer", str(number), "", {"lock": locked.sha256})
        content = bom_json(layer_bom(archive, locked.text, subject, locked.platform))
        self.store.publish(layout.layer_sbom_key(self.unit.name, number), content, made_of=locked.sha256)

    def _publish_source(self, version: str, path: Path) -> Artifact:
        return self.publish(layout.source_key(self.unit.name, version, path.name), path)

    def _requirements(self, number: int, locked: Lock) -> Artifact:
        path = self.scratch / "requirements.zip"
        zip_files({REQUIREMENTS_FILE: locked.text.encode()}, path)
        return self.store.publish(layout.requirements_key(self.unit.name, number), path, made_of=locked.sha256)

    def _stored_lock(self, requirements: Artifact, locked: Lock) -> Lock:
        content = self.store.get(requirements.key, sha256=requirements.sha256)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return Lock(archive.read(REQUIREMENTS_FILE).decode(), locked.platform)

    @property
    def _template_file(self) -> str:
        return f"{self.unit.folder}/{self.unit.settings.template}"

    def _path(self, file: str) -> Path:
        """Where an exported file lies, unless a link leads out of the export."""
        path = (self.tree / file).resolve()
        if not path.is_file() or not path.is_relative_to(self.tree.resolve()):
            raise ConfigurationError(file, "is missing: every unit needs this file, see tool.orchestrator.template.")
        return path
