"""The rules: a merge starts promotions, the begin and end of each is acted on. Nothing that fails is lost."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.tooling.names import Names
from infra.tooling.source import pushes_to_codecommit


def rules(scope: Construct, names: Names, functions: dict[str, lambda_.Function], dead_letters: sqs.IQueue) -> None:
    """Make them, and the schedule that looks at the branch without an event."""
    merged = events.EventPattern(source=["orchestrator"], detail_type=["Merge"])
    changed = events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={
            "status": ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [{"prefix": names.promotions.removesuffix("*")}],
        },
    )
    told = {
        "on_merge_rule": ("merge", merged, "on_merge"),
        "on_promotion_change_rule": ("promotion-change", changed, "on_promotion_change"),
    }
    pushed = pushes_to_codecommit(names)
    if pushed:
        told["codecommit_rule"] = ("codecommit", pushed, "on_merge")
    for logical, (name, pattern, step) in told.items():
        events.Rule(
            scope,
            logical,
            rule_name=f"orchestrator-{name}",
            event_pattern=pattern,
            targets=[targets.LambdaFunction(functions[step], dead_letter_queue=dead_letters, retry_attempts=8)],
        )
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
