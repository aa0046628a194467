"""The flow of a build, with a uv that asks no index."""

import io
import json
import tarfile
import zipfile
from dataclasses import replace

import pytest

from orchestrator.errors import ArtifactError, BuildError, ConfigurationError, SourceError
from orchestrator.releases import layout
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.manifest import Manifest
from orchestrator.releases.store import ArtifactStore
from orchestrator.releases.template_code import wheel_functions
from tests.unit.build.fakes import BUCKET, PYPROJECT, TEMPLATE, MemoryLedger, Workshop


def test_a_build_publishes_every_object_where_existing_tools_look_for_it(workshop: Workshop) -> None:
    """The layout is a contract."""
    workshop.build()
    assert workshop.published() == {
        "projects/orders/lambda/layer/000001/layer.zip",
        "projects/orders/lambda/layer/000001/requirements.zip",
        "projects/orders/lambda/layer/000001/sbom.cdx.json",
        "projects/orders/lambda/source/0.1.0/orders-0.1.0-py3-none-any.whl",
        "projects/orders/lambda/source/0.1.0/orders-0.1.0.tar.gz",
        "projects/orders/release/0.1.0/manifest.json",
        "projects/orders/release/0.1.0/sbom.cdx.json",
        "projects/orders/release/0.1.0/template.json",
    }


def test_the_manifest_describes_every_object_by_its_bytes(workshop: Workshop) -> None:
    """What it says can be checked before each deployment."""
    built = workshop.build()
    assert [workshop.store.find(artifact.key) for artifact in built.manifest.artifacts] == built.manifest.artifacts
    text = workshop.store.get(layout.manifest_key("orders", "0.1.0"), sha256=built.manifest_sha256)
    assert Manifest.from_json(text, "here") == built.manifest
    assert (list(built.release.artifacts), built.release.name) == (built.manifest.artifacts, built.manifest.name)
    assert built.manifest.requirements == ("six==1.16.0",)
    assert built.manifest.inputs == ("projects/orders",)


def test_the_same_inputs_are_built_once(workshop: Workshop) -> None:
    """Another commit that leaves the unit as it is gets the release that is there, and nothing runs."""
    first = workshop.build()
    assert sorted(workshop.calls()) == ["compile", "install", "install"]
    workshop.repository.commit_id = "b" * 40
    second = workshop.build()
    assert workshop.calls() == []
    assert second.manifest == first.manifest
    assert (first.reused, second.reused) == (False, True)
    assert workshop.ledger.recorded == ["0.1.0", "0.1.0"]


def test_a_change_without_a_new_version_becomes_a_post_release_with_the_same_layer(workshop: Workshop) -> None:
    """The wheel carries the release's version, and the layer is not installed again."""
    first = workshop.build()
    workshop.calls()
    workshop.repository.write("projects/orders/src/orders/__init__.py", "ANSWER = 43\n")
    second = workshop.build()
    assert workshop.calls() == ["install"]
    assert second.manifest.version == "0.1.0.post1"
    assert second.manifest.layers == first.manifest.layers
    assert second.manifest.wheel.key.endswith("/0.1.0.post1/orders-0.1.0.post1-py3-none-any.whl")
    assert b'version = "0.1.0.post1"' in _unpacked_sdist(workshop.store, second.manifest.sdist)


def test_other_dependencies_make_the_next_layer(workshop: Workshop) -> None:
    """Layers count up when the locked requirements change."""
    workshop.build()
    workshop.repository.write("projects/orders/pyproject.toml", PYPROJECT.replace("1.16.0", "1.17.0"))
    (layer,) = workshop.build().manifest.layers
    assert layer.archive.key == "projects/orders/lambda/layer/000002/layer.zip"


def test_a_unit_without_dependencies_has_no_layer(workshop: Workshop) -> None:
    """Nothing is locked or installed for it."""
    workshop.repository.write("projects/orders/pyproject.toml", PYPROJECT.replace('"six==1.16.0"', ""))
    manifest = workshop.build().manifest
    assert manifest.layers == ()
    assert manifest.requirements == ()
    assert workshop.calls() == ["install"]


def test_a_unit_without_python_functions_has_no_layer(workshop: Workshop) -> None:
    """Nothing of it would import what a layer holds; that dependencies are not locked is told."""
    workshop.repository.write("projects/orders/template.yaml", "Resources: {Topic: {Type: AWS::SNS::Topic}}")
    manifest = workshop.build().manifest
    assert (manifest.layers, manifest.platforms, manifest.requirements) == ((), (), ())
    assert manifest.warnings[-1] == (
        "project.dependencies of pyproject.toml: nothing is locked, because no function of the template uses the "
        "unit's Python package."
    )
    assert "compile" not in workshop.calls()


def test_a_layer_holds_the_packages_where_lambda_looks_for_them(workshop: Workshop) -> None:
    """Below `python/`, without programs."""
    (layer,) = workshop.build().manifest.layers
    with zipfile.ZipFile(io.BytesIO(workshop.store.get(layer.archive.key))) as archive:
        assert archive.namelist() == ["python/six.py"]
    with zipfile.ZipFile(io.BytesIO(workshop.store.get(layer.requirements.key))) as archive:
        assert archive.read("requirements.txt").startswith(b"six==1.16.0 \\\n    --hash=sha256:")


@pytest.mark.parametrize("survivors", range(8))
def test_a_build_that_was_killed_anywhere_is_finished_by_the_next(survivors: int, workshop: Workshop) -> None:
    """Even when the second run makes other bytes: what was published first stays, and the version is not stuck."""
    workshop.build()
    in_order = sorted(workshop.s3.list_objects_v2(Bucket=BUCKET)["Contents"], key=lambda item: _order(item["Key"]))
    kept = {item["Key"]: item["ETag"] for item in in_order[:survivors]}
    for item in in_order[survivors:]:
        workshop.s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    (workshop.machine / "salt").write_text("# another time", encoding="utf-8")
    workshop.repository.commit_id = "b" * 40

    built = workshop.build()

    assert (built.manifest.version, built.reused) == ("0.1.0", False)
    assert len(workshop.published()) == 8
    assert {key: workshop.s3.head_object(Bucket=BUCKET, Key=key)["ETag"] for key in kept} == kept


def test_a_version_that_somebody_else_wrote_is_not_taken_over(workshop: Workshop) -> None:
    """Only objects made of the same inputs are."""
    key = "projects/orders/lambda/source/0.1.0/orders-0.1.0-py3-none-any.whl"
    workshop.store.put_new(key, b"planted")
    with pytest.raises(ArtifactError, match="published already with other content"):
        workshop.build()


def test_a_manifest_of_another_release_is_refused(workshop: Workshop) -> None:
    """It must be what the ledger says it is."""
    built = workshop.build()
    other = built.manifest.model_copy(update={"digest": "0" * 64})
    workshop.s3.put_object(Bucket=BUCKET, Key=layout.manifest_key("orders", "0.1.0"), Body=other.to_json())
    with pytest.raises(ArtifactError, match="one of the two was altered"):
        workshop.build()


def test_a_damaged_bill_of_materials_of_a_layer_is_named(workshop: Workshop) -> None:
    """The release's is made of it."""
    workshop.build()
    key = layout.layer_sbom_key("orders", 1)
    workshop.s3.put_object(Bucket=BUCKET, Key=key, Body=b"<html>")
    workshop.repository.write("projects/orders/src/orders/__init__.py", "ANSWER = 43\n")
    with pytest.raises(ArtifactError, match=f"s3://{BUCKET}/{key} is no bill of materials: .* restore the object's"):
        workshop.build()


def test_a_failing_build_leaves_no_release_and_tells_the_last_lines(workshop: Workshop) -> None:
    """The error names the unit and the step; the log has everything."""
    (workshop.machine / "fail-build").write_text("".join(f"line {number}\n" for number in range(100)), encoding="utf-8")
    with pytest.raises(BuildError, match="Build of orders failed at 'build wheel and sdist'") as raised:
        workshop.build()
    assert raised.value.log.splitlines() == [f"line {number}" for number in range(80, 100)]
    assert "line 0\n" in workshop.log.read_text(encoding="utf-8")
    assert not any("/release/" in key for key in workshop.published())
    assert workshop.ledger.recorded == []
    assert workshop.ledger.versions == {}


def test_a_package_is_built_anew_when_its_version_is_taken_meanwhile(workshop: Workshop) -> None:
    """Another build may claim it after this one has begun: what is published has the version that was given out."""

    class Late(MemoryLedger):
        """Presumes what another build claims in that moment."""

        def presumed_version(self, unit: str, digest: str, declared_version: str) -> str:
            """Say which was free."""
            version = super().presumed_version(unit, digest, declared_version)
            self.versions.setdefault((unit, "another"), version)
            return version

    built = replace(workshop, ledger=Late()).build()
    assert built.manifest.version == "0.1.0.post1"
    assert built.manifest.wheel.key.endswith("/0.1.0.post1/orders-0.1.0.post1-py3-none-any.whl")
    assert workshop.calls().count("install") == 3


def test_a_missing_template_is_reported_before_a_version_is_claimed(workshop: Workshop) -> None:
    """The file's path is in the message."""
    (workshop.repository.folder / "projects/orders/template.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"projects/orders/template\.yaml: is missing"):
        workshop.build()
    assert workshop.ledger.versions == {}


def test_a_template_that_is_a_link_out_of_the_repository_is_not_read(workshop: Workshop) -> None:
    """The repository may be hostile."""
    secret = workshop.machine / "secret"
    secret.write_text("Resources: {Secret: {}}", encoding="utf-8")
    template = workshop.repository.folder / "projects/orders/template.yaml"
    template.unlink()
    template.symlink_to(secret)
    with pytest.raises(SourceError, match=r"'projects/orders/template\.yaml' leads out of the repository"):
        workshop.build()


def test_a_template_that_cfn_lint_refuses_ends_the_build_before_a_version_is_claimed(workshop: Workshop) -> None:
    """File, line, rule and message are in the error."""
    workshop.repository.write("projects/orders/template.yaml", f"{TEMPLATE}      Tiemout: 3\n")
    with pytest.raises(ConfigurationError, match=r"projects/orders/template\.yaml: line 17: E3002 .*Tiemout"):
        workshop.build()
    assert workshop.ledger.versions == {}


def test_requirements_that_are_not_used_are_warned_of(workshop: Workshop) -> None:
    """In the manifest and in the log."""
    workshop.repository.write("projects/orders/requirements.txt", "six==1.16.0\n")
    (warning,) = workshop.build().manifest.warnings
    assert "requirements.txt has no hashes and is not used" in warning
    assert f"Warning: {warning}" in workshop.log.read_text(encoding="utf-8")


def test_warnings_of_cfn_lint_are_in_the_manifest_and_in_the_log(workshop: Workshop) -> None:
    """A release that was built before tells them again."""
    text = TEMPLATE.replace("Parameters:", "Parameters:\n  Spare: {Type: String, Default: x}")
    workshop.repository.write("projects/orders/template.yaml", text)
    first, second = workshop.build(), workshop.build()
    assert second.manifest.warnings == first.manifest.warnings
    (warning,) = first.manifest.warnings
    assert warning.startswith("projects/orders/template.yaml: line 3: W2001 ")
    assert f"Warning: {warning}" in workshop.log.read_text(encoding="utf-8")


def test_a_sam_template_that_names_its_source_folder_runs_the_wheel(workshop: Workshop) -> None:
    """What an existing repository has is deployed from the release; a folder that the wheel is not made of, as well."""
    function = (
        "  F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: orders.f, CodeUri: src/}}"
    )
    workshop.repository.write("projects/orders/src/orders/__init__.py", "def f(event, context):\n    return 1\n")
    sam = f"Transform: AWS::Serverless-2016-10-31\nResources:\n{function}\n"
    workshop.repository.write("projects/orders/template.yaml", sam)
    template = workshop.store.get(workshop.build().manifest.template.key)
    assert wheel_functions(json.loads(template)) == ["F"]
    workshop.repository.write(
        "projects/orders/template.yaml", sam.replace("orders.f", "src.orders.f").replace("src/", ".")
    )
    built = workshop.build().manifest
    assert wheel_functions(json.loads(workshop.store.get(built.template.key))) == []
    with zipfile.ZipFile(io.BytesIO(workshop.store.get(built.assets[0].key))) as archive:
        assert "src/orders/__init__.py" in archive.namelist()


def _order(key: str) -> int:
    """The order in which a build writes."""
    ends = [
        *("requirements.zip", "layer/000001/sbom.cdx.json", "layer.zip", ".whl", ".tar.gz", "template.json"),
        *("sbom.cdx.json", "manifest.json"),
    ]
    return next(place for place, end in enumerate(ends) if key.endswith(end))


def _unpacked_sdist(store: ArtifactStore, sdist: Artifact) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(store.get(sdist.key))) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        assert file is not None
        return file.read()
