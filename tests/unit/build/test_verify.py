"""Verifying a release that was really built, and one that was altered afterwards."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from moto import mock_aws

from orchestrator.build.build import Build, Builder, Tools
from orchestrator.build.release_diff import diff_of
from orchestrator.build.verify import ReleaseVerifier
from orchestrator.releases.built_by import BuiltBy
from orchestrator.releases.confinement import Level
from orchestrator.releases.layout import manifest_key
from orchestrator.releases.manifest import Manifest
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.catalog import read_catalog
from orchestrator.steps.contract import Release
from tests.unit.build.fakes import BUCKET, PYPROJECT, TEMPLATE, MemoryLedger, example_repository

PROJECT = PYPROJECT.replace("some-backend", "hatchling").replace("some_backend", "hatchling.build")


def release_of(build: Build) -> Release:
    """A release as the ledger has it."""
    known = build.manifest.model_dump(include={"unit", "version", "digest", "commit", "author"})
    key = manifest_key(build.manifest.unit, build.manifest.version)
    return Release(**known, manifest=key, manifest_sha256=build.manifest_sha256)


@pytest.fixture(scope="module")
def store() -> Iterator[ArtifactStore]:
    """A bucket."""
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_bucket(Bucket=BUCKET)
        yield ArtifactStore(client, BUCKET)


@pytest.fixture(scope="module")
def builds(store: ArtifactStore, real_tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> list[Build]:
    """Two releases, built by the real uv and hatchling; the second one has other code, settings and dependencies."""
    folder = tmp_path_factory.mktemp("builds")
    repository, ledger = example_repository(folder / "repository"), MemoryLedger()

    repository.write("projects/orders/pyproject.toml", PROJECT)

    def build() -> Build:
        builder = Builder(repository, store, ledger, real_tools)
        return builder.build(read_catalog(repository, "main"), "orders", folder / "log", merged=True)

    first = build()
    changed = PROJECT.replace("1.16.0", "1.17.0") + "\n[tool.orchestrator]\nconcurrency = 'queued'\n"
    repository.write("projects/orders/pyproject.toml", changed)
    repository.write("projects/orders/src/orders/__init__.py", "ANSWER = 43\n")
    repository.write("projects/orders/src/orders/more.py", "")
    repository.write("projects/orders/template.yaml", TEMPLATE.replace("orders.handle", "orders.more"))
    return [first, build()]


@pytest.fixture
def release(builds: list[Build]) -> Release:
    """The first release."""
    return release_of(builds[0])


@pytest.fixture
def manifest(builds: list[Build]) -> Manifest:
    """Its manifest."""
    return builds[0].manifest


@pytest.fixture
def alter(store: ArtifactStore) -> Iterator[Callable[[str, bytes], None]]:
    """Alters objects, until the test's end."""
    before: dict[str, bytes] = {}

    def write(key: str, content: bytes) -> None:
        before.setdefault(key, store.get(key))
        store.put(key, content)

    yield write
    for key, content in before.items():
        store.put(key, content)


def differences(store: ArtifactStore, release: Release) -> dict[str, tuple[str, ...]]:
    """What verifying finds, by what it looked at."""
    return {check.what: check.differences for check in ReleaseVerifier(store)(release) if check.differences}


def repacked(content: bytes, **changes: bytes | None) -> bytes:
    """An archive with modules added, changed, or (None) left out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        named = {f"{name}.py": change for name, change in changes.items()}
        for name in old.namelist():
            if name not in named:
                new.writestr(name, old.read(name))
        for name, change in named.items():
            if change is not None:
                new.writestr(name, change)
    return made.getvalue()


def test_a_release_is_what_it_says(store: ArtifactStore, builds: list[Build]) -> None:
    """Every object and every content of it was looked at."""
    for build in builds:
        assert differences(store, release_of(build)) == {}
    names = [check.what for check in ReleaseVerifier(store)(release_of(builds[0]))]
    assert {"manifest", "files of the wheel", "packages of the layers", "bill of materials"} <= set(names)
    assert {one.key.split("/", 2)[2] for one in builds[0].manifest.artifacts} <= set(names)


def test_the_manifest_and_the_bill_of_materials_say_what_built_it(store: ArtifactStore, manifest: Manifest) -> None:
    """Tools by their versions, the packages with their licences."""
    assert manifest.builder == BuiltBy("folder")
    assert set(manifest.tools) == {"promotion-orchestrator", "uv", "cfn-lint", "build backend"}
    assert manifest.tools["build backend"].startswith("hatchling ")
    text = store.get(manifest.sbom.key).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    (six,) = json.loads(text)["components"]
    assert (six["purl"], six["licenses"]) == ("pkg:pypi/six@1.16.0", [{"license": {"name": "MIT License"}}])


def test_an_altered_manifest_is_told(store: ArtifactStore, release: Release, manifest: Manifest, alter: Any) -> None:
    """By its digest, and by what it says besides."""
    alter(release.manifest, manifest.model_copy(update={"author": "somebody"}).to_json())
    found = differences(store, release)["manifest"]
    assert found[0].startswith("The manifest was altered: its SHA-256 is")
    assert found[1] == "The manifest's author is 'somebody', and the ledger says 'Ada <ada@example.com>'."
    alter(release.manifest, b"{}")
    (damaged,) = differences(store, release)["manifest"]
    assert damaged.startswith(f"s3://{BUCKET}/{release.manifest} is no manifest: unit: Field required; version: ")
    assert "restore the object's first version" in damaged


def test_an_altered_wheel_is_told_with_the_file(
    store: ArtifactStore, release: Release, manifest: Manifest, alter: Any
) -> None:
    """Altered, taken away, or put in."""
    wheel = store.get(manifest.wheel.key)
    alter(manifest.wheel.key, repacked(wheel, **{"orders/__init__": b"x"}, planted=b""))
    found = differences(store, release)
    assert "was altered: its SHA-256 is" in found[manifest.wheel.key.split("/", 2)[2]][0]
    altered, planted = found["files of the wheel"]
    assert altered.startswith("orders/__init__.py has SHA-256")
    assert planted == "planted.py is there, and no RECORD lists it."
    alter(manifest.wheel.key, repacked(wheel, **{"orders/__init__": None}))
    assert differences(store, release)["files of the wheel"] == (
        "orders/__init__.py is missing, and its RECORD lists it.",
    )


def test_a_layer_of_other_packages_is_told(
    store: ArtifactStore, release: Release, builds: list[Build], alter: Any
) -> None:
    """Both the package that is missing and the one that is there instead."""
    (first,), (second,) = (build.manifest.layers for build in builds)
    alter(first.archive.key, store.get(second.archive.key))
    assert differences(store, release)["packages of the layers"] == (
        "Layer 1 (python3.13 on x86_64) lacks six==1.16.0, which the requirements lock.",
        "Layer 1 (python3.13 on x86_64) has six==1.17.0, which the requirements do not lock.",
    )
    alter(first.archive.key, b"no zip")
    assert "could not be looked at" in differences(store, release)["packages of the layers"][0]


def test_other_requirements_and_another_bill_of_materials_are_told(
    store: ArtifactStore, release: Release, builds: list[Build], alter: Any
) -> None:
    """They are compared with each other, not only with their digests."""
    first, second = (build.manifest for build in builds)
    alter(first.layers[0].requirements.key, store.get(second.layers[0].requirements.key))
    found = differences(store, release)
    assert found["requirements"] == (
        "six==1.16.0 is in the manifest only.",
        "six==1.17.0 is in the stored requirements and not in the manifest.",
    )
    assert found["bill of materials"] == ("The bill of materials lacks six==1.17.0.",)
    alter(first.sbom.key, store.get(second.sbom.key))
    assert differences(store, release)["bill of materials"] == (
        "The bill of materials is of orders@0.1.0.post1.",
        "The bill of materials is of another wheel than the release's.",
    )


@pytest.mark.parametrize("text", [b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"metadata": {"component": []}}'])
def test_a_bill_of_materials_that_is_none_is_told(
    store: ArtifactStore, release: Release, manifest: Manifest, alter: Any, text: bytes
) -> None:
    """Whatever it was altered into, and the rest is looked at all the same."""
    alter(manifest.sbom.key, text)
    found = differences(store, release)
    assert found["bill of materials"][0].startswith("It could not be looked at, for what it is in is damaged (")
    assert set(found) == {manifest.sbom.key.split("/", 2)[2], "bill of materials"}


def test_what_was_found_before_something_cannot_be_read_is_kept(
    store: ArtifactStore, release: Release, manifest: Manifest, alter: Any
) -> None:
    """The first differences are told with what ended the look."""
    bom = json.loads(store.get(manifest.sbom.key))
    bom["metadata"]["component"]["name"] = "other"
    alter(manifest.sbom.key, json.dumps({**bom, "components": None}).encode())
    first, last = differences(store, release)["bill of materials"]
    assert first == "The bill of materials is of other@0.1.0."
    assert last.startswith("It could not be looked at, for what it is in is damaged ('NoneType'")


def test_an_object_that_is_gone_is_told_once_and_the_rest_is_looked_at(
    store: ArtifactStore, release: Release, manifest: Manifest, alter: Any
) -> None:
    """What needs it says that it could not be looked at."""
    alter(manifest.wheel.key, b"")
    store._s3.delete_object(Bucket=BUCKET, Key=manifest.wheel.key)  # noqa: SLF001  # The store deletes nothing itself.
    found = differences(store, release)
    assert "is missing" in found[manifest.wheel.key.split("/", 2)[2]][0]
    assert found["files of the wheel"][0].startswith("It could not be looked at")
    assert set(found) == {manifest.wheel.key.split("/", 2)[2], "files of the wheel"}


def test_how_far_the_unit_s_code_was_confined_is_told(
    store: ArtifactStore, release: Release, manifest: Manifest, alter: Callable[[str, bytes], None]
) -> None:
    """Also of releases that are older than that, and of those that an administrator allowed."""

    def told() -> str:
        return next(
            one.found for one in ReleaseVerifier(store)(release) if one.what == "confinement of the unit's code"
        )

    assert told() == manifest.confinement == Level.OWN_FILES
    for level, said in ((None, "not known: the release was built before"), (Level.UNCONFINED, "which is too low")):
        alter(release.manifest, manifest.model_copy(update={"confinement": level}).to_json())
        assert said in told()
    alter(release.manifest, manifest.model_copy(update={"network": ("models.example.com",)}).to_json())
    assert told() == f"{Level.OWN_FILES}; it could reach models.example.com"


def test_two_releases_are_compared_part_by_part(store: ArtifactStore, builds: list[Build]) -> None:
    """Requirements, files, resources and settings."""
    found = diff_of(store, *map(release_of, builds))
    told = {part: [(one.kind, one.what) for one in several] for part, several in found}
    assert told["requirements"] == [("changed", "six")]
    assert ("changed", "orders/__init__.py") in told["files"]
    assert ("added", "orders/more.py") in told["files"]
    assert told["template"] == [("changed", "Parameters.Entry.Default")]
    assert told["settings"] == [("changed", "concurrency")]
    assert told["build"] == []
    (requirement,) = found.requirements
    assert (requirement.before, requirement.after) == ("1.16.0", "1.17.0")


def test_a_release_does_not_differ_from_itself(store: ArtifactStore, release: Release) -> None:
    """In no part."""
    assert not any(several for _, several in diff_of(store, release, release))
