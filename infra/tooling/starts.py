"""The queue of units for which something has to be done, and how much of it is done at once."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from orchestrator.config.infrastructure import DEAD_STARTS, STARTS
from orchestrator.steps.starts import WORK_SECONDS

START_TRIES = 5
"""How often a message is tried before it is put aside."""
# CloudFormation answers about five questions a second in an account. Each batch asks one after the other, and changes
# ten stacks at once.
_BATCH = 10
_BATCHES_AT_ONCE = 5


def starts_queue(scope: Construct) -> sqs.Queue:
    """Make it: in order for each unit, and nothing twice at the same time for one."""
    # Many groups at once, not one queue's 300 messages a second.
    per_unit: Any = {
        "fifo": True,
        "deduplication_scope": sqs.DeduplicationScope.MESSAGE_GROUP,
        "fifo_throughput_limit": sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    }
    safe: Any = {"encryption": sqs.QueueEncryption.SQS_MANAGED, "enforce_ssl": True}
    two_weeks = cdk.Duration.days(14)
    dead = sqs.Queue(scope, "DeadStarts", queue_name=DEAD_STARTS, retention_period=two_weeks, **per_unit, **safe)
    return sqs.Queue(
        scope,
        "Starts",
        queue_name=STARTS,
        # The least that Lambda takes. Each call renews it when it begins, so nothing comes again while it is worked on.
        visibility_timeout=cdk.Duration.seconds(WORK_SECONDS),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=START_TRIES),
        **per_unit,
        **safe,
    )


def consume(queue: sqs.IQueue, function: lambda_.Function) -> None:
    """Lead the queue's messages to a function, so many at once and no more."""
    function.add_event_source(
        sources.SqsEventSource(
            queue, batch_size=_BATCH, max_concurrency=_BATCHES_AT_ONCE, report_batch_item_failures=True
        )
    )
