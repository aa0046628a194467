"""Attacks: what is deployed under a release's name is not that release."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.ledger.partitions import RELEASES
from orchestrator.releases import layout
from orchestrator.releases.manifest import Manifest
from orchestrator.steps.contract import Release
from orchestrator.steps.deployment import change_set_name
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

EVIL: dict[str, Any] = {
    "Parameters": {name: {"Type": "String"} for name in ("Unit", "Version", "Environment")},
    "Resources": {
        "Running": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/running/prod/clock", "Type": "String", "Value": "evil"},
        }
    },
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with a release that works in prod, and a unit of somebody else."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("dev", "prod")) as made:
        steps = Steps(made, made.publish("1.0.0"), "prod", "first")
        steps.deployed()
        assert steps("smoke_test")["status"] == "SUCCEEDED"
        yield made


def change_sets(company: MotoCompany, name: str) -> list[str]:
    """The change sets of a name that the unit's stacks in prod have."""
    clients = [company.client("prod", "cloudformation", target) for target in range(2)]
    listed = [one.list_change_sets(StackName="app-clock")["Summaries"] for one in clients]
    return [one["ChangeSetName"] for found in listed for one in found if one["ChangeSetName"] == name]


def previewed(company: MotoCompany, steps: Steps, release: dict[str, Any]) -> None:
    """Call the preview's Lambda as somebody does who may ask for plans; it may be refused."""
    try:
        company.call("preview", {**steps.input, "release": release})
    except AssertionError as refused:
        assert "is not the manifest of" in str(refused)  # noqa: PT017  # What it says where it is refused.


def test_a_preview_leaves_no_change_set_for_a_promotion(company: MotoCompany) -> None:
    """Asked for another unit's release of the same version under the promotion's name, it would be deployed later."""
    evil = company.publish("2.0.0", unit="mallory", template=EVIL)
    good = company.publish("2.0.0")
    steps = Steps(company, good, "prod", "poisoned")
    forged = {**evil.model_dump(mode="json"), "unit": "clock", "version": "9.9.9"}
    previewed(company, steps, forged)
    assert change_sets(company, change_set_name("2.0.0", steps.execution)) == []
    steps.deployed()
    assert company.running("prod") == "2.0.0"


def test_a_preview_never_shares_change_sets_with_a_promotion(company: MotoCompany) -> None:
    """Called under the name of a promotion that waits, it would delete what was approved."""
    steps = Steps(company, company.publish("2.1.0"), "prod", "waits")
    plan = steps("plan")
    previewed(company, steps, steps.input["release"])
    deployment = steps("deploy", plan=plan, approval=steps.approval(plan))
    assert deployment["status"] == "SUCCEEDED", deployment["message"]


def overwrite(company: MotoCompany, release: Release, **changed: str) -> None:
    """Overwrite a release's item, as a session of a build of its unit may."""
    table = company.wiring.session.resource("dynamodb").Table(company.wiring.settings["ledger_table"])
    key = {"pk": RELEASES.key(release.unit), "sk": f"RELEASE#{release.version}"}
    table.put_item(Item={**table.get_item(Key=key)["Item"], **changed})


def forged_manifest(company: MotoCompany, release: Release, key: str) -> dict[str, str]:
    """Another manifest of a release with another template, at a key that nothing lies at yet; how an item names it."""
    store = company.wiring.store
    manifest = Manifest.from_json(store.get(release.manifest), "")
    template = store.put_new(layout.asset_key("clock", "0" * 64, f"{release.version}.json"), json.dumps(EVIL).encode())
    artifact = store.put_new(key, manifest.model_copy(update={"template": template}).to_json())
    return {"manifest": artifact.key, "manifest_sha256": artifact.sha256}


def test_a_good_release_that_is_rewritten_in_the_ledger_is_not_returned_to(company: MotoCompany) -> None:
    """A rollback needs nobody, so what it leads to must be what people have approved."""
    release = company.ledger.releases.release("clock", "1.0.0")
    known = {"manifest": release.manifest, "manifest_sha256": release.manifest_sha256}
    overwrite(company, release, **forged_manifest(company, release, "projects/clock/release/other/manifest.json"))
    swapped = company.ledger.releases.release("clock", "1.0.0")
    back = Steps(company, swapped, "prod", "back")
    request = {"version": "1.0.0", "rollback": True, "reason": "forged", "from": "prod", "to": "prod"}
    with pytest.raises(AssertionError, match=r"is not the manifest of clock@1\.0\.0"):
        back("plan", request=request)
    overwrite(company, release, **known)


def test_a_manifest_that_names_objects_of_others_is_refused(company: MotoCompany) -> None:
    """Their keys are written in the targets' buckets, where the others' releases would be found later."""
    release = company.publish("3.0.0", unit="mallory")
    manifest = Manifest.from_json(company.wiring.store.get(release.manifest), "")
    theirs = company.wiring.store.put_new(layout.template_key("clock", "4.0.0"), json.dumps(EVIL).encode())
    forged = manifest.model_copy(update={"version": "3.0.1", "template": theirs})
    artifact = company.wiring.store.put_new(layout.manifest_key("mallory", "3.0.1"), forged.to_json())
    company.ledger.releases.claim_version("mallory", "digest", "3.0.1")
    company.ledger.releases.record_release(artifact.key, forged, artifact.sha256)
    made = company.ledger.releases.release("mallory", "3.0.1")
    company.ledger.merges.note(made)
    steps = Steps(company, made, "dev", "theirs", stack="app-mallory")
    with pytest.raises(AssertionError, match=r"names projects/clock/release/4\.0\.0/template\.json"):
        steps("plan")
