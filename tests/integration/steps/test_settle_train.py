"""What a train makes of its builds."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Part, Stage, Train
from orchestrator.steps.contract import Execution
from orchestrator.steps.on_promotion_change import Noted, PromotionChanged
from orchestrator.steps.settle_train import SettleTrainInput, TrainSettler
from orchestrator.steps.train_contract import TrainStatus
from orchestrator.trains.names import BUILD
from tests.ledger_table import make_ledger_table

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STATES = "arn:aws:states:eu-west-1:123456789012:execution"


class Builds:
    """Step Functions: the build of one member has failed."""

    def describe_execution(self, *, executionArn: str) -> Any:  # noqa: N803  # boto3's name.
        """Tell how a build ended."""
        return {"status": "FAILED" if "clock" in executionArn else "SUCCEEDED"}


def noted(event: PromotionChanged) -> Noted:
    """Note the end of a build."""
    return Noted(outcome=event.detail.status, message=f"It {event.detail.status.lower()}.")


@pytest.mark.parametrize(
    ("on_failure", "status"),
    [("stop", TrainStatus.FAILED), ("roll_back", TrainStatus.FAILED), ("continue", TrainStatus.PASSED)],
)
def test_a_member_that_cannot_be_built(on_failure: str, status: TrainStatus) -> None:
    """Nothing of what was built is taken back, as nothing of it was deployed; others go on where that is wished."""
    with mock_aws():
        ledger = Ledger(make_ledger_table(boto3.Session(region_name="eu-west-1")), lambda: NOW)
        me = Execution(id=f"{STATES}:orchestrator-train:both", name="both", started_at=NOW)
        request = {"branch": "main", "commit": "c", "digests": {"clock": "x", "gong": "x"}, "on_failure": on_failure}
        members = ("clock", "gong")
        train = Train(
            name=me.name, execution=me.id, started_at=NOW, request=request, members=members, environments=("dev",)
        )
        ledger.trains.begin(train)
        parts = {unit: Part(unit=unit, execution=f"{STATES}:promote-{unit}:both--build") for unit in members}
        ledger.trains.record_stage("both", Stage(environment=BUILD, waves=(members,), parts=parts))
        played: Any = Builds()
        change: Any = noted
        found = TrainSettler(ledger, played, change)(SettleTrainInput(execution=me, environment=BUILD))
        assert found.status is status
        assert found.message == "In their builds: gong built; clock failed. clock: It failed."
        kept = ledger.trains.stages("both")[BUILD].outcomes
        assert kept == {"clock": "FAILED", "gong": "PROMOTED"}
