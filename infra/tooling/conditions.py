"""Conditions that several policies share."""

from typing import Any

from orchestrator.aws.merge_event import DETAIL_TYPE, PUSH_DETAIL_TYPE, SOURCE


def _only(kind: str) -> dict[str, Any]:
    """Hold for events of one kind. Other events of the default bus are other systems' own."""
    # One call may carry several events, each with a source and a type: all of them must be ours.
    return {"ForAllValues:StringEquals": {"events:source": [SOURCE], "events:detail-type": [kind]}}


ONLY_MERGES = _only(DETAIL_TYPE)
"""Holds for events that tell of a merge, and of nobody who pushed it."""
ONLY_PUSHES = _only(PUSH_DETAIL_TYPE)
"""Holds for events that tell who pushed. That counts, so they are the webhook's alone."""
