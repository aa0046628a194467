"""What a deployment would change is told, and nothing of the question stays."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.ledger.controls import Freeze
from orchestrator.ledger.promotions import Promotion
from orchestrator.ledger.table import stamp
from tests.aws_answers import say
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

_TOPIC = {"Type": "AWS::SNS::Topic"}
_TEMPLATE: dict[str, Any] = {"Resources": {"First": _TOPIC}}
_BROKEN = """<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>app-clock</StackName>
<StackId>1</StackId><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_ROLLBACK_FAILED</StackStatus>
</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company."""
    with moto_company(tmp_path_factory.mktemp("company")) as made:
        yield made


def left(company: MotoCompany, environment: str, target: int = 0) -> list[tuple[str, str]]:
    """The stacks and change sets that are there."""
    client = company.client(environment, "cloudformation", target)
    stacks = [one for one in client.describe_stacks()["Stacks"] if one["StackStatus"] != "DELETE_COMPLETE"]
    return [
        (one["StackName"], each["ChangeSetName"])
        for one in stacks
        for each in client.list_change_sets(StackName=one["StackName"])["Summaries"] or [{"ChangeSetName": ""}]
    ]


def test_a_first_deployment_is_told_and_leaves_no_stack_behind(company: MotoCompany) -> None:
    """In every target of the environment."""
    release = company.publish("0.1.0", template=_TEMPLATE)
    result = Steps(company, release, "prod", "preview-1")("preview")
    assert result["status"] == "PLANNED"
    assert result["message"].startswith("clock@0.1.0 is the first there in prod: 2 to add")
    assert [one["resources"][0]["logical_id"] for one in result["plan"]["targets"]] == ["First", "First"]
    assert left(company, "prod") == left(company, "prod", 1) == []


def test_a_change_of_what_runs_is_told_and_leaves_it_as_it_is(company: MotoCompany) -> None:
    """With what would keep a promotion out right now."""
    release = company.publish("0.1.1", template=_TEMPLATE)
    Steps(company, release, "dev", "deploy-1").deployed()
    before = left(company, "dev")
    until = datetime.now(UTC) + timedelta(days=1)
    company.ledger.controls.set_freeze(Freeze(environment="dev", until=until, reason="Sale."))
    newer = company.publish("0.1.2", template={"Resources": {"First": _TOPIC, "Second": _TOPIC}})
    result = Steps(company, newer, "dev", "preview-2")("preview")
    company.ledger.controls.lift_freeze("dev", "*", "somebody")
    assert result["message"].startswith("clock@0.1.2 replaces 0.1.1 in dev: 1 to add")
    assert result["kept_back"].startswith("dev is frozen until ")
    assert left(company, "dev") == before
    assert company.ledger.environments.running("clock", "dev").version == "0.1.1"


def test_a_unit_whose_promotions_queue_is_previewed_behind_those_under_way(company: MotoCompany) -> None:
    """A preview may read all that can keep a promotion back."""
    release = company.publish("0.2.0", template=_TEMPLATE)
    older = Steps(company, release, "dev", "older").execution
    begun = Promotion(unit="clock", execution=older.id, name=older.name, started_at=stamp(older.started_at))
    company.ledger.promotions.record_begin(begun, older)
    result = Steps(company, release, "dev", "preview-5")("preview", concurrency="queued")
    assert (result["status"], result["kept_back"]) == ("PLANNED", "")


def test_a_stack_that_must_be_mended_is_told_and_not_mended(company: MotoCompany) -> None:
    """A deployment would finish its rollback first."""
    release = company.publish("0.1.3", template=_TEMPLATE)
    company.answers.next["cloudformation.DescribeStacks"] = [say(_BROKEN)]
    with pytest.raises(AssertionError, match=r"app-clock in 333333333333/.* \(UPDATE_ROLLBACK_FAILED\) is left over"):
        Steps(company, release, "test", "preview-3")("preview")


def test_a_release_that_was_altered_is_told_and_leaves_nothing(company: MotoCompany) -> None:
    """As it would be before a deployment."""
    release = company.publish("0.1.4", template=_TEMPLATE)
    with pytest.raises(AssertionError, match="was altered"):
        Steps(company, release.model_copy(update={"manifest_sha256": "0" * 64}), "staging", "preview-4")("preview")
    assert left(company, "staging") == []
