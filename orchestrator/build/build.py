"""Builds a release: export, lock, layer, version, package, manifest; or finds that it was built before.

A build can be killed anywhere and run again. Every object is written once and belongs to the inputs it was made of;
a second build of the same inputs takes over what the first one left, even if its own bytes would differ (see
`ArtifactStore.publish`). The manifest comes last: a release without one was never published.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.build import layout
from orchestrator.build.archive import sha256_of
from orchestrator.build.cache import Cache
from orchestrator.build.confinement import Confinement
from orchestrator.build.manifest import BuiltBy, Manifest
from orchestrator.build.publishing import ReleaseStore
from orchestrator.build.releases import ReleaseLedger
from orchestrator.build.run import Commands
from orchestrator.build.scratch import scratch_folder
from orchestrator.build.tidy import Allowance, tidy
from orchestrator.build.usage import DEFAULT, Limits
from orchestrator.build.uv import Uv
from orchestrator.errors import ArtifactError
from orchestrator.source.catalog import Catalog
from orchestrator.source.export import export
from orchestrator.source.repository import SourceRepository


@dataclass(frozen=True)
class Tools:
    """What a build machine brings along.

    Attributes:
        uv: the `uv` program.
        python: the Python interpreter that build backends run on.
        environment: what the commands of a build see, see `clean_environment`.
        cache: what is kept between builds.
        builder: what kind of machine this is.
        limits: how much a build may use of it.
        allowance: how much may be kept.
    """

    uv: str
    python: str
    environment: Mapping[str, str]
    cache: Cache
    builder: BuiltBy = "local"
    limits: Limits = DEFAULT
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True)
class Build:
    """What a build ends with.

    Attributes:
        manifest: of the release.
        manifest_sha256: of the manifest as it is stored.
        reused: whether the release was there already.
        notes: warnings that are no part of the release, because another machine might have no reason for them.
    """

    manifest: Manifest
    manifest_sha256: str
    reused: bool
    notes: tuple[str, ...] = ()


class Builder:
    """Builds releases and publishes them.

    Args:
        repository: the sources.
        store: where releases are published: the tooling account's artifacts bucket, or a folder.
        releases: gives out versions and layer numbers.
        tools: of this machine.
    """

    def __init__(
        self, repository: SourceRepository, store: ReleaseStore, releases: ReleaseLedger, tools: Tools
    ) -> None:
        self._repository = repository
        self._store = store
        self._releases = releases
        self._tools = tools

    def build(self, catalog: Catalog, name: str, log: Path) -> Build:
        """Build a unit at a commit, or find the release that its inputs were built into before.

        Args:
            catalog: the repository at the commit.
            name: the unit's name.
            log: the file that everything is written to.

        Raises:
            BuildError: the dependencies cannot be had, or the build backend failed.
            ConfigurationError: a file of the unit is not valid.
            ArtifactError: what lies in the bucket is not what was published.
            UnknownNameError: there is no such unit.
        """
        unit, commit, digest = catalog.unit(name), catalog.commit, catalog.digest(name)
        platform = catalog.organization.lambda_
        version = self._releases.release_of_digest(unit.name, digest)
        if version and self._store.find(layout.manifest_key(unit.name, version)):
            return self._published(unit.name, version, digest, reused=True)
        # What is built already is answered without waiting for what builds.
        from orchestrator.build.job import Job  # noqa: PLC0415

        inputs = tuple(one.path for one in catalog.inputs[unit.name])
        with (
            scratch_folder("orchestrator-build-") as folder,
            _joined_logs(log, folder / "own"),
            ThreadPoolExecutor(3) as beside,
        ):
            # What runs beside other commands has a folder of its own: nothing may be altered while it is looked at.
            tree, scratch, own, packing, linting = (folder / one for one in ("tree", "work", "own", "package", "lint"))
            for one in (tree, scratch, own, packing, linting):
                one.mkdir()
            uv = self._uv(catalog, name, log, scratch)
            job = Job(
                unit,
                catalog.organization,
                digest,
                self._store,
                self._releases,
                uv,
                self._tools.cache,
                tree,
                scratch,
                own,
            )
            export(self._repository, commit.id, inputs, tree)
            declared = job.declared()
            # A version is claimed when nothing can be wrong any more; nearly always it is this one.
            presumed = self._releases.presumed_version(unit.name, digest, unit.version)
            packing_uv = self._uv(catalog, name, own / "package.log", packing)
            packed = beside.submit(job.package, packing_uv, packing, declared, presumed)
            templates = job.templates()
            commands = self._commands(catalog, name, own / "lint.log", linting)
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
            version = self._releases.claim_version(unit.name, digest, unit.version)
            if version != presumed:
                package = job.package(packing_uv, packing, declared, version)
            wheel, sdist = job.publish_package(version, package)
            tools = job.tools(self._store.get(wheel.key, sha256=wheel.sha256))
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
                builder=self._tools.builder,
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
        tidy(self._tools.cache.folder, self._tools.allowance)
        # Read back: another build of the same inputs may have been first.
        return replace(self._published(unit.name, version, digest, reused=False), notes=tuple(here))

    def _uv(self, catalog: Catalog, unit: str, log: Path, scratch: Path) -> Uv:
        commands = self._commands(catalog, unit, log, scratch)
        return Uv(commands, self._tools.uv, self._tools.python, catalog.commit.committed_at)

    def _commands(self, catalog: Catalog, unit: str, log: Path, scratch: Path) -> Commands:
        seconds = catalog.organization.build.timeout_minutes * 60
        confinement = Confinement(scratch, self._tools.cache.of_uv(unit), self._tools.limits)
        return Commands(unit, log, self._tools.environment, seconds, confinement)

    def _published(self, unit: str, version: str, digest: str, *, reused: bool) -> Build:
        """Read a manifest and note it in the ledger, which a build that was killed may have left undone."""
        key = layout.manifest_key(unit, version)
        text = self._store.get(key)
        manifest = Manifest.from_json(text)
        if (manifest.unit, manifest.version, manifest.digest) != (unit, version, digest):
            raise ArtifactError(
                f"{self._store.location(key)} is the manifest of {manifest.name} with digest {manifest.digest}, "
                f"and the ledger gave {unit}@{version} to digest {digest}: one of the two was altered. Restore it, "
                "or raise the unit's version."
            )
        self._releases.record_release(key, manifest, sha256_of(text))
        return Build(manifest, sha256_of(text), reused)


@contextmanager
def _joined_logs(log: Path, folder: Path) -> Iterator[None]:
    """In the end, append the logs in a folder: of what ran beside the rest."""
    try:
        yield
    finally:
        with log.open("ab") as joined:
            joined.writelines(part.read_bytes() for part in sorted(folder.glob("*.log")))
