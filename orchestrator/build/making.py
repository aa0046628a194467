"""Makes a release of exported sources: lock, layer, package, version, manifest. The steps are in `job.py`."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import cache, partial

from orchestrator.build.backend import Backend
from orchestrator.build.bytecode import Bytecode
from orchestrator.build.confined.level import level_of, warnings_of
from orchestrator.build.confined.phases import Phases
from orchestrator.build.declared import Declared
from orchestrator.build.exported import Exported
from orchestrator.build.flow import Flow, Packing, Places
from orchestrator.build.gate import Gate
from orchestrator.build.job import Job
from orchestrator.build.layer import LayerFile
from orchestrator.build.layers import Layers, Locked, PublishedLayer, lock_all
from orchestrator.build.package import Package, begin_package
from orchestrator.build.paths import unit as paths
from orchestrator.build.platforms.interpreters import find_interpreter
from orchestrator.build.platforms.unit import UnitPlatforms, users_of
from orchestrator.build.project import check_python
from orchestrator.build.starting import start_backend
from orchestrator.build.template import UnitTemplate
from orchestrator.build.workspace import find_workspace_lock
from orchestrator.config.platform import Platform
from orchestrator.config.unit import FILE_NAME, Unit
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.confinement import Level
from orchestrator.releases.manifest import Layer, Manifest

_NOT_LOCKED = "nothing is locked, because no function of the template uses the unit's Python package."


@dataclass(frozen=True)
class Parts:
    """What a release is made of, besides its package."""

    template: UnitTemplate
    platforms: tuple[Platform, ...]
    layers: tuple[Layer, ...]
    locked: Sequence[Locked]
    warnings: tuple[str, ...]

    @property
    def requirements(self) -> tuple[str, ...]:
        """What is locked for any platform, each once."""
        return tuple(dict.fromkeys(line for one in self.locked for line in one.lock.requirements))


@dataclass(frozen=True)
class Making:
    """The making of one release.

    Attributes:
        flow: whose part this is.
        places: the folders.
        phases: makes commands.
        backend: runs the unit's build backend.
        packing: what it makes; None when the unit has no project.
        bytecode: compiles what is unpacked.
        beside: runs what goes on beside the rest.
    """

    flow: Flow
    places: Places
    phases: Phases
    backend: Backend
    packing: Packing | None
    bytecode: Bytecode
    beside: Executor

    def run(self) -> tuple[str, tuple[str, ...]]:
        """Make and publish the release; returns its version, and warnings that are no part of it."""
        job = self._job()
        releases, unit = self.flow.releases, job.unit
        for commands in (self.backend.uv.commands, self.backend.commands, self.bytecode.commands):
            commands.limit(self._seconds)
        packing = self.packing or self._plain_packing(job)
        templates = job.templates()
        linting = self.phases.unit(self.places.own / "lint.log", self.places.linting).closed()
        linting.limit(self._seconds)
        drafts = job.drafts(templates)
        nested = {inner.sources.file: path for one in drafts for path, inner in one.draft.all_nested()}
        linted = self.beside.submit(job.lint, linting, self.places.linting, templates, nested)
        declared = self._with_workspace(job.declared(packing.package.result))
        resolved = [one for draft in drafts for one in draft.resolved]
        users = users_of(resolved)
        if declared.pyproject:
            check_python(declared.pyproject, unit.path(FILE_NAME), users)
        platforms = UnitPlatforms.of(resolved, job.organization.lambda_.platform)
        locked = lock_all([self._layers(job, platform) for platform in platforms.every], declared)
        platforms = replace(platforms, with_layer=frozenset(one.lock.platform for one in locked if one.lock.text))
        job.check_parameters(drafts, platforms)
        layers = [layer for one in locked if (layer := one.publish(declared))]
        files = {one.platform: self._file(job, one, is_imported=job.will_import(one.platform, users)) for one in layers}
        package = packing.package.result()
        template = job.template(drafts, paths.Parts(package.wheel, packing.project is None, platforms, templates.files))
        self.beside.submit(job.uv_version, self.backend.uv, self.places.fetched)
        job.check_metadata(package, declared, [one.lock for one in locked], users)
        left_out, here = job.check(package, {name: file() for name, file in files.items()}, template)
        warnings = [*warnings_of(self._level), *linted.result(), *declared.warnings, *left_out, *packing.warnings]
        if declared.dependencies and not platforms.every:
            warnings.append(f"{declared.source}: {_NOT_LOCKED}")
        version = releases.claim_version(unit.name, job.digest, unit.version)
        if version != packing.version:
            package = self._packed_again(job, packing, version)
        job.uv.commands.note("".join(f"\nWarning: {one}" for one in (*warnings, *here)))
        parts = Parts(template, platforms.every, tuple(one.layer for one in layers), locked, tuple(warnings))
        self._publish(job, version, package, parts)
        return version, tuple(here)

    def _with_workspace(self, declared: Declared) -> Declared:
        """With the lock of the workspace that the unit is a member of, where it has none of its own."""
        if declared.is_locked or not declared.dependencies or not declared.pyproject:
            return declared
        flow, exported = self.flow, Exported(self.places.tree)
        settings = flow.catalog.unit(flow.name).settings_file
        found = find_workspace_lock(flow.repository, flow.catalog.commit.id, exported, declared.where, settings)
        return replace(declared, uv_lock=found.text, workspace=found.folder) if found else declared

    def _publish(self, job: Job, version: str, package: Package, parts: Parts) -> None:
        unit, commit, platform = job.unit, self.flow.catalog.commit, job.organization.lambda_
        wheel, sdist = job.publish_package(version, package)
        tools = job.tools(self.flow.store.get(wheel.key, sha256=wheel.sha256))
        assets = job.publish_assets(parts.template)
        files = [(one, parts.template.files[one.key]) for one in assets]
        manifest = Manifest(
            unit=unit.name,
            version=version,
            digest=job.digest,
            commit=commit.id,
            author=commit.author,
            committed_at=commit.committed_at,
            merged=self.flow.merged,
            inputs=self.flow.inputs,
            builder=self.flow.tools.builder,
            confinement=self._level,
            network=self.flow.hosts,
            tools=tools,
            python=platform.python,
            architecture=platform.architecture,
            platforms=parts.platforms,
            requirements=parts.requirements,
            settings=unit.settings,
            layers=parts.layers,
            wheel=wheel,
            sdist=sdist,
            template=job.publish(layout.template_key(unit.name, version), parts.template.text),
            templates=job.publish_templates(version, parts.template),
            assets=assets,
            built=job.built,
            sbom=job.sbom(version, wheel, parts.layers, tools, files),
            warnings=parts.warnings,
        )
        job.publish(layout.manifest_key(unit.name, version), manifest.to_json())

    def _plain_packing(self, job: Job) -> Packing:
        version = self.flow.presumed_version(job.unit.version)
        package = self.beside.submit(job.plain_package, self.backend.uv, version)
        return Packing(version, package, warnings=tuple(job.plain.warnings))

    def _packed_again(self, job: Job, packing: Packing, version: str) -> Package:
        """The package with another version, by a backend that is started anew."""
        if packing.project is None:
            return job.plain_package(self.backend.uv, version)
        with Gate() as gate:
            started = start_backend(self.backend, packing.project, gate, self.beside)
            return begin_package(started, version, self.places.tree)()

    def _layers(self, job: Job, platform: Platform) -> Layers:
        """The layers of a platform, whose commands run beside those of others: they have a log of their own."""
        log = self.places.own / f"layer-{platform.label}.log"
        fetching = self.phases.fetching(log, self.places.fetched)
        fetching.limit(self._seconds)
        return job.layers(platform, replace(self.backend.uv, commands=fetching))

    def _file(self, job: Job, made: PublishedLayer, *, is_imported: bool) -> Callable[[], LayerFile]:
        """What waits for a layer's file, which is unpacked beside the rest where handlers are imported from it."""
        return self.beside.submit(self._unpacked, job, made).result if is_imported else lambda: made.file

    def _unpacked(self, job: Job, made: PublishedLayer) -> LayerFile:
        """The layer, unpacked; what of it was never compiled is from now on."""
        file = job.unpacked(made)
        if made.is_new and made.platform.version == sys.version_info[:2]:
            self.beside.submit(self.bytecode.make, file.unpacked)
        return file

    def _job(self) -> Job:
        flow, places = self.flow, self.places
        fetching, commands = (
            self.phases.fetching(flow.log, places.fetched),
            self.phases.unit(flow.log, places.work),
        )
        for one in (fetching, commands):
            one.limit(self._seconds)
        return Job(
            self._unit,
            flow.catalog.organization,
            flow.catalog.digest(flow.name),
            flow.store,
            flow.releases,
            replace(self.backend.uv, commands=fetching),
            commands,
            flow.tools.cache,
            places.tree,
            places.fetched,
            places.work,
            places.own,
            cache(partial(find_interpreter, uv=flow.tools.uv, environment=flow.tools.environment)),
            None if flow.merged else flow.catalog.commit.id,
        )

    @property
    def _level(self) -> Level:
        return level_of(self.flow.tools.features)

    @property
    def _unit(self) -> Unit:
        return self.flow.catalog.unit(self.flow.name)

    @property
    def _seconds(self) -> float:
        return self.flow.catalog.organization.build.timeout_minutes * 60
