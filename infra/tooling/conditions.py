"""Conditions that several policies share."""

from typing import Any

from orchestrator.aws.merge_event import DETAIL_TYPE, SOURCE

ONLY_MERGES: dict[str, Any] = {
    # One call may carry several events, each with a source and a type: all of them must be ours.
    "ForAllValues:StringEquals": {"events:source": [SOURCE], "events:detail-type": [DETAIL_TYPE]}
}
"""Holds for merge events. Other events of the default bus are other systems' own."""
