"""The ledger on DynamoDB: conditional writes answer who was first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from orchestrator.decisions.document import Entry, request_id
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.promotions import Promotion
from orchestrator.releases.failure import Failure
from orchestrator.source.affected import LastStart
from orchestrator.steps.contract import Execution
from tests.ledger_table import make_ledger_table

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """An empty ledger."""
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        yield Ledger(make_ledger_table(session), lambda: START)


def execution(name: str, minutes: int = 0) -> Execution:
    """A promotion that started some minutes after the first."""
    return Execution(id=f"arn:{name}", name=name, started_at=START + timedelta(minutes=minutes))


def request(name: str, minutes: int) -> ApprovalRequest:
    """A request of a promotion."""
    asked = execution(name, minutes)
    entry = Entry(unit="orders", version="1.0", manifest_sha256="m", plan_hash="p")
    return ApprovalRequest(
        id=request_id(name),
        **entry.model_dump(),
        entries=(entry,),
        environment="prod",
        execution=asked.id,
        order=asked.order,
    )


def test_one_digest_has_one_version(ledger: Ledger) -> None:
    """Another digest with the same declared version gets the next post-release; which that is can be asked before."""
    claim, presume = ledger.releases.claim_version, ledger.releases.presumed_version
    assert [presume("orders", one, "1.0") for one in ("a", "b")] == ["1.0", "1.0"]
    assert claim("orders", "a", "1.0") == "1.0"
    assert claim("orders", "b", "1.0") == "1.0.post1"
    assert claim("orders", "c", "1.0") == "1.0.post2"
    assert claim("orders", "b", "1.0") == "1.0.post1"
    assert [presume("orders", one, "1.0") for one in ("a", "b", "d")] == ["1.0", "1.0.post1", "1.0.post3"]
    assert claim("invoices", "a", "1.0") == "1.0"


def test_layers_count_up_with_their_requirements(ledger: Ledger) -> None:
    """Equal requirements have one number."""
    claim = ledger.releases.claim_layer
    assert [claim("orders", one) for one in ("x", "y", "x", "z")] == [1, 2, 1, 3]


def test_what_declared_dependencies_were_locked_to_first_stays(ledger: Ledger) -> None:
    """Two builds may note it at the same time."""
    releases = ledger.releases
    assert releases.layer_of("orders", "declared") is None
    releases.note_layer("orders", "declared", 2)
    releases.note_layer("orders", "declared", 3)
    assert releases.layer_of("orders", "declared") == 2
    assert releases.layer_of("invoices", "declared") is None


def test_a_lock_has_one_holder(ledger: Ledger) -> None:
    """Who may take it again, and who alone frees it."""
    locks, first, second = ledger.environments, execution("first"), execution("second", 1)
    assert locks.take_lock("orders", "dev", first) is None
    assert locks.take_lock("orders", "dev", first) is None
    assert locks.take_lock("orders", "dev", second) == first
    assert not locks.free_lock("orders", "dev", second.id)
    assert locks.free_locks("orders", first.id) == ["dev"]
    assert locks.take_lock("orders", "dev", second) is None


def test_an_older_promotion_changes_nothing(ledger: Ledger) -> None:
    """What is newest is decided by the order of promotions."""
    records = ledger.environments
    empty = records.running("orders", "dev")
    newer = empty.model_copy(update={"version": "2.0", "status": "HEALTHY"})
    older = empty.model_copy(update={"version": "1.0", "status": "DEPLOYING"})
    assert records.record(newer, execution("newer", 1))
    assert not records.record(older, execution("older", 0))
    assert records.running("orders", "dev").version == "2.0"
    assert [one.unit for one in records.all_running("dev")] == ["orders"]


def test_a_rollback_leads_to_another_good_release(ledger: Ledger) -> None:
    """The newest that is not the one that failed."""
    running = ledger.environments.running("orders", "dev").model_copy(update={"good": ("1.0", "2.0")})
    assert running.last_known_good == "2.0"
    assert running.known_good_before("2.0") == "1.0"
    assert running.known_good_before("3.0") == "2.0"


def test_a_promotion_ends_once(ledger: Ledger) -> None:
    """And is not opened again by a step that comes late."""
    records, ran = ledger.promotions, execution("ran")
    promotion = Promotion(unit="orders", execution=ran.id, name=ran.name, started_at="now", version="1.0")
    records.record_start(promotion, ran)
    assert [one.name for one in records.under_way()] == ["ran"]
    ended = promotion.model_copy(update={"status": "FAILED", "version": None, "message": "why"})
    assert records.record_end(ended, ran)
    assert not records.record_end(ended, ran)
    records.record_start(promotion, ran)
    assert records.under_way() == []
    assert [(one.status, one.version, one.message) for one in records.promotions("orders")] == [
        ("FAILED", "1.0", "why")
    ]


def test_what_was_started_is_remembered(ledger: Ledger) -> None:
    """By branch, for all units at once."""
    start = LastStart("digest", {"projects/orders": "id"}, "commit", "arn")
    ledger.branches.record_start("main", "orders", start)
    assert ledger.branches.last_starts("main") == {"orders": start}
    assert ledger.branches.last_starts("other") == {}


def test_a_newer_request_replaces_an_older_one_and_never_the_other_way(ledger: Ledger) -> None:
    """A waiting approval blocks nobody."""
    records = ledger.approvals
    assert records.record_request(request("older", 0))
    assert records.record_request(request("newer", 1))
    assert not records.record_request(request("older", 0))
    found = records.request("orders", "prod")
    assert found is not None
    assert found.execution == "arn:newer"


def test_a_request_is_closed_once(ledger: Ledger) -> None:
    """Of two that meet, one is told no."""
    records = ledger.approvals
    records.record_request(request("one", 0))
    found = records.request("orders", "prod")
    assert found is not None
    assert records.close_request(found, "APPROVED")
    assert not records.close_request(found, "REJECTED")


def test_a_failed_build_is_kept_for_its_promotion(ledger: Ledger) -> None:
    """And for no other one."""
    failure = Failure("BuildError", "no wheel")
    ledger.promotions.record_failed_build("orders", execution("one"), failure)
    assert ledger.promotions.failed_build("orders", execution("one")) == failure
    assert ledger.promotions.failed_build("orders", execution("two")) is None


def test_what_a_look_found_is_bounded_and_of_the_newest_look(ledger: Ledger) -> None:
    """An item holds only so much; what an overtaken look found is older than what is there."""
    branches = ledger.branches
    assert branches.findings("main") is None
    first, second = branches.begin("main"), branches.begin("main")
    assert branches.note_problems("main", "b" * 40, ["x" * 9_000, *map(str, range(80))], second)
    assert not branches.note_problems("main", "a" * 40, ["older"], first)
    found = branches.findings("main")
    assert found is not None
    assert (found.commit, len(found.problems), len(found.problems[0])) == ("b" * 40, 51, 2_000)
    assert found.problems[-1] == "There are 31 more: 'orchestrator units' lists all of them."
    assert branches.settle("main", "b" * 40, "code", second)
    assert branches.findings("main") == found
    assert branches.is_settled("main", "b" * 40, "code")


def test_a_branch_that_returns_from_a_refused_commit_is_looked_at_again(ledger: Ledger) -> None:
    """Else what was refused there would be shown for ever."""
    branches = ledger.branches
    run = branches.begin("main")
    assert branches.settle("main", "a" * 40, "code", run)
    assert branches.note_problems("main", "a" * 40, [], run)
    assert branches.is_settled("main", "a" * 40, "code")
    assert branches.note_problems("main", "b" * 40, ["orchestrator.toml: is looser."], run)
    assert not branches.is_settled("main", "a" * 40, "code")
