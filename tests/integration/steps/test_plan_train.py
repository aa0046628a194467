"""What a train meets before an environment: one outcome each, and half of a train never goes in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from orchestrator.config.load import load_organization
from orchestrator.config.organization import FILE_NAME
from orchestrator.decisions.document import train_subject
from orchestrator.guardrails.document import Guardrails
from orchestrator.ledger.controls import Freeze, Hold, Quarantine
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.promotions import Promotion
from orchestrator.ledger.trains import Train
from orchestrator.source.catalog import read_catalog
from orchestrator.steps.admission import Admission
from orchestrator.steps.catalogs import Catalogs, ReadCatalog
from orchestrator.steps.contract import Execution
from orchestrator.steps.plan_train import PlanTrainInput, TrainPlanner
from orchestrator.steps.surveys import Seen, Surveys
from orchestrator.steps.train_contract import TrainResult, TrainStatus
from tests.codecommit.opened import opened
from tests.codecommit.server import CodeCommitServer
from tests.ledger_table import make_ledger_table
from tests.memory_store import MemoryStore
from tests.merges import ORGANIZATION, project
from tests.recorded import recorded
from tests.source_repository import Repository

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATES = "arn:aws:states:eu-west-1:123456789012:execution"
QUEUED = '[tool.orchestrator]\nconcurrency = "queued"\n'


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Two units, the second of which waits behind older promotions of it."""
    made = Repository(tmp_path_factory.mktemp("shop"))
    files = {
        "projects/clock/pyproject.toml": project("clock"),
        "projects/gong/pyproject.toml": project("gong") + QUEUED,
    }
    made.commit({"orchestrator.toml": ORGANIZATION, **files})
    return made


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A ledger that knows a release of each unit."""
    with mock_aws():
        table = make_ledger_table(boto3.Session(region_name="eu-west-1"))
        for unit in ("clock", "gong"):
            facts = dict.fromkeys(("manifest", "manifest_sha256", "digest", "commit"), "x")
            release = {"pk": f"RELEASES#{unit}", "sk": "RELEASE#1.0", "unit": unit, "version": "1.0", **facts}
            table.put_item(Item={**release, "published_at": "2026"})
        made = Ledger(table, lambda: NOW)
        for unit in ("clock", "gong"):
            made.merges.note(made.releases.release(unit, "1.0"))
        yield made


def execution(name: str, minutes: int = 0) -> Execution:
    """One that started some minutes after the train."""
    return Execution(id=f"{STATES}:promote-gong:{name}", name=name, started_at=NOW + timedelta(minutes=minutes))


def hold(ledger: Ledger) -> None:
    """A promotion failed there, and was rolled back."""
    ledger.controls.set_hold(Hold(unit="gong", environment="dev", version="0.9", reason="0.9 failed there."))


def freeze(ledger: Ledger) -> None:
    """The environment is closed for one member."""
    ledger.controls.set_freeze(Freeze(environment="dev", unit="gong", until="2099-01-01T00:00:00Z", reason="Audit."))


def quarantine(ledger: Ledger) -> None:
    """A member's release is barred, after the train has started with it."""
    ledger.controls.set_quarantine(Quarantine(unit="gong", version="1.0", reason="It leaks."))


def promote_anew(ledger: Ledger) -> None:
    """A newer promotion of a member has been there."""
    newer = execution("newer", 1)
    ledger.environments.record(Running(unit="gong", environment="dev", version="1.1"), newer)


def promote_before(ledger: Ledger) -> None:
    """An older promotion of a member is still under way."""
    older = execution("older", -1)
    begun = Promotion(unit="gong", execution=older.id, name=older.name, started_at=older.order.split("#")[0])
    ledger.promotions.record_begin(begun, older)


def freeze_and_promote_anew(ledger: Ledger) -> None:
    """What can be waited for, and what cannot."""
    freeze(ledger)
    promote_anew(ledger)


def plan(ledger: Ledger, repository: Repository, *, automatic: bool, catalog: ReadCatalog | None = None) -> TrainResult:
    """Plan dev for a train of both, started by a merge or by people."""
    me = Execution(id=f"{STATES}:orchestrator-train:both", name="both", started_at=NOW)
    units = ["clock@1.0", "gong@1.0"]
    merged = {"branch": "main", "commit": repository.git.head, "digests": {"clock": "x", "gong": "x"}}
    ledger.trains.begin(
        Train(
            name=me.name,
            execution=me.id,
            started_at=me.started_at,
            request=merged if automatic else {"units": units},
            commit=repository.git.head,
            environments=("dev",),
            members=("clock", "gong"),
            versions={"clock": "1.0", "gong": "1.0"},
            automatic=automatic,
        )
    )
    if automatic:
        ledger.starts.note(train_subject(me.name), me.id, merged)
    step = PlanTrainInput(execution=me, environment="dev")

    def guardrails() -> Guardrails:
        text = repository.read.files(repository.git.head, [FILE_NAME])[FILE_NAME]
        return recorded(load_organization(text))

    admission = Admission(ledger, lambda: NOW, lambda _: True, guardrails)
    return TrainPlanner(ledger, catalog or partial(read_catalog, repository.read), admission, guardrails, "main")(step)


@pytest.mark.parametrize(
    ("meets", "automatic", "status", "said"),
    [
        (
            hold,
            True,
            TrainStatus.HELD,
            "0.9 failed there. Look into it, then 'orchestrator resume gong dev' and 'orchestrator train retry both'.",
        ),
        (freeze, False, TrainStatus.FROZEN, "dev is frozen until 2099-01-01 00:00 UTC: Audit."),
        (quarantine, False, TrainStatus.QUARANTINED, "gong@1.0 is in quarantine: It leaks."),
        (promote_anew, False, TrainStatus.SUPERSEDED, "gong@1.0 is superseded in dev by gong@1.1"),
        (promote_before, False, TrainStatus.QUEUED, "gong@1.0 is queued for dev behind older"),
        (freeze_and_promote_anew, False, TrainStatus.SUPERSEDED, "gong@1.0 is superseded"),
    ],
)
def test_what_keeps_one_member_out_keeps_the_train_out(
    ledger: Ledger,
    repository: Repository,
    meets: Callable[[Ledger], None],
    automatic: bool,  # noqa: FBT001  # A case.
    status: TrainStatus,
    said: str,
) -> None:
    """What can be waited for is waited for; all else ends the train, with what to do next."""
    meets(ledger)
    found = plan(ledger, repository, automatic=automatic)
    assert (found.status, found.members) == (status, ())
    assert said in found.message
    assert (found.retry_after > 0) is (status in (TrainStatus.FROZEN, TrainStatus.QUEUED))
    assert ledger.trains.stages("both") == {}


@pytest.mark.parametrize(
    ("clock", "status"), [("0.9", TrainStatus.PLANNED), ("1.0", TrainStatus.HELD)], ids=["another train", "the same"]
)
def test_what_failed_in_a_train_comes_in_again_with_another_release_of_another_member(
    clock: str, status: TrainStatus, ledger: Ledger, tmp_path: Path
) -> None:
    """Where newer is enough: what was to be mended was the other member. The same releases again stay out."""
    repository = Repository(tmp_path)
    files = {f"projects/{name}/pyproject.toml": project(name) for name in ("clock", "gong")}
    repository.commit({"orchestrator.toml": f'{ORGANIZATION}hold = "until_newer"\n', **files})
    before = Execution(id=f"{STATES}:orchestrator-train:before", name="before", started_at=NOW - timedelta(hours=1))
    ledger.trains.begin(
        Train(
            name="before",
            execution=before.id,
            started_at=before.started_at,
            members=("clock", "gong"),
            versions={"clock": clock, "gong": "1.0"},
        )
    )
    failed = Hold(unit="gong", environment="dev", version="1.0", reason="1.0 failed.", order=before.order)
    ledger.controls.set_hold(failed.model_copy(update={"train": "before"}))
    assert plan(ledger, repository, automatic=True).status is status


def test_a_hold_keeps_no_train_out_that_people_started(ledger: Ledger, repository: Repository) -> None:
    """They have looked; what then passes its smoke tests lifts the hold."""
    hold(ledger)
    found = plan(ledger, repository, automatic=False)
    assert found.status is TrainStatus.PLANNED
    assert [one.unit for one in found.members] == ["clock", "gong"]


def test_a_train_asks_the_host_for_its_members_alone(ledger: Ledger, tmp_path: Path) -> None:
    """Where `on_merge` has looked: the others are known, also which comes after which. Without that, two calls each."""
    repository = Repository(tmp_path)
    names = ("clock", "gong", *(f"other{number}" for number in range(20)))
    repository.commit(
        {"orchestrator.toml": ORGANIZATION, **{f"projects/{name}/pyproject.toml": project(name) for name in names}}
    )
    server, store = CodeCommitServer(tmp_path), MemoryStore()
    try:
        anew: ReadCatalog = partial(read_catalog, opened(server))
        assert plan(ledger, repository, automatic=True, catalog=anew).status is TrainStatus.PLANNED
        before = len(server.calls)
        Surveys(store, "survey", "code").keep(Seen(1, anew("main").surveyed))
        server.calls.clear()
        known = Catalogs(opened(server), Surveys(store, "survey", "code"))
        assert plan(ledger, repository, automatic=True, catalog=known).status is TrainStatus.PLANNED
        assert (before, len(server.calls)) == (2 * len(names) + 7, 7)
    finally:
        server.close()
