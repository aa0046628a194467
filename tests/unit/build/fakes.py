"""Stand-ins for what a build works with: the ledger in memory, a repository in a folder, and a uv without a network."""

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mypy_boto3_s3 import S3Client

from orchestrator.build.build import Build, Builder, Tools
from orchestrator.build.cache import Cache
from orchestrator.build.cache_folder import cache_folder
from orchestrator.build.confined.confinement import Confinement
from orchestrator.build.run import Commands
from orchestrator.config.platform import Platform
from orchestrator.confine.features import FIRST_USER
from orchestrator.errors import UnknownNameError
from orchestrator.releases.numbering import Recorded
from orchestrator.releases.store import ArtifactStore
from orchestrator.releases.version import next_version
from orchestrator.source.catalog import read_catalog
from orchestrator.source.repository import Commit, Commits, Entry, Mode
from tests.organization_toml import organization_toml

BUCKET = "artifacts"
COMMITTED_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
PLATFORM = Platform("3.13", "x86_64")
ORGANIZATION = organization_toml("dev", "prod")
PYPROJECT = """
[build-system]
requires = ["some-backend"]
build-backend = "some_backend"

[project]
name = "orders"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["six==1.16.0"]

[tool.hatch.build.targets.wheel]
packages = ["src/orders"]
"""
TEMPLATE = """
Parameters:
  ArtifactsBucket: {Type: String}
  SourceKey: {Type: String}
  LayerKey: {Type: String, Default: ""}
  Entry: {Type: String, Default: orders.handle}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: !Ref Entry
      Role: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app-orders
      Code: {S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref SourceKey}
      Environment:
        Variables: {LAYER: !Ref LayerKey}
"""


class MemoryLedger:
    """A `ReleaseLedger` that forgets; `recorded` holds the versions noted as published, each time anew."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], str] = {}
        self.layers: dict[tuple[str, str], int] = {}
        self.declared: dict[tuple[str, str], int] = {}
        self.recorded: list[str] = []

    def release_of_digest(self, unit: str, digest: str) -> str | None:
        """Look it up."""
        return self.versions.get((unit, digest))

    def claim_version(self, unit: str, digest: str, declared_version: str) -> str:
        """Give out the next free version."""
        return self.versions.setdefault((unit, digest), self.presumed_version(unit, digest, declared_version))

    def presumed_version(self, unit: str, digest: str, declared_version: str) -> str:
        """Say which is free."""
        taken = {version for (name, _), version in self.versions.items() if name == unit}
        return self.versions.get((unit, digest)) or next_version(declared_version, taken)

    def claim_layer(self, unit: str, requirements_sha256: str) -> int:
        """Give out the next number."""
        return self.layers.setdefault((unit, requirements_sha256), len(self.layers) + 1)

    def layer_of(self, unit: str, declared: str) -> int | None:
        """Look it up."""
        return self.declared.get((unit, declared))

    def note_layer(self, unit: str, declared: str, number: int) -> None:
        """Note it."""
        self.declared.setdefault((unit, declared), number)

    def record_release(self, manifest_key: str, release: Recorded, manifest_sha256: str) -> None:
        """Note it."""
        assert manifest_key.endswith("/manifest.json")
        assert len(manifest_sha256) == 64
        self.recorded.append(release.version)


class FolderRepository:
    """A `SourceRepository` over a plain folder: it has one commit, which is how the folder is now.

    Args:
        folder: the root.
        commit_id: the id that the commit has; change it to make another one.
    """

    def __init__(self, folder: Path, commit_id: str = "a" * 40) -> None:
        self.folder = folder
        self.commit_id = commit_id
        self.committed_at = COMMITTED_AT

    @property
    def url(self) -> str:
        """The folder."""
        return self.folder.as_uri()

    def commit(self, revision: str) -> Commit:
        """Answer for the branch `main` and the one commit."""
        if revision not in ("main", "refs/heads/main", self.commit_id):
            raise UnknownNameError("commit", revision, ["main"])
        return Commit(self.commit_id, "Ada <ada@example.com>", self.committed_at, "Change something")

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Mapping[str, Entry]]:
        """Hash whatever lies there."""
        assert commit == self.commit_id
        return {path: self._listed(self.folder / path) for path in paths if (self.folder / path).is_dir()}

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Read them."""
        assert commit == self.commit_id
        found = {path: self.folder / path for path in paths}
        return {path: _content(file) for path, file in found.items() if file.is_file() or file.is_symlink()}

    def branches(self) -> list[str]:
        """There is one."""
        return ["main"]

    def is_merged(self, commit: str, branch: str) -> bool:
        """The one commit is."""
        return (commit, branch) == (self.commit_id, "main")

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """There are none."""
        del old, new, folders
        return Commits(())

    @staticmethod
    def _listed(folder: Path) -> Mapping[str, Entry]:
        return {path.name: Entry(_hash(path), _mode(path)) for path in sorted(folder.iterdir())}

    def write(self, path: str, text: str) -> None:
        """Change a file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def example_repository(folder: Path) -> FolderRepository:
    """A repository with one unit, `orders`, that has one dependency."""
    repository = FolderRepository(folder)
    repository.write("orchestrator.toml", ORGANIZATION)
    repository.write("projects/orders/pyproject.toml", PYPROJECT)
    repository.write("projects/orders/template.yaml", TEMPLATE)
    repository.write("projects/orders/src/orders/__init__.py", "ANSWER = 42\n")
    return repository


def fake_uv(folder: Path) -> Tools:
    """A uv that asks no index. `folder` holds the files it is steered by, see `fake_uv.py`."""
    program = Path(__file__).with_name("fake_uv.py")
    script = folder / "uv"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -S {program} {folder} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    # Builds may read what their variables name.
    variables = {"PATH": "/usr/bin:/bin", "FAKE_UV": str(program.parent), "FAKE_UV_FOLDER": str(folder)}
    return Tools(str(script), sys.executable, variables, Cache(folder / "cache"))


def confined(folder: Path) -> Confinement:
    """Confined to a folder as tools are that fetch; the cache is in it, too."""
    return Confinement(folder, folder / "cache")


def real_commands(tools: Tools, folder: Path) -> Commands:
    """Tools that fetch into a folder, with the cache of uv that all real builds of tests have in common."""
    confinement = Confinement(folder, Cache(cache_folder(tools.environment)).of_uv("orders"))
    return Commands("orders", folder / "log", tools.environment, 120, confinement)


def unit_commands(tools: Tools, folder: Path, log: Path | None = None) -> Commands:
    """The unit's code in a folder; its user is one for all tests, since each has its own folders."""
    confinement = Confinement(folder, user=FIRST_USER if tools.features.users else None, features=tools.features)
    return Commands("orders", log or folder / "log", tools.environment, 120, confinement)


def running(mark: str) -> list[int]:
    """The processes with a word in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


@dataclass(frozen=True)
class Workshop:
    """A builder with all that it works with.

    Attributes:
        repository: holds the unit `orders`.
        s3: a client of the account.
        store: the bucket.
        ledger: gives out versions.
        machine: the folder that steers the fake uv.
    """

    repository: FolderRepository
    s3: S3Client
    store: ArtifactStore
    ledger: MemoryLedger
    machine: Path

    @property
    def builder(self) -> Builder:
        """A builder, as in a new process."""
        return Builder(self.repository, self.store, self.ledger, fake_uv(self.machine))

    @property
    def log(self) -> Path:
        """The log of all builds."""
        return self.machine / "build.log"

    def build(self) -> Build:
        """Build the unit as it is now."""
        return self.builder.build(read_catalog(self.repository, "main"), "orders", self.log)

    def calls(self) -> list[str]:
        """What the fake uv was asked to do since this was asked last."""
        path = self.machine / "cache" / "unmerged" / "uv" / "orders" / "calls"
        done = path.read_text(encoding="utf-8").split() if path.exists() else []
        path.unlink(missing_ok=True)
        return done

    def published(self) -> set[str]:
        """Everything in the bucket."""
        return {item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def _hash(path: Path) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        digest.update(file.relative_to(path.parent).as_posix().encode())
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def _mode(path: Path) -> Mode:
    if path.is_symlink():
        return Mode.LINK
    if path.is_dir():
        return Mode.FOLDER
    return Mode.PROGRAM if os.access(path, os.X_OK) else Mode.FILE


def _content(path: Path) -> bytes:
    return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
