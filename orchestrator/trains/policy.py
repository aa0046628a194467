"""What a train does next in an environment: the next wave, back, on to the next environment, or no further."""

from collections.abc import Mapping
from enum import StrEnum

from orchestrator.config.trains import OnFailure
from orchestrator.frozen import dataclass
from orchestrator.trains.waves import Waves


class Outcome(StrEnum):
    """What became of a member in an environment.

    A member that is superseded has not failed: something newer of it is there. What was tested together is not what
    would go on, though, so that for all but rolling back it counts as lost, like one that failed.
    """

    PROMOTED = "PROMOTED"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"
    SKIPPED = "SKIPPED"
    RETURNED = "RETURNED"
    KEPT = "KEPT"
    RETURN_FAILED = "RETURN_FAILED"


LOST = (Outcome.FAILED, Outcome.SUPERSEDED, Outcome.SKIPPED)


class Move(StrEnum):
    """What comes next: two of these have members, the others are ends."""

    WAVE = "WAVE"
    ROLL_BACK = "ROLL_BACK"
    PASSED = "PASSED"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True)
class Next:
    """The next move, and the members that it is about."""

    move: Move
    units: tuple[str, ...] = ()


def next_move(
    waves: Waves, before: Mapping[str, frozenset[str]], outcomes: Mapping[str, Outcome], on_failure: OnFailure
) -> Next:
    """Decide; asked anew whenever all members that were moved have an outcome.

    Args:
        waves: the members in this environment, in order.
        before: by member, those it comes after.
        outcomes: of the members that were moved so far.
        on_failure: the train's policy.
    """
    lost = {unit for unit, outcome in outcomes.items() if outcome in LOST}
    if not lost or on_failure == "continue":
        # One that is after a lost member is not promoted; `before` holds what it is after through others, too.
        for wave in waves:
            if going := tuple(unit for unit in wave if unit not in outcomes and not before[unit] & lost):
                return Next(Move.WAVE, going)
    has_failed = Outcome.FAILED in outcomes.values()
    if has_failed and on_failure == "roll_back":
        for wave in reversed(waves):
            if back := tuple(unit for unit in wave if outcomes.get(unit) is Outcome.PROMOTED):
                return Next(Move.ROLL_BACK, back)
    if not lost or (on_failure == "continue" and Outcome.PROMOTED in outcomes.values()):
        return Next(Move.PASSED)
    return Next(Move.FAILED if has_failed else Move.SUPERSEDED)
