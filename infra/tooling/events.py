"""The rules: a merge starts promotions, the begin and end of each is acted on. Nothing that fails is lost."""

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.tooling.names import Names


def rules(scope: Construct, names: Names, functions: dict[str, lambda_.Function], dead_letters: sqs.IQueue) -> None:
    """Make both."""
    merged = events.EventPattern(source=["orchestrator"], detail_type=["Merge"])
    changed = events.EventPattern(
        source=["aws.states"],
        detail_type=["Step Functions Execution Status Change"],
        detail={
            "status": ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"],
            "stateMachineArn": [{"prefix": names.promotions.removesuffix("*")}],
        },
    )
    for name, pattern, step in (("merge", merged, "on_merge"), ("promotion-change", changed, "on_promotion_change")):
        events.Rule(
            scope,
            f"{step}_rule",
            rule_name=f"orchestrator-{name}",
            event_pattern=pattern,
            targets=[targets.LambdaFunction(functions[step], dead_letter_queue=dead_letters, retry_attempts=8)],
        )
