"""What each of a train's steps may do, and what its state machine runs with: no more than their code uses."""

from infra.tooling.names import Names
from infra.tooling.permissions import (
    GUARDRAILS_SETTING,
    SOURCE_SETTINGS,
    Step,
    answer_promotions,
    keep_tokens,
    ledger,
)
from infra.tooling.source import find_units
from infra.tooling.statements import Statements, allow


def _resolve_train(names: Names) -> Statements:
    machines = allow(["states:DescribeStateMachine"], [names.promotions])
    return [*ledger(names, "resolve_train"), *find_units(names), machines]


def _plan_train(names: Names) -> Statements:
    executions = [names.promotion_executions, names.train_executions]
    return [*ledger(names, "plan_train"), *find_units(names), allow(["states:DescribeExecution"], executions)]


def _request_train_approval(names: Names) -> Statements:
    return [
        *ledger(names, "request_train_approval"),
        keep_tokens(names),
        allow(["s3:GetObject"], [names.objects("plans/*")]),
        allow(["sns:Publish"], [names.approvals]),
        answer_promotions(),
    ]


def _settle_train(names: Names) -> Statements:
    return [
        *ledger(names, "settle_train"),
        allow(["states:DescribeExecution"], [names.promotion_executions]),
        allow(["sns:Publish"], [names.failures]),
    ]


def _on_train_change(names: Names) -> Statements:
    return [
        *ledger(names, "on_train_change"),
        allow(["states:DescribeExecution"], [names.train_executions, names.promotion_executions]),
        allow(["states:StopExecution"], [names.promotion_executions]),
        allow(["sns:Publish"], [names.failures]),
    ]


TRAIN_STEPS = (
    Step("resolve_train", 60, ("ledger_table", GUARDRAILS_SETTING, "bucket", *SOURCE_SETTINGS), _resolve_train),
    Step("plan_train", 60, ("ledger_table", GUARDRAILS_SETTING, "bucket", *SOURCE_SETTINGS), _plan_train),
    Step(
        "request_train_approval",
        60,
        ("ledger_table", "tokens_table", "bucket", "approvals_topic"),
        _request_train_approval,
    ),
    Step("settle_train", 60, ("ledger_table", "failures_topic"), _settle_train),
    Step("on_train_change", 60, ("ledger_table", "failures_topic"), _on_train_change),
)
# The steps that the train's states call; an event calls the other one.
CALLED = ("resolve_train", "plan_train", "plan", "request_train_approval", "settle_train")


def train_role(names: Names) -> Statements:
    """Call the steps; start members' promotions, wait for them and stop them."""
    waiting = [f"events:{action}" for action in ("PutTargets", "PutRule", "DescribeRule")]
    return [
        allow(["lambda:InvokeFunction"], [names.function(step) for step in CALLED]),
        allow(["states:StartExecution"], [names.promotions]),
        allow(["states:DescribeExecution", "states:StopExecution"], [names.promotion_executions]),
        allow(waiting, [names.execution_events]),
    ]
