"""Attacks on a decision that was made: it is overwritten, made twice, or taken from where another one lies."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from orchestrator.decisions.document import Decision, Kept
from orchestrator.decisions.records import DecisionRecords
from orchestrator.errors import ArtifactError
from tests.ledger_table import make_decisions_bucket

REJECTED = Decision(
    unit="orders",
    environment="prod",
    version="1.0",
    request="r1",
    decision="reject",
    status="REJECTED",
    settles=True,
    message="no",
    gate="arn:gate",
    decided_at="2026-01-01T00:00:00Z",
)
APPROVED = REJECTED.model_copy(update={"decision": "approve", "status": "APPROVED", "gate": "arn:other"})
COUNTED = APPROVED.model_copy(update={"status": "COUNTED", "settles": False})


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    """An account."""
    with mock_aws():
        yield boto3.Session(region_name="eu-west-1")


@pytest.fixture
def records(session: boto3.Session) -> DecisionRecords:
    """An empty bucket."""
    return make_decisions_bucket(session)


def test_of_two_decisions_that_settle_a_request_the_first_stands(records: DecisionRecords) -> None:
    """The second one is told what was decided."""
    first, where = records.keep(REJECTED)
    assert records.keep(APPROVED) == (first, where)
    assert records.final("orders", "prod", "r1") == (REJECTED, where)


def test_a_gate_counts_once(records: DecisionRecords) -> None:
    """However often it is tried again; a refusal stays one."""
    refused = COUNTED.model_copy(update={"status": "REFUSED"})
    assert records.keep(refused)[0] == refused
    assert records.keep(COUNTED)[0] == refused
    assert records.counted("orders", "prod", "r1") == []


def test_a_version_that_was_overwritten_is_read_as_it_was(session: boto3.Session, records: DecisionRecords) -> None:
    """Whoever could write a second version changes nothing for those who know the first."""
    _, where = records.keep(REJECTED)
    forged = APPROVED.model_dump_json().encode()
    session.client("s3").put_object(Bucket="decisions", Key=where.key, Body=forged)
    assert records.read(where) == REJECTED


def test_a_decision_in_the_place_of_another_is_none(session: boto3.Session, records: DecisionRecords) -> None:
    """What an object says must be what its key says."""
    key = "decisions/invoices/prod/r1.json"
    put = session.client("s3").put_object(Bucket="decisions", Key=key, Body=APPROVED.model_dump_json().encode())
    assert records.read(Kept(key=key, version_id=put["VersionId"])) is None


def test_what_is_no_decision_is_refused(session: boto3.Session, records: DecisionRecords) -> None:
    """With a sentence that names the object."""
    key = "decisions/orders/prod/r1.json"
    session.client("s3").put_object(Bucket="decisions", Key=key, Body=b"{}")
    with pytest.raises(ArtifactError, match=f"s3://decisions/{key} is not a decision"):
        records.final("orders", "prod", "r1")


def test_a_locked_version_is_not_deleted(session: boto3.Session, records: DecisionRecords) -> None:
    """Not even by who may bypass governance."""
    _, where = records.keep(REJECTED)
    with pytest.raises(ClientError):
        session.client("s3").delete_object(
            Bucket="decisions", Key=where.key, VersionId=where.version_id, BypassGovernanceRetention=True
        )
    assert records.read(where) == REJECTED


@pytest.mark.parametrize("where", [("", ""), ("decisions/orders/prod/r1.json", "no-such"), ("elsewhere", "null")])
def test_a_pointer_to_nothing_is_no_decision(records: DecisionRecords, where: tuple[str, str]) -> None:
    """Whatever an answer points to."""
    records.keep(REJECTED)
    assert records.read(Kept(key=where[0], version_id=where[1])) is None
