"""How a promotion ends when something of it fails."""

from enum import Enum


class Ending(Enum):
    """What the page says of it, and what the tests look for."""

    GOES_ON = "the state is tried again, or waits, and the promotion goes on"
    NOTHING_TO_DO = "the promotion goes on; nothing is executed, all is verified"
    UNTOUCHED = "fails; nothing was changed; the next promotion works"
    INTERRUPTED = "fails; the environment is noted as interrupted; the next promotion works"
    ROLLED_BACK = "fails; the environment was returned to what last worked, and is on hold"
    ON_HOLD = "fails; returning failed, too; the environment is noted as failed, and is on hold"
    COMPLETED = "ends; the step that had begun is carried to its end, and what it found is noted"
    SUPERSEDED = "ends as superseded; nothing was changed; the next promotion works"
    UNDECIDED = "the gate's execution fails, the promotion waits on; deciding again works"
