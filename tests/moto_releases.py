"""The repository of a company in moto, and the releases that are published from it."""

import json
from functools import cached_property
from typing import Any

from orchestrator.config.unit import UnitSettings
from orchestrator.releases import layout
from orchestrator.releases.manifest import Manifest
from orchestrator.steps.contract import Release
from tests.git_repository import GitRepository
from tests.moto_accounts import MotoAccounts

_TEMPLATE = {
    "Parameters": {name: {"Type": "String"} for name in ("Unit", "Version", "Environment")},
    "Resources": {
        "Running": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": {"Fn::Sub": "/running/${Environment}/${Unit}"},
                "Type": "String",
                "Value": {"Ref": "Version"},
            },
        }
    },
}


class MotoReleases(MotoAccounts):
    """One company's accounts, with a repository and releases."""

    @cached_property
    def repository(self) -> GitRepository:
        """Its git repository."""
        return GitRepository(self.folder)

    def found(self) -> None:
        """Make what bootstrap makes, and a repository with one commit."""
        self.install_accounts()
        self.folder.mkdir()
        self.repository.begin()
        self.commit("Begin")

    def change(self, message: str) -> str:
        """Change the unit's folder and commit; returns the commit's id."""
        file = self.folder / self.unit.folder / "notes.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(message)
        return self.commit(message)

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit's id."""
        return self.repository.commit(message)

    def publish(
        self,
        version: str,
        unit: str = "clock",
        *,
        template: dict[str, Any] = _TEMPLATE,
        wheel: bytes = b"wheel",
        folder: str = "",
        merged: bool = True,
        **unit_settings: Any,
    ) -> Release:
        """Publish a release, as a build would."""
        store = self.wiring.store
        own = {"smoke_tests": [{"url": f"{self.site.url}/{version}"}], **unit_settings}
        manifest = Manifest(
            unit=unit,
            version=version,
            digest=f"digest-of-{version}",
            commit=self.repository.head,
            author="Test <test@example.com>",
            committed_at="2026-01-01T00:00:00Z",
            inputs=(folder or f"projects/{unit}",),
            builder="local",
            tools={"uv": "0"},
            python="3.13",
            architecture="x86_64",
            requirements=(f"left-pad=={version}",),
            settings=UnitSettings.model_validate(own),
            layers=(),
            wheel=store.put_new(layout.source_key(unit, version, f"{unit}-{version}-py3-none-any.whl"), wheel),
            sdist=store.put_new(layout.source_key(unit, version, f"{unit}-{version}.tar.gz"), b"sdist"),
            template=store.put_new(layout.template_key(unit, version), json.dumps(template).encode()),
            sbom=store.put_new(layout.sbom_key(unit, version), b"{}"),
        )
        artifact = store.put_new(layout.manifest_key(unit, version), manifest.to_json())
        self.ledger.releases.claim_version(unit, manifest.digest, version)
        self.ledger.releases.record_release(artifact.key, manifest, artifact.sha256)
        release = self.ledger.releases.release(unit, version)
        if merged:
            # As Resolve release finds.
            self.ledger.merges.note(release)
        return release
