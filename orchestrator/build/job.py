"""The steps of one build, each a method: the flow that they make up is in `build.py`."""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from orchestrator import __version__
from orchestrator.build.boundary import missing_boundaries
from orchestrator.build.cache import Cache
from orchestrator.build.declared import Declared, Lock
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.distribution.requirements import check_requirements, wheel_dependencies
from orchestrator.build.exported import Exported
from orchestrator.build.handlers import Function, check_layers, wheel_functions
from orchestrator.build.importable import HandlerCheck, is_of_this_machine
from orchestrator.build.layer import LayerFile
from orchestrator.build.layers import Layers, PublishedLayer
from orchestrator.build.limits import check_size
from orchestrator.build.lint import Linter, linter_version, warnings_of
from orchestrator.build.local_code import check_wheel, use_artifacts
from orchestrator.build.package import Package, generator, refuse_pointers
from orchestrator.build.plain import PlainCode, plain_code, plain_package
from orchestrator.build.platforms.interpreters import Interpreter
from orchestrator.build.platforms.scope import unit_scope
from orchestrator.build.platforms.unit import Resolved, UnitPlatforms, Users, resolve_environments
from orchestrator.build.project import read_project
from orchestrator.build.requirements.code import CodeFiles
from orchestrator.build.requirements.project import Project, ProjectFiles
from orchestrator.build.run import Commands
from orchestrator.build.sbom import Subject, bom_json, read_bom, release_bom
from orchestrator.build.scratch import copy_tree
from orchestrator.build.template import Draft, UnitTemplate, check_parameters, read_template, template_json
from orchestrator.build.templates import Synthesizer, Templates, TemplateSource, is_cdk
from orchestrator.build.uv import Uv
from orchestrator.config.organization import Organization
from orchestrator.config.platform import Platform
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
        interpreters: finds this machine's Python of a version.
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
    interpreters: Callable[[str], Interpreter | None]

    def layers(self, platform: Platform, uv: Uv) -> Layers:
        """The unit's layers for a platform, made by a uv that may run beside others."""
        own = self.own / f"layer-{platform.label}"
        own.mkdir()
        dependencies = Dependencies(uv, self.cache, platform)
        return Layers(self.unit.name, self.store, self.releases, dependencies, self.fetched, own)

    @property
    def _exported(self) -> Exported:
        return Exported(self.tree)

    def declared(self, package: Callable[[], Package]) -> Declared:
        """What the unit says of its dependencies, in its project, in lists and in lock files.

        Args:
            package: waits for the wheel, whose metadata says what no file does.
        """
        text, file = self._exported.text(self.unit.path(FILE_NAME)), self.unit.path(FILE_NAME)
        project = Project.of(text)
        named = read_project(text or "", file, self.unit.name).dependencies
        if project is None or not project.table.is_packaged:
            return CodeFiles(self.unit, self._exported, self.plain.folders).declared(project)
        dependencies = wheel_dependencies(package().wheel, file) if project.is_told_by_wheel else named
        return ProjectFiles(self.unit, self._exported, project).packaged(dependencies)

    def check_metadata(self, package: Package, declared: Declared, locks: Iterable[Lock], users: Users) -> None:
        """Check that each layer has all that the wheel's own metadata asks for, and each function its Python."""
        check_requirements(package.wheel, declared, locks, list(users), self.unit.path(FILE_NAME))

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

    def drafts(self, templates: Templates) -> tuple[Draft, ...]:
        """Read the templates, put the release's artifacts in the place of local folders, and resolve platforms."""
        return tuple(self._draft(source) for source in templates.sources)

    def _draft(self, source: TemplateSource) -> Draft:
        read = read_template(source.path.read_bytes(), source.file)
        document, functions = use_artifacts(read, source.file)
        looked_up = tuple(function.looked_up(source.path.parent, self.tree) for function in functions)
        scope = partial(unit_scope, document, self.unit, self.organization)
        # A unit that goes nowhere is built all the same.
        environments = source.environments or ("",)
        default = self.organization.lambda_.platform
        resolved = resolve_environments(document, environments, scope, default, source.file)
        return Draft(source, looked_up, resolved)

    def template(self, drafts: Sequence[Draft], platforms: UnitPlatforms) -> UnitTemplate:
        """Check the templates, and give functions their layers."""
        made = [(self._template(draft, one, platforms), one) for draft in drafts for one in draft.resolved]
        first, others = made[0][0], made[1:]
        texts = {name: text.text for text, one in others for name in one.environments if text.text != first.text}
        return replace(first, others=texts)

    def _template(self, draft: Draft, resolved: Resolved, platforms: UnitPlatforms) -> UnitTemplate:
        file, names = draft.source.file, {function.name for function in draft.functions}
        functions = {name: chosen for name, chosen in resolved.platforms.items() if name in names}
        document = platforms.with_layers(dict(resolved.document), functions, resolved.platforms, file)
        check_parameters(document, self.unit, self.organization, layers=platforms.parameters, file=file)
        check_layers(document, file)
        return UnitTemplate(template_json(document, file), draft.source, draft.functions)

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

    def unpacked(self, made: PublishedLayer) -> LayerFile:
        """The layer with the folders that it can be imported from; a new one, which will be, is unpacked for it."""
        file = replace(made.file, unpacked=made.layers.dependencies.unpacked(made.lock, anew=made.is_new))
        if made.is_new:
            self._handlers(made.platform).prepare(file)
        return file

    def will_import(self, platform: Platform, template: UnitTemplate, users: Users) -> bool:
        """Whether handlers that run on a platform are to be imported here."""
        functions = _of_platform(template, users.get(platform, ()))
        return bool(functions) and self._handlers(platform).imports

    def check(
        self, package: Package, layers: Mapping[Platform, LayerFile], template: UnitTemplate, users: Users
    ) -> tuple[list[str], list[str]]:
        """Check that wheel, layers and template will run together.

        Args:
            package: the wheel.
            layers: the layer of each platform that has one.
            template: the template.
            users: the functions of each platform.

        Returns:
            Warnings that belong to the release, and those that this machine alone may have a reason for.
        """
        warnings = check_wheel(template.functions, package.wheel.read_bytes(), template.source.file)
        for layer in layers.values() or (None,):
            check_size(self.unit.name, package.wheel, layer.path if layer else None)
        found: list[str] = []
        for platform, names in users.items():
            if functions := _of_platform(template, names):
                layer = layers.get(platform)
                found += self._handlers(platform).check(functions, package.wheel, layer, self.scratch)
        return warnings, list(dict.fromkeys(found))

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
        layers: Iterable[Layer],
        tools: Mapping[str, str],
        assets: Iterable[tuple[Artifact, Path]],
    ) -> Artifact:
        """Publish the release's bill of materials."""
        facts = {"digest": self.digest, "python": self.organization.lambda_.python}
        subject = Subject(self.unit.name, version, wheel.sha256, facts)
        boms = [
            read_bom(self.store.get(one.sbom.key, sha256=one.sbom.sha256), self.store.location(one.sbom.key))
            for one in layers
        ]
        content = bom_json(release_bom(subject, boms, tools, assets))
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

    def _handlers(self, platform: Platform) -> HandlerCheck:
        interpreter = self.interpreters(platform.python) if is_of_this_machine(platform) else None
        return HandlerCheck(self.commands, interpreter, self.cache, platform)


def _of_platform(template: UnitTemplate, names: Sequence[str]) -> list[Function]:
    return [function for function in wheel_functions(json.loads(template.text)) if function.resource in names]
