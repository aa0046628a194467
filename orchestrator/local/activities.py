"""Queues of activities: the embedded cloud keeps activities while it is stopped, but not the queues of their work.

An activity without a queue takes no work, so that no build would ever end after a restart.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

Load = Callable[[Any], None]


def restore_queues() -> None:
    """Have the embedded cloud give an empty queue to each activity that it restores, in this process."""
    stepfunctions.load_persisted_state = _with_queues(stepfunctions.load_persisted_state)


def _with_queues(load: Load) -> Load:
    def restore(state: Any) -> None:
        load(state)
        for (account, region, arn), _ in stepfunctions._activities.all_items():  # noqa: SLF001  # It has no other way.
            stepfunctions._activity_tasks.set_scoped(account, region, arn, [])  # noqa: SLF001  # The same.

    return restore
