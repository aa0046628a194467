"""What can go wrong with the states of a train, and how it ends then: each cell is a test."""

from enum import Enum

from tests.failures.kinds import LambdaError

TRAIN_STATES = {
    "resolve_train": "Resolve train",
    "plan_train": "Plan <env>",
    "request_train_approval": "Approve <env>",
    "settle_train": "Settle <env>",
}


class TrainEnding(Enum):
    """What the page says of it, and what the tests look for."""

    GOES_ON = "the state is tried again, and the train goes on"
    UNMOVED = "fails; none of its members was moved, and none is kept from other promotions; a retry goes on"
    MOVED = "fails; members stay where the wave took them, which is noted; a retry goes on in this environment"


_BEFORE = dict.fromkeys(("resolve_train", "plan_train", "request_train_approval"), TrainEnding.UNMOVED)
_ALL = {**_BEFORE, "settle_train": TrainEnding.MOVED}
TRAIN_FAILURES: dict[str, tuple[object, dict[str, TrainEnding]]] = {
    "the Lambda raises": (RuntimeError("A step went wrong."), _ALL),
    # The answer of Approve's Lambda is not looked at.
    "it answers garbage": (
        {"nonsense": True},
        {step: ending for step, ending in _ALL.items() if step != "request_train_approval"},
    ),
    "it is throttled": (
        LambdaError("Lambda.TooManyRequestsException", "Rate exceeded"),
        dict.fromkeys(TRAIN_STATES, TrainEnding.GOES_ON),
    ),
}
"""By name, what is answered or raised in place of the handler, and by step how the train ends."""
