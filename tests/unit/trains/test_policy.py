"""What a train does next, played through to its end under each policy with any members failing."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.trains import OnFailure
from orchestrator.trains.policy import LOST, Move, Outcome, next_move
from orchestrator.trains.waves import plan_waves, prerequisites

NAMES = [f"u{number}" for number in range(6)]
POLICIES: list[OnFailure] = ["stop", "continue", "roll_back"]


@st.composite
def journeys(draw: st.DrawFn) -> tuple[dict[str, list[str]], dict[str, Outcome]]:
    """What comes after what, and what will become of each member when it is its turn."""
    after = {
        name: draw(st.lists(st.sampled_from(NAMES[:place]), unique=True)) if place else []
        for place, name in enumerate(NAMES)
    }
    kinds = st.sampled_from([Outcome.PROMOTED, Outcome.PROMOTED, Outcome.FAILED, Outcome.SUPERSEDED])
    return after, {name: draw(kinds) for name in NAMES}


def play(
    after: dict[str, list[str]], fate: dict[str, Outcome], policy: OnFailure
) -> tuple[Move, list[tuple[Move, tuple[str, ...]]], dict[str, Outcome]]:
    """Play a train through one environment; returns how it ended, its moves, and what became of whom."""
    waves, before = plan_waves(NAMES, after), prerequisites(NAMES, after)
    outcomes: dict[str, Outcome] = {}
    moves: list[tuple[Move, tuple[str, ...]]] = []
    while True:
        found = next_move(waves, before, outcomes, policy)
        if found.move not in (Move.WAVE, Move.ROLL_BACK):
            return found.move, moves, outcomes
        assert found.units
        moves.append((found.move, found.units))
        for unit in found.units:
            outcomes[unit] = fate[unit] if found.move is Move.WAVE else Outcome.RETURNED


@given(journeys(), st.sampled_from(POLICIES))
def test_nobody_is_promoted_before_all_it_comes_after(
    journey: tuple[dict[str, list[str]], dict[str, Outcome]], policy: OnFailure
) -> None:
    """Whatever fails, under every policy; and a train in which nothing is lost passes with all of its members."""
    after, fate = journey
    end, moves, outcomes = play(after, fate, policy)
    before = prerequisites(NAMES, after)
    moved: list[str] = []
    for move, units in moves:
        if move is Move.WAVE:
            assert all(fate[one] is Outcome.PROMOTED and one in moved for unit in units for one in before[unit])
            moved += units
    if not set(fate.values()) & set(LOST):
        assert (end, set(moved), set(outcomes.values())) == (Move.PASSED, set(NAMES), {Outcome.PROMOTED})


@given(journeys())
def test_stop_starts_no_wave_after_one_that_lost_a_member(
    journey: tuple[dict[str, list[str]], dict[str, Outcome]],
) -> None:
    """And takes nothing back."""
    end, moves, _ = play(*journey, "stop")
    lossy = [any(journey[1][unit] in LOST for unit in units) for _, units in moves]
    assert not any(lossy[:-1])
    assert all(move is Move.WAVE for move, _ in moves)
    assert (end is Move.PASSED) is not any(lossy)


@given(journeys())
def test_continue_promotes_whoever_is_after_nobody_lost(
    journey: tuple[dict[str, list[str]], dict[str, Outcome]],
) -> None:
    """All of them, and no one else."""
    after, fate = journey
    end, _, outcomes = play(after, fate, "continue")
    for unit, before in prerequisites(NAMES, after).items():
        assert (unit in outcomes) is all(outcomes.get(one) is Outcome.PROMOTED for one in before)
    assert (end is Move.PASSED) is (Outcome.PROMOTED in outcomes.values())


@given(journeys())
def test_roll_back_returns_all_that_was_promoted_in_reverse_order(
    journey: tuple[dict[str, list[str]], dict[str, Outcome]],
) -> None:
    """When a member failed; one that is superseded has something newer, which nobody takes back."""
    after, fate = journey
    end, moves, outcomes = play(after, fate, "roll_back")
    forth = [set(units) for move, units in moves if move is Move.WAVE]
    back = [set(units) for move, units in moves if move is Move.ROLL_BACK]
    if Outcome.FAILED in outcomes.values():
        promoted = [wave & {unit for unit in NAMES if fate[unit] is Outcome.PROMOTED} for wave in forth]
        assert back == [wave for wave in reversed(promoted) if wave]
        assert end is Move.FAILED
    else:
        assert not back
        assert end is (Move.SUPERSEDED if Outcome.SUPERSEDED in outcomes.values() else Move.PASSED)
