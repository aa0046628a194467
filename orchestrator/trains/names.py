"""Names that a train gives: of what is the same at every try, so that nothing is started twice."""

import re
from collections.abc import Callable
from itertools import count

from orchestrator.config.reserved import TRAINS

TRAIN_MACHINE = "orchestrator-train"
# The stage before all environments; no environment's name has capitals.
BUILD = "BUILD"
# Of the 48 characters of a name, what is left for the number of a retry.
_LONGEST = 43


def retry_name(train: str, taken: Callable[[str], bool]) -> str:
    """Name of the train that carries another one on: the first of `<name>-r2`, `<name>-r3` and so on that is free."""
    first = re.sub(r"-r[0-9]+$", "", train)[:_LONGEST]
    return next(name for number in count(2) if not taken(name := f"{first}-r{number}"))


def train_gate_name(environment: str) -> str:
    """Name of the gate that decides on trains for one environment."""
    return f"{TRAINS}-approve-{environment}"


def child_name(train: str, stage: str, *, back: bool = False) -> str:
    """Name of the execution that moves a member: in an environment forth or back, or through its build.

    The one back is named after the one forth, so that it is the newer one of the two.
    """
    place = "-build" if stage == BUILD else stage
    return f"{train}-{place}{'-back' if back else ''}"
