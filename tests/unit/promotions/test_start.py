"""Starting executions by hand: what Step Functions refuses is told in a sentence."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from orchestrator.errors import RequestError
from orchestrator.promotions.start import Starter

ALREADY, NONE = "ExecutionAlreadyExists", "StateMachineDoesNotExist"


@pytest.mark.parametrize(
    ("machine", "code", "said"),
    [
        ("orchestrator-train", ALREADY, "orchestrator-train was started as billing-42 already"),
        ("orchestrator-train", NONE, "Run 'orchestrator bootstrap'."),
        ("train-approve-prod", NONE, "Run 'orchestrator bootstrap'."),
        ("promote-orders", NONE, "Merge it, or put the event of a merge"),
    ],
)
def test_a_refusal_is_a_wrong_request_that_says_what_to_do(machine: str, code: str, said: str) -> None:
    """Two people may start one train at once: the ledger, which is asked before, knows it only a moment later."""
    client = boto3.client("stepfunctions", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    starter = Starter(client, lambda: datetime(2026, 11, 24, tzinfo=UTC))
    with Stubber(client) as stubber:
        stubber.add_client_error("start_execution", code)
        with pytest.raises(RequestError) as caught:
            starter.start_named(f"arn:aws:states:eu-west-1:111111111111:stateMachine:{machine}", "billing-42", {})
    assert said in str(caught.value)
