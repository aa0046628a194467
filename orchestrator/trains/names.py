"""Names that a train gives: of what is the same at every try, so that nothing is started twice."""

import re
from collections.abc import Callable, Iterator
from itertools import count

from orchestrator.config.reserved import TRAINS

TRAIN_MACHINE = "orchestrator-train"
# The stage before all environments; no environment's name has capitals.
BUILD = "BUILD"
# How a train ends that brought all of its members to where it was to end.
ARRIVED = "ARRIVED"
# Of the 48 characters of a name, what is left for the number of a retry.
_LONGEST = 43


def retry_name(train: str, taken: Callable[[str], bool]) -> str:
    """Name of the train that carries another one on: the first of `<name>-r2`, `<name>-r3` and so on that is free."""
    return next(name for name in retry_names(train) if not taken(name))


def retry_names(train: str) -> Iterator[str]:
    """What the trains are called that carry one on, or carry on what it carries on itself; there is no last one."""
    first = re.sub(r"-r[0-9]+$", "", train)[:_LONGEST]
    return (f"{first}-r{number}" for number in count(2))


def merged_train_name(train: str, commit: str, run: int) -> str:
    """Name of the train that a merge starts.

    Args:
        train: its name in `orchestrator.toml`.
        commit: the merge's.
        run: which look at the branch called for it: a branch that goes back calls for the same again.
    """
    return f"{train}-{commit[:12]}-{run}"


def train_of(execution: str) -> str | None:
    """The train that an execution is, given its ARN; None when it is one unit's promotion."""
    machine, _, name = execution.rpartition(":")
    return name if machine.endswith(f":{TRAIN_MACHINE}") else None


def train_gate_name(environment: str) -> str:
    """Name of the gate that decides on trains for one environment."""
    return f"{TRAINS}-approve-{environment}"


def child_name(train: str, stage: str, *, back: bool = False) -> str:
    """Name of the execution that moves a member: in an environment forth or back, or through its build.

    The one back is named after the one forth, so that it is the newer one of the two.
    """
    place = "-build" if stage == BUILD else stage
    return f"{train}-{place}{'-back' if back else ''}"
