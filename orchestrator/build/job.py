"""The steps of one build, each a method: the flow that they make up is in `build.py`."""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from orchestrator import __version__
from orchestrator.build.boundary import missing_boundaries
from orchestrator.build.cache import Cache
from orchestrator.build.declared import Declared, Lock
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.distribution.requirements import check_requirements, wheel_dependencies
from orchestrator.build.exported import Exported
from orchestrator.build.handlers import check_layers, check_platform, wheel_functions
from orchestrator.build.importable import HandlerCheck
from orchestrator.build.layer import LayerFile
from orchestrator.build.layers import Layers
from orchestrator.build.limits import check_size
from orchestrator.build.lint import Linter, linter_version, warnings_of
from orchestrator.build.local_code import check_wheel, use_artifacts
from orchestrator.build.package import Package, generator, refuse_pointers
from orchestrator.build.plain import PlainCode, plain_code, plain_package
from orchestrator.build.project import read_project
from orchestrator.build.requirements.code import CodeFiles
from orchestrator.build.requirements.project import Project, ProjectFiles
from orchestrator.build.run import Commands
from orchestrator.build.sbom import Subject, bom_json, read_bom, release_bom
from orchestrator.build.scratch import copy_tree
from orchestrator.build.template import UnitTemplate, check_parameters, read_template, template_json
from orchestrator.build.templates import Synthesizer, Templates, TemplateSource, is_cdk
from orchestrator.build.uv import Uv
from orchestrator.config.organization import Organization
from orchestrator.config.unit import FILE_NAME, Unit
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.manifest import Layer
from orchestrator.releases.numbering import ReleaseLedger
from orchestrator.releases.publishing import ReleaseStore
from orchestrator.source.facts import TEMPLATES


@dataclass(frozen=True)
class Job:
    """One build of one unit.

    Attributes:
        unit: what is built.
        organization: `orchestrator.toml` at the commit.
        digest: of the unit's inputs; the objects of its version belong to it.
        store: where everything is published.
        releases: gives out layer numbers.
        uv: locks and installs.
        commands: runs the unit's code.
        cache: what this machine keeps between builds.
        tree: the exported sources, which no command may write to: those that alter them get a copy.
        fetched: an empty folder, which the commands of `uv` may write to.
        scratch: an empty folder, which the unit's code may write to.
        own: an empty folder, which no command may write to.
    """

    unit: Unit
    organization: Organization
    digest: str
    store: ReleaseStore
    releases: ReleaseLedger
    uv: Uv
    commands: Commands
    cache: Cache
    tree: Path
    fetched: Path
    scratch: Path
    own: Path

    @property
    def layers(self) -> Layers:
        """The unit's layers."""
        return Layers(self.unit.name, self.store, self.releases, self._dependencies, self.fetched, self.own)

    @property
    def _dependencies(self) -> Dependencies:
        return Dependencies(self.uv, self.cache, self.organization.lambda_)

    @property
    def _exported(self) -> Exported:
        return Exported(self.tree)

    def declared(self, package: Callable[[], Package]) -> Declared:
        """What the unit says of its dependencies, in its project, in lists and in lock files.

        Args:
            package: waits for the wheel, whose metadata says what no file does.
        """
        text = self._exported.text(self.unit.path(FILE_NAME))
        project = Project.of(text)
        file = self.unit.path(FILE_NAME)
        named = read_project(text or "", file, self.unit.name, self.organization.lambda_.python).dependencies
        if project is None or not project.table.is_packaged:
            return CodeFiles(self.unit, self._exported, self.plain.folders).declared(project)
        dependencies = wheel_dependencies(package().wheel, file) if project.is_told_by_wheel else named
        return ProjectFiles(self.unit, self._exported, project).packaged(dependencies)

    def check_metadata(self, package: Package, declared: Declared, locked: Lock) -> None:
        """Check that the layer has all that the wheel's own metadata asks for."""
        platform = self.organization.lambda_
        check_requirements(package.wheel, declared, locked, platform, self.unit.path(FILE_NAME))

    @cached_property
    def plain(self) -> PlainCode:
        """The code of a unit that no build backend packages."""
        if is_cdk(self.unit, self.tree):
            return plain_code(self.unit, self.tree, None, "")
        source = self._template_source()
        document = read_template(source.path.read_bytes(), source.file)
        return plain_code(self.unit, self.tree, document, source.file.removeprefix(f"{self.unit.folder}/"))

    def templates(self) -> Templates:
        """Find the template, or synthesize the CDK app, in a copy of the sources."""
        if is_cdk(self.unit, self.tree):
            tree = self.commands.give_all(copy_tree(self.tree, self.scratch).parent) / "tree"
            libraries = Path(tempfile.mkdtemp(prefix="cdk-", dir=self.fetched))
            synthesizer = Synthesizer(self.unit, self.organization, tree, self.uv, self.commands, libraries, self.own)
            scratch = self.commands.give(Path(tempfile.mkdtemp(prefix="cdk-", dir=self.scratch)))
            return synthesizer(self.scratch, scratch)
        return Templates((self._template_source(),), {})

    def _template_source(self) -> TemplateSource:
        """The unit's template: the one that its settings name, else the first of those that need none."""
        is_named = "template" in self.unit.settings.model_fields_set
        names = [self.unit.settings.template] if is_named else TEMPLATES
        files = [self.unit.path(name) for name in names]
        file = next((file for file in files if self._exported.find(file)), files[0])
        return TemplateSource(file, self._exported.required(file), tuple(self.unit.environments(self.organization)))

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
        check_layers(document, source.file)
        text = template_json(document, source.file)
        check_platform(document, self.organization.lambda_, source.file)
        looked_up = tuple(function.looked_up(source.path.parent, self.tree) for function in functions)
        return UnitTemplate(text, source, looked_up)

    def lint(self, commands: Commands, scratch: Path, templates: Templates) -> list[str]:
        """Check the templates for the regions that they go to; returns the warnings.

        It runs beside other commands, so its commands have a log of their own, and a folder that they alone write to.
        """
        linter = Linter(commands, self.cache, scratch)
        warnings = []
        for source in templates.sources:
            environments = [self.organization.environment(name) for name in source.environments]
            regions = [target.region for one in environments for target in one.targets]
            found = linter(source.path, regions, source.accepted)
            warnings += warnings_of(found, source.file, source.constructs)
            if any(one.permissions_boundary for one in environments):
                document = read_template(source.path.read_bytes(), source.file)
                warnings += missing_boundaries(document, environments, source.file)
        return warnings

    def publish_templates(self, version: str, template: UnitTemplate) -> dict[str, Artifact]:
        """Publish the templates of single environments."""
        return {
            name: self.publish(layout.template_key(self.unit.name, version, name), text)
            for name, text in template.others.items()
        }

    def publish_assets(self, templates: Templates) -> tuple[Artifact, ...]:
        """Publish what templates refer to; a name is the digest of what it names, so others may have done that."""
        return tuple(self.publish(key, path) for key, path in sorted(templates.files.items()))

    def plain_package(self, uv: Uv, version: str) -> Package:
        """Make the wheel and the sdist of a unit that no build backend packages."""
        folder = Path(tempfile.mkdtemp(prefix="package-", dir=self.own))
        package = plain_package(self.unit, version, self.plain.files, uv, folder)
        refuse_pointers(package.wheel, self.unit.name)
        return package

    def unpacked(self, layer: LayerFile, locked: Lock, *, is_new: bool) -> LayerFile:
        """The layer with the folders that it can be imported from; a new one, which will be, is unpacked for it."""
        layer = replace(layer, unpacked=self._dependencies.unpacked(locked, anew=is_new))
        if is_new:
            self._handlers.prepare(layer)
        return layer

    def will_import(self, template: UnitTemplate) -> bool:
        """Whether handlers of the template are to be imported here."""
        return self._handlers.will_import(wheel_functions(json.loads(template.text)))

    def check(self, package: Package, layer: LayerFile | None, template: UnitTemplate) -> tuple[list[str], list[str]]:
        """Check that wheel, layer and template will run together.

        Returns:
            Warnings that belong to the release, and those that this machine alone may have a reason for.
        """
        warnings = check_wheel(template.functions, package.wheel.read_bytes(), template.source.file)
        check_size(self.unit.name, package.wheel, layer.path if layer else None)
        functions = wheel_functions(json.loads(template.text))
        return warnings, self._handlers.check(functions, package.wheel, layer, self.scratch)

    def publish_package(self, version: str, package: Package) -> tuple[Artifact, Artifact]:
        """Publish the wheel and the sdist."""
        wheel, sdist = (
            self.publish(layout.source_key(self.unit.name, version, path.name), path)
            for path in (package.wheel, package.sdist)
        )
        return wheel, sdist

    def publish(self, key: str, content: bytes | Path) -> Artifact:
        """Publish an object that belongs to this digest."""
        return self.store.publish(key, content, made_of=self.digest)

    def sbom(
        self,
        version: str,
        wheel: Artifact,
        layer: Layer | None,
        tools: Mapping[str, str],
        assets: Iterable[tuple[Artifact, Path]],
    ) -> Artifact:
        """Publish the release's bill of materials."""
        facts = {"digest": self.digest, "python": self.organization.lambda_.python}
        subject = Subject(self.unit.name, version, wheel.sha256, facts)
        of_layer = None
        if layer:
            text = self.store.get(layer.sbom.key, sha256=layer.sbom.sha256)
            of_layer = read_bom(text, self.store.location(layer.sbom.key))
        content = bom_json(release_bom(subject, of_layer, tools, assets))
        return self.publish(layout.sbom_key(self.unit.name, version), content)

    def tools(self, wheel: bytes) -> dict[str, str]:
        """What the release is built with; the wheel itself says which build backend made it."""
        return {
            "promotion-orchestrator": __version__,
            "uv": self.uv_version(self.uv, self.fetched),
            "cfn-lint": linter_version(),
            "build backend": generator(wheel),
        }

    def uv_version(self, uv: Uv, scratch: Path) -> str:
        """The version of uv; it is asked once, and may be asked beside other steps."""

        def ask() -> bytes:
            said = uv.commands.run("ask uv's version", [Path(uv.executable), "--version"], scratch, "uv has none.")
            return said.split()[1].encode()

        return self.cache.once("uv-version", uv.fingerprint, ask).decode()

    @property
    def _handlers(self) -> HandlerCheck:
        return HandlerCheck(self.commands, self.uv.python, self.cache, self.organization.lambda_)
