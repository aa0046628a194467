"""The rules: a merge starts promotions, the begin and end of each is acted on. Nothing that fails is lost."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.tooling.names import Names
from infra.tooling.source import pushes_to_codecommit
from orchestrator.aws.merge_event import DETAIL_TYPE, PUSH_DETAIL_TYPE, SOURCE

# Begins and ends; PENDING_REDRIVE is neither.
_STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


def rules(scope: Construct, names: Names, functions: dict[str, lambda_.Function], dead_letters: sqs.IQueue) -> None:
    """Make those for merges and for promotions, and the schedule that looks at the branch without an event."""
    merged = events.EventPattern(source=[SOURCE], detail_type=[DETAIL_TYPE, PUSH_DETAIL_TYPE])
    _rule(scope, "merge", merged, functions["on_merge"], dead_letters)
    if pushed := pushes_to_codecommit(names):
        _rule(scope, "codecommit", pushed, functions["on_merge"], dead_letters)
    promotions = [{"prefix": names.promotions.removesuffix("*")}]
    on_status_change(scope, "promotion-change", promotions, functions["on_promotion_change"], dead_letters)
    repository = names.organization.repository
    if repository.reconcile_minutes:
        look = events.RuleTargetInput.from_object({"detail": {"branch": repository.branch}})
        events.Rule(
            scope,
            "reconcile_rule",
            rule_name="orchestrator-reconcile",
            schedule=events.Schedule.rate(cdk.Duration.minutes(repository.reconcile_minutes)),
            targets=[
                targets.LambdaFunction(
                    functions["on_merge"], event=look, dead_letter_queue=dead_letters, retry_attempts=2
                )
            ],
        )


def on_status_change(
    scope: Construct,
    name: str,
    machines: Sequence[object],
    function: lambda_.Function,
    dead_letters: sqs.IQueue,
) -> None:
    """Make the rule for begins and ends of executions.

    Args:
        scope: the stack.
        name: of the rule, after `orchestrator-`.
        machines: ARNs of state machines, or patterns of them.
        function: what acts on them.
        dead_letters: where an event goes that cannot be delivered.
    """
    pattern = events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={"status": _STATUSES, "stateMachineArn": list(machines)},
    )
    _rule(scope, name, pattern, function, dead_letters)


def _rule(
    scope: Construct, name: str, pattern: events.EventPattern, function: lambda_.Function, dead_letters: sqs.IQueue
) -> None:
    events.Rule(
        scope,
        f"{name}-rule",
        rule_name=f"orchestrator-{name}",
        event_pattern=pattern,
        targets=[targets.LambdaFunction(function, dead_letter_queue=dead_letters, retry_attempts=8)],
    )
