"""Builds a release, or finds that it was built before, which nothing that builds is imported for.

A build can be killed anywhere and run again. Every object is written once and belongs to the inputs it was made of;
a second build of the same inputs takes over what the first one left, even if its own bytes would differ (see
`ArtifactStore.publish`). The manifest comes last: a release without one was never published.
"""

from collections.abc import Mapping
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from orchestrator.build.cache import Cache
from orchestrator.build.network.reach import Reach
from orchestrator.build.published import Published
from orchestrator.build.tidy import Allowance
from orchestrator.build.usage import DEFAULT, Limits
from orchestrator.config.network import Network, listed
from orchestrator.confine.features import Features, of_this_machine
from orchestrator.errors import ArtifactError, BuildError
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.built_by import BuiltBy
from orchestrator.releases.numbering import ReleaseLedger
from orchestrator.releases.publishing import ReleaseStore
from orchestrator.releases.sha256 import sha256_of
from orchestrator.source.catalog import Catalog
from orchestrator.source.facts import ORGANIZATION_FILE
from orchestrator.source.repository import SourceRepository

if TYPE_CHECKING:
    # The models take longer to import than it takes to find a release.
    from orchestrator.releases.manifest import Manifest

_FOLDER = BuiltBy("folder")


@dataclass(frozen=True)
class Tools:
    """What a build machine brings along.

    Attributes:
        uv: the `uv` program.
        python: the Python interpreter that build backends run on.
        environment: what the commands of a build see, see `clean_environment`.
        cache: what is kept between builds.
        builder: who builds, as releases say it.
        features: what this machine can confine the code of units by.
        unconfined: whether that may be too little, which an administrator allows.
        network: the hosts that may be opened to the code of units, at most.
        reach: how these are reached.
        limits: how much a build may use of it.
        allowance: how much may be kept.
        stop: ends all builds when it is set.
    """

    uv: str
    python: str
    environment: Mapping[str, str]
    cache: Cache
    builder: BuiltBy = _FOLDER
    features: Features = field(default_factory=of_this_machine)
    unconfined: bool = False
    network: Network = Network()
    reach: Reach = Reach()
    limits: Limits = DEFAULT
    allowance: Allowance = field(default_factory=Allowance)
    stop: Event = field(default_factory=Event)


@dataclass(frozen=True)
class Build:
    """What a build ends with.

    Attributes:
        text: of the release's manifest, as it is stored.
        release: what it says of the release.
        reused: whether the release was there already.
        notes: warnings that are no part of the release, because another machine might have no reason for them.
    """

    text: bytes
    release: Published
    reused: bool
    notes: tuple[str, ...] = ()

    @cached_property
    def manifest(self) -> "Manifest":
        """The release's manifest."""
        from orchestrator.releases.manifest import Manifest  # noqa: PLC0415  # See above.

        return Manifest.from_json(self.text, f"The manifest of {self.release.name}")

    @property
    def manifest_sha256(self) -> str:
        """SHA-256 of the manifest as it is stored."""
        return sha256_of(self.text)


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

    def find(self, catalog: Catalog, name: str) -> Build | None:
        """Find the release that a unit's inputs at a commit were built into before; None when they were not.

        Raises:
            ArtifactError: what lies in the bucket is not what was published.
            ConfigurationError: the unit's configuration is not valid.
            UnknownNameError: there is no such unit.
            BuildError: it is built with hosts that may not be opened.
        """
        catalog.require(name)
        self._check_hosts(catalog, name)
        digest = catalog.digest(name)
        version = self._releases.release_of_digest(name, digest)
        if version and self._store.find(layout.manifest_key(name, version)):
            return self._published(name, version, digest, reused=True)
        return None

    def build(self, catalog: Catalog, name: str, log: Path, *, merged: bool | None = None) -> Build:
        """Build a unit at a commit, or find the release that its inputs were built into before.

        Args:
            catalog: the repository at the commit.
            name: the unit's name.
            log: the file that everything is written to.
            merged: whether the branch contains the commit, which a new release tells; None when that was not asked.

        Raises:
            BuildError: the dependencies cannot be had, or the build backend failed.
            ConfigurationError: a file of the unit is not valid.
            ArtifactError: what lies in the bucket is not what was published.
            UnknownNameError: there is no such unit.
        """
        found = self.find(catalog, name)
        if found:
            return found
        from orchestrator.build.flow import Flow  # noqa: PLC0415  # See above.

        tools = self._tools if merged else replace(self._tools, cache=self._tools.cache.unmerged)
        flow = Flow(self._repository, self._store, self._releases, tools, catalog, name, log, merged)
        version, notes = flow.run()
        # Read back: another build of the same inputs may have been first.
        return self._published(name, version, catalog.digest(name), reused=False, notes=notes)

    def _check_hosts(self, catalog: Catalog, name: str) -> None:
        """Refuse hosts that the commit's `orchestrator.toml` opens and nobody else does; fewer may be opened."""
        beyond = [host for host in catalog.hosts(name) if host not in self._tools.network.of(name)]
        if beyond:
            options = " ".join(f"--network {host}" for host in beyond)
            raise BuildError(
                name,
                "open hosts to the unit's code",
                f"[build] network of {ORGANIZATION_FILE} at {catalog.commit.id[:12]} opens {listed(beyond)} to the "
                "unit's code, and the guardrails do not. Have an administrator run 'orchestrator guardrails apply', or "
                f"promote a version that is built. To build into a folder, allow it yourself: {options}.",
            )

    def _published(self, unit: str, version: str, digest: str, *, reused: bool, notes: tuple[str, ...] = ()) -> Build:
        """Read a manifest and note it in the ledger, which a build that was killed may have left undone."""
        key = layout.manifest_key(unit, version)
        text, location = self._store.get(key), self._store.location(key)
        release = Published.of(text, location)
        if (release.unit, release.version, release.digest) != (unit, version, digest):
            raise ArtifactError(
                f"{location} is the manifest of {release.name} with digest {release.digest}, "
                f"and the ledger gave {unit}@{version} to digest {digest}: one of the two was altered. Restore it, "
                "or raise the unit's version."
            )
        self._releases.record_release(key, release, sha256_of(text))
        return Build(text, release, reused, notes)
