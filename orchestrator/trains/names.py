"""Names that a train gives: of what is the same at every try, so that nothing is started twice."""

import hashlib
import re
from collections.abc import Callable, Iterator
from itertools import count

from orchestrator.config.reserved import TRAINS
from orchestrator.errors import RequestError

TRAIN_MACHINE = "orchestrator-train"
# The stage before all environments; no environment's name has capitals.
BUILD = "BUILD"
# How a train ends that brought all of its members to where it was to end.
ARRIVED = "ARRIVED"
# What fits into the name of a member's execution beside the environment: 80 characters at the most.
EXECUTION_NAME = r"^[0-9A-Za-z_.-]{1,48}$"
# Of these, what is left for the number of a retry.
_LONGEST = 43
_RETRY = re.compile(r"-r[0-9]+$")


def retry_name(train: str, taken: Callable[[str], bool]) -> str:
    """Name of the train that carries another one on: the first of `<name>-r2`, `<name>-r3` and so on that is free."""
    return next(name for name in retry_names(train) if not taken(name))


def retry_names(train: str) -> Iterator[str]:
    """What the trains are called that carry one on, or carry on what it carries on itself; there is no last one."""
    first = _RETRY.sub("", train)
    if len(first) > _LONGEST:
        # Long names often differ in their ends only: one that is cut must not be that of another train.
        told_apart = hashlib.sha256(first.encode()).hexdigest()[:8]
        first = f"{first[: _LONGEST - len(told_apart) - 1]}-{told_apart}"
    return (f"{first}-r{number}" for number in count(2))


def is_retry(train: str) -> bool:
    """Whether a name is one that only a train has which carries on another one."""
    return _RETRY.search(train) is not None


def check_execution_name(train: str) -> None:
    """Refuse the name of an execution that those of its members' promotions cannot be made of.

    Raises:
        RequestError: it is too long, or holds other characters.
    """
    if not re.fullmatch(EXECUTION_NAME, train):
        raise RequestError(
            f"A train cannot be called {train!r}: the names of its members' promotions are made of it. Start it under "
            "a name of at most 48 letters, digits, '_', '.' and '-'."
        )


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
