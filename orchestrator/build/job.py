"""The steps of one build, each a method: the flow that they make up is in `build.py`."""

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
from orchestrator.build.functions.fetching import Fetching
from orchestrator.build.functions.locks import PublishedLocks
from orchestrator.build.functions.python import Python
from orchestrator.build.functions.unit import UnitBuild
from orchestrator.build.handlers import Function
from orchestrator.build.importable import HandlerCheck, is_of_this_machine
from orchestrator.build.layer import LayerFile
from orchestrator.build.layers import Layers, PublishedLayer
from orchestrator.build.limits import check_size
from orchestrator.build.lint import Linter, linter_version, warnings_of
from orchestrator.build.package import Package, generator, refuse_pointers
from orchestrator.build.paths.draft import Draft
from orchestrator.build.paths.unit import Parts, Resolution, UnitPaths
from orchestrator.build.plain import PlainCode, plain_code, plain_package
from orchestrator.build.platforms.interpreters import Interpreter
from orchestrator.build.platforms.scope import unit_scope
from orchestrator.build.platforms.unit import Resolved, UnitPlatforms, Users
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
from orchestrator.config.platform import Platform
from orchestrator.config.unit import FILE_NAME, Unit
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.built import Built
from orchestrator.releases.manifest import Layer
from orchestrator.releases.numbering import ReleaseLedger
from orchestrator.releases.publishing import ReleaseStore
from orchestrator.source.facts import TEMPLATES

# Warnings of cfn-lint about what builds do: local paths are uploaded, and YAML's aliases and merge keys become JSON.
_PACKAGED = ("W1100", "W1101", "W3002")


@dataclass(frozen=True)
class UnitDraft:
    """A template of the unit, as far as it is known before the package is.

    Attributes:
        source: where it was read from.
        draft: its local paths.
        resolutions: what its functions run on, one for environments that agree.
    """

    source: TemplateSource
    draft: Draft
    resolutions: tuple[Resolution, ...]

    @property
    def resolved(self) -> list[Resolved]:
        """What functions run on, template by template."""
        return [each for resolution in self.resolutions for each in resolution.resolved(self.draft)]


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
        unmerged: the commit, unless the branch is known to contain it.
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
    unmerged: str | None = None

    def layers(self, platform: Platform, uv: Uv) -> Layers:
        """The unit's layers for a platform, made by a uv that may run beside others."""
        own = self.own / f"layer-{platform.label}"
        own.mkdir()
        dependencies = Dependencies(uv, self.cache, platform)
        return Layers(self.unit.name, self.store, self.releases, dependencies, self.fetched, own)

    @cached_property
    def others(self) -> UnitBuild:
        """What the unit is built from besides its Python package."""
        locks = PublishedLocks(self.unit.name, self.store, self.unmerged)
        python = Python(self.unit, self.uv, self.cache, locks, self.fetched, self.tree)
        fetching = Fetching(self.uv.commands, self.cache, locks, self.uv.as_of, self.fetched, self.tree, python)
        interpreter, file = self.uv.python, self._template_source.file
        return UnitBuild(
            self.unit, fetching, self.commands, interpreter, self.cache, self.digest, self.scratch, self.own, file
        )

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
            return PlainCode({}, ())
        source, one = self._template_source, self._draft
        folders = list(dict.fromkeys(code.path for code in self._paths.python(one.draft, one.resolutions)))
        template = source.file.removeprefix(f"{self.unit.folder}/")
        return plain_code(self.unit, self.others.tree, folders, template, is_own=not one.draft.names_code)

    def templates(self) -> Templates:
        """Find the template, or synthesize the CDK app, in a copy of the sources."""
        if is_cdk(self.unit, self.tree):
            tree = self.commands.give_all(copy_tree(self.tree, self.scratch).parent) / "tree"
            libraries = Path(tempfile.mkdtemp(prefix="cdk-", dir=self.fetched))
            synthesizer = Synthesizer(self.unit, self.organization, tree, self.uv, self.commands, libraries, self.own)
            scratch = self.commands.give(Path(tempfile.mkdtemp(prefix="cdk-", dir=self.scratch)))
            return synthesizer(self.scratch, scratch)
        return Templates((self._template_source,), {})

    @cached_property
    def _template_source(self) -> TemplateSource:
        """The unit's template: the one that its settings name, else the first of those that need none."""
        is_named = "template" in self.unit.settings.model_fields_set
        names = [self.unit.settings.template] if is_named else TEMPLATES
        files = [self.unit.path(name) for name in names]
        file = next((file for file in files if self._exported.find(file)), files[0])
        environments = tuple(self.unit.environments(self.organization))
        return TemplateSource(file, self._exported.required(file), environments, _PACKAGED)

    @cached_property
    def _paths(self) -> UnitPaths:
        given: dict[str, list[str]] = {}
        for environment in self.unit.environments(self.organization):
            for name, value in self.unit.parameters(environment).items():
                given.setdefault(name, []).append(value)
        folder = Path(tempfile.mkdtemp(prefix="assets-", dir=self.own))
        default, shared = self.organization.lambda_.platform, self.unit.settings.shared_code
        made = partial(UnitPaths, self.unit.name, own=folder, given=given, default=default, shared=shared)
        if is_cdk(self.unit, self.tree):
            return made(tree=self.tree)
        others = self.others
        return made(tree=others.tree, builder=others.code, stand_ins=others.stand_ins, settings=others.settings)

    @cached_property
    def _draft(self) -> UnitDraft:
        """The unit's own template, as far as it is known before the package is."""
        # Paths begin where the template is, and not where a link leads that is in its place.
        return self._drafted(self._template_source, self.others.tree / self._template_source.file)

    def _drafted(self, source: TemplateSource, path: Path) -> UnitDraft:
        draft = self._paths.draft(source.path.read_bytes(), path, source.file)
        # A unit that goes nowhere is built all the same.
        environments = source.environments or ("",)
        scopes = {one: unit_scope(draft.document, self.unit, self.organization, one) for one in environments}
        return UnitDraft(source, draft, self._paths.resolve(draft, scopes))

    def drafts(self, templates: Templates) -> tuple[UnitDraft, ...]:
        """Read the templates, as far as they are known before the package is."""
        if is_cdk(self.unit, self.tree):
            return tuple(self._drafted(source, source.path) for source in templates.sources)
        return (self._draft,)

    def check_parameters(self, drafts: Iterable[UnitDraft], platforms: UnitPlatforms) -> None:
        """Check that every parameter of the templates gets a value."""
        for one in drafts:
            document, file = one.draft.document, one.source.file
            check_parameters(document, self.unit, self.organization, layers=platforms.parameters, file=file)

    def template(self, drafts: Sequence[UnitDraft], parts: Parts) -> UnitTemplate:
        """Finish the templates, with the release's objects in the place of local paths."""
        made = [
            (self._template(one, resolution, parts), resolution) for one in drafts for resolution in one.resolutions
        ]
        first, others = made[0][0], made[1:]
        functions: dict[Platform, tuple[Function, ...]] = {}
        for template, _ in made:
            for platform, found in template.functions.items():
                functions[platform] = (*functions.get(platform, ()), *found)
        return replace(
            first,
            functions=functions,
            files={key: path for template, _ in made for key, path in template.files.items()},
            notes=tuple(dict.fromkeys(note for template, _ in made for note in template.notes)),
            others={name: one.text for one, each in others for name in each.environments if one.text != first.text},
        )

    def _template(self, one: UnitDraft, resolution: Resolution, parts: Parts) -> UnitTemplate:
        finished = self._paths.finish(one.draft, resolution, parts)
        text = template_json(finished.document, one.source.file)
        return UnitTemplate(text, one.source, finished.functions, finished.files, finished.notes)

    def lint(self, commands: Commands, scratch: Path, templates: Templates, nested: Mapping[str, Path]) -> list[str]:
        """Check the templates, and those that they nest, for the regions that they go to; returns the warnings.

        It runs beside other commands, so its commands have a log of their own, and a folder that they alone write to.
        """
        linter = Linter(commands, self.cache, scratch)
        warnings = []
        everywhere = tuple(self.unit.environments(self.organization))
        inner = [TemplateSource(file, path, everywhere, _PACKAGED) for file, path in nested.items()]
        for source in (*templates.sources, *inner):
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

    def publish_assets(self, template: UnitTemplate) -> tuple[Artifact, ...]:
        """Publish what templates refer to; a name is the digest of what it names, so others may have done that."""
        return tuple(self.publish(key, path) for key, path in sorted(template.files.items()))

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

    def will_import(self, platform: Platform, users: Users) -> bool:
        """Whether handlers that run on a platform may be imported here."""
        return bool(users.get(platform)) and self._handlers(platform).imports

    def check(
        self, package: Package, layers: Mapping[Platform, LayerFile], template: UnitTemplate
    ) -> tuple[list[str], list[str]]:
        """Check that code, layers and template will run together.

        Args:
            package: the wheel.
            layers: the layer of each platform that has one.
            template: the template.

        Returns:
            Warnings that belong to the release, and those that this machine alone may have a reason for.
        """
        for layer in layers.values() or (None,):
            check_size(self.unit.name, package.wheel, layer.path if layer else None)
        found: list[str] = []
        for platform, functions in template.functions.items():
            layer = layers.get(platform)
            for code in dict.fromkeys(one.code for one in functions if one.code):
                check_size(self.unit.name, code, layer.path if layer else None)
            found += self._handlers(platform).check(functions, package.wheel, layer, self.scratch)
        return [*template.notes, *self._others_warnings], list(dict.fromkeys(found))

    @property
    def built(self) -> tuple[Built, ...]:
        """What other tool chains, or the unit's command, have made."""
        return () if is_cdk(self.unit, self.tree) else self.others.built

    @property
    def _others_warnings(self) -> tuple[str, ...]:
        return () if is_cdk(self.unit, self.tree) else self.others.warnings

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
        layers: Sequence[Layer],
        tools: Mapping[str, str],
        assets: Iterable[tuple[Artifact, Path]],
    ) -> Artifact:
        """Publish the release's bill of materials."""
        facts = {"digest": self.digest, "layers": ", ".join(str(one.platform) for one in layers)}
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
        return HandlerCheck(self.commands.closed(), interpreter, self.cache, platform)
