"""The flow of one build: export, lock, layer, version, package, manifest; the steps themselves are in `job.py`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.build import layout
from orchestrator.build.build import Tools
from orchestrator.build.confinement import Confinement
from orchestrator.build.job import Job
from orchestrator.build.manifest import Manifest
from orchestrator.build.publishing import ReleaseStore
from orchestrator.build.releases import ReleaseLedger
from orchestrator.build.run import Commands
from orchestrator.build.scratch import scratch_folder
from orchestrator.build.tidy import tidy
from orchestrator.build.uv import Uv
from orchestrator.source.catalog import Catalog
from orchestrator.source.export import export
from orchestrator.source.repository import SourceRepository


@dataclass(frozen=True)
class Flow:
    """One build of one unit.

    Attributes:
        repository: the sources.
        store: where everything is published.
        releases: gives out versions and layer numbers.
        tools: of this machine.
        catalog: the repository at the commit.
        name: the unit's name.
        log: the file that everything is written to.
    """

    repository: SourceRepository
    store: ReleaseStore
    releases: ReleaseLedger
    tools: Tools
    catalog: Catalog
    name: str
    log: Path

    def run(self) -> tuple[str, tuple[str, ...]]:
        """Build and publish the release; returns its version, and warnings that are no part of it."""
        catalog, name = self.catalog, self.name
        unit, commit, digest = catalog.unit(name), catalog.commit, catalog.digest(name)
        platform = catalog.organization.lambda_
        inputs = tuple(one.path for one in catalog.inputs[unit.name])
        with (
            scratch_folder("orchestrator-build-") as folder,
            _joined_logs(self.log, folder / "own"),
            ThreadPoolExecutor(3) as beside,
        ):
            # What runs beside other commands has a folder of its own: nothing may be altered while it is looked at.
            tree, scratch, own, packing, linting = (folder / one for one in ("tree", "work", "own", "package", "lint"))
            for one in (tree, scratch, own, packing, linting):
                one.mkdir()
            uv = self._uv(self.log, scratch)
            job = Job(
                unit,
                catalog.organization,
                digest,
                self.store,
                self.releases,
                uv,
                self.tools.cache,
                tree,
                scratch,
                own,
            )
            export(self.repository, commit.id, inputs, tree)
            declared = job.declared()
            # A version is claimed when nothing can be wrong any more; nearly always it is this one.
            presumed = self.releases.presumed_version(unit.name, digest, unit.version)
            packing_uv = self._uv(own / "package.log", packing)
            packed = beside.submit(job.package, packing_uv, packing, declared, presumed)
            templates = job.templates()
            commands = self._commands(own / "lint.log", linting)
            linted = beside.submit(job.lint, commands, linting, templates)
            locked = job.lock(declared)
            template = job.template(templates, has_layer=bool(locked.requirements))
            layer = job.layer(locked)
            job.remember(declared, layer)
            layer_file = job.layer_file(locked, layer)
            beside.submit(job.prepare_check, layer_file, template)
            package = packed.result()
            beside.submit(job.uv_version, packing_uv, packing)
            left_out, here = job.check(package, layer_file, template)
            warnings = [*linted.result(), *declared.warnings, *left_out]
            version = self.releases.claim_version(unit.name, digest, unit.version)
            if version != presumed:
                package = job.package(packing_uv, packing, declared, version)
            wheel, sdist = job.publish_package(version, package)
            tools = job.tools(self.store.get(wheel.key, sha256=wheel.sha256))
            assets = job.publish_assets(templates)
            uv.commands.note("".join(f"\nWarning: {one}" for one in (*warnings, *here)))
            manifest = Manifest(
                unit=unit.name,
                version=version,
                digest=digest,
                commit=commit.id,
                author=commit.author,
                committed_at=commit.committed_at,
                inputs=inputs,
                builder=self.tools.builder,
                tools=tools,
                python=platform.python,
                architecture=platform.architecture,
                requirements=locked.requirements,
                settings=unit.settings,
                layer=layer,
                wheel=wheel,
                sdist=sdist,
                template=job.publish(layout.template_key(unit.name, version), template.text),
                templates=job.publish_templates(version, template),
                assets=assets,
                sbom=job.sbom(version, wheel, layer, tools, assets),
                warnings=tuple(warnings),
            )
            job.publish(layout.manifest_key(unit.name, version), manifest.to_json())
        tidy(self.tools.cache.folder, self.tools.allowance)
        return version, tuple(here)

    def _uv(self, log: Path, scratch: Path) -> Uv:
        return Uv(self._commands(log, scratch), self.tools.uv, self.tools.python, self.catalog.commit.committed_at)

    def _commands(self, log: Path, scratch: Path) -> Commands:
        seconds = self.catalog.organization.build.timeout_minutes * 60
        confinement = Confinement(scratch, self.tools.cache.of_uv(self.name), self.tools.limits)
        return Commands(self.name, log, self.tools.environment, seconds, confinement)


@contextmanager
def _joined_logs(log: Path, folder: Path) -> Iterator[None]:
    """In the end, append the logs in a folder: of what ran beside the rest."""
    try:
        yield
    finally:
        with log.open("ab") as joined:
            joined.writelines(part.read_bytes() for part in sorted(folder.glob("*.log")))
