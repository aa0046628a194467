"""The steps of one build, each a method: the flow that they make up is in `build.py`."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
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
from orchestrator.build.templates import Synthesizer, Templates, TemplateSource, is_cdk
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

    def templates(self) -> Templates:
        """Find the template, or synthesize the CDK app."""
        if is_cdk(self.unit, self.tree):
            return Synthesizer(self.unit, self.organization, self.tree, self.uv)(self.folder("cdk"))
        file = f"{self.unit.folder}/{self.unit.settings.template}"
        source = TemplateSource(file, self._path(file), tuple(self.unit.environments(self.organization)))
        return Templates((source,), {})

    def template(self, templates: Templates, *, has_layer: bool) -> UnitTemplate:
        """Read and check the templates, with the release's artifacts in the place of local folders."""
        first, *rest = [self._template(source, has_layer=has_layer) for source in templates.sources]
        pairs = zip(templates.sources[1:], rest, strict=True)
        others = {name: one.text for source, one in pairs for name in source.environments}
        return replace(first, others=others)

    def _template(self, source: TemplateSource, *, has_layer: bool) -> UnitTemplate:
        read = read_template(source.path.read_bytes(), source.file)
        document, functions = use_artifacts(read, self.organization.lambda_, source.file, has_layer=has_layer)
        check_parameters(document, self.unit, self.organization, has_layer=has_layer, file=source.file)
        return UnitTemplate(template_json(document, source.file), functions)

    def lint(self, linter: Linter, templates: Templates) -> list[str]:
        """Check the templates for the regions that they go to; returns the warnings."""
        warnings = []
        for source in templates.sources:
            targets = [self.organization.environment(name).targets for name in source.environments]
            regions = [target.region for group in targets for target in group]
            warnings += warnings_of(linter(source.path, regions, source.accepted), source.file)
        return warnings

    def check_code(self, templates: Templates, template: UnitTemplate, wheel: bytes) -> list[str]:
        """Check that functions which name a local folder run from the wheel as well; returns what is left out."""
        source = templates.sources[0]
        return check_wheel(template.functions, source.path.parent, wheel, source.file)

    def publish_templates(self, version: str, template: UnitTemplate) -> dict[str, Artifact]:
        """Publish the templates of single environments."""
        return {
            name: self.publish(layout.template_key(self.unit.name, version, name), text)
            for name, text in template.others.items()
        }

    def publish_assets(self, templates: Templates) -> tuple[Artifact, ...]:
        """Publish what templates refer to; a name is the digest of what it names, so others may have done that."""
        return tuple(self.store.put_new(key, path) for key, path in sorted(templates.files.items()))

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

    def sbom(
        self, subject: Subject, layer: Layer | None, tools: Mapping[str, str], assets: Iterable[Artifact]
    ) -> Artifact:
        """Publish the release's bill of materials."""
        of_layer = json.loads(self.store.get(layer.sbom.key, sha256=layer.sbom.sha256)) if layer else None
        content = bom_json(release_bom(subject, of_layer, tools, assets))
        return self.publish(layout.sbom_key(self.unit.name, subject.version), content)

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

    def _path(self, file: str) -> Path:
        """Where an exported file lies, unless a link leads out of the export."""
        path = (self.tree / file).resolve()
        if not path.is_file() or not path.is_relative_to(self.tree.resolve()):
            raise ConfigurationError(file, "is missing: every unit needs this file, see tool.orchestrator.template.")
        return path
