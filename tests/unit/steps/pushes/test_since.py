"""Which pushes brought what is released: pure, in whatever order they are given."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.ledger.pushes import NotedPush
from orchestrator.steps.pushes.since import CLOCKS, Built, pushed_since

START = datetime(2026, 1, 1, tzinfo=UTC)
_YEARS = st.timedeltas(timedelta(days=-999), timedelta(days=999))
_DAYS = st.timedeltas(timedelta(), timedelta(days=1))


@st.composite
def _histories(draw: st.DrawFn, least: timedelta = timedelta()) -> list[NotedPush]:
    """A branch: each push leads to one of a few digests, and takes place no sooner than the one before."""
    gaps = draw(st.lists(st.timedeltas(least, max(least, timedelta(hours=1))), min_size=1, max_size=12))
    times = [START + sum(gaps[: at + 1], timedelta()) for at in range(len(gaps))]
    digests = draw(st.lists(st.sampled_from("abcd"), min_size=len(gaps), max_size=len(gaps)))
    return [
        NotedPush(time, str(at), f"who-{at}", digest)
        for at, (time, digest) in enumerate(zip(times, digests, strict=True))
    ]


def _chosen(
    pushes: list[NotedPush], old: int, new: NotedPush, old_built: datetime | None, took: timedelta = timedelta()
) -> list[NotedPush]:
    """Those in between, where the new release was built some time after its push."""
    return pushed_since(pushes, old_built, Built(new.digest, new.at + took), lambda push: int(push.commit) <= old)


@given(data=st.data(), pushes=_histories())
def test_nobody_is_missing_who_pushed_in_between(data: st.DataObject, pushes: list[NotedPush]) -> None:
    """However soon or late both releases were built, and in whichever order the pushes became known."""
    new = data.draw(st.integers(0, len(pushes) - 1))
    old = data.draw(st.integers(-1, new))
    old_built = pushes[old].at + data.draw(_DAYS) if old >= 0 else None
    took = data.draw(_DAYS)
    chosen = _chosen(data.draw(st.permutations(pushes)), old, pushes[new], old_built, took)
    assert set(pushes[old + 1 : new + 1]) <= set(chosen)
    assert chosen == sorted(chosen, key=lambda push: push.at)
    assert set(chosen) == set(_chosen(pushes, old, pushes[new], old_built, took))


@given(data=st.data(), pushes=_histories())
def test_what_the_host_tells_of_times_may_be_a_little_wrong(data: st.DataObject, pushes: list[NotedPush]) -> None:
    """The time of a push may be told late, when another one has followed; nobody in between is missing."""
    new = data.draw(st.integers(0, len(pushes) - 1))
    old = data.draw(st.integers(0, new))
    late = st.timedeltas(timedelta(), CLOCKS)
    told = [NotedPush(one.at + data.draw(late), one.commit, one.pushed_by, one.digest) for one in pushes]
    built = Built(pushes[new].digest, pushes[new].at)
    chosen = pushed_since(told, pushes[old].at + data.draw(_DAYS), built, lambda push: int(push.commit) <= old)
    assert set(told[old + 1 : new + 1]) <= set(chosen)


@given(data=st.data(), pushes=_histories(least=CLOCKS * 3))
def test_nobody_else_is_chosen(data: st.DataObject, pushes: list[NotedPush]) -> None:
    """Neither who pushed what the old release has, nor who pushed after the last push that led to the new one."""
    new = data.draw(st.integers(0, len(pushes) - 1))
    old = data.draw(st.integers(-1, new))
    last = max(at for at, push in enumerate(pushes) if push.digest == pushes[new].digest)
    old_built = pushes[old].at + CLOCKS if old >= 0 else None
    assert _chosen(pushes, old, pushes[new], old_built, CLOCKS) == pushes[old + 1 : last + 1]


@given(data=st.data(), pushes=_histories(), extra=_histories())
def test_who_pushed_after_the_old_release_was_built_cannot_be_hidden(
    data: st.DataObject, pushes: list[NotedPush], extra: list[NotedPush]
) -> None:
    """By pushes that somebody makes up: of any time, of any state that the branch was in, in the old release or not."""
    new = data.draw(st.integers(0, len(pushes) - 1))
    old = data.draw(st.integers(0, new))
    made_up = [
        NotedPush(one.at + data.draw(_YEARS), data.draw(st.sampled_from(pushes)).commit, "eve", one.digest)
        for one in extra
    ]
    alone = _chosen(pushes, old, pushes[new], pushes[old].at)
    assert set(alone) <= set(_chosen([*pushes, *made_up], old, pushes[new], pushes[old].at))


def test_going_back_brings_nobodys_push() -> None:
    """Whatever was pushed since is in neither release, or goes."""
    pushes = [NotedPush(START + timedelta(hours=at), str(at), f"who-{at}", "abcd"[at]) for at in range(4)]
    assert _chosen(pushes, 3, pushes[1], START + timedelta(hours=4)) == []


def test_leading_the_branch_back_is_somebodys_push() -> None:
    """The release was built before; the branch came back to its digest when somebody pushed a revert."""
    pushes = [NotedPush(START + timedelta(hours=at), str(at), f"who-{at}", "abad"[at]) for at in range(4)]
    assert _chosen(pushes, 1, pushes[0], pushes[1].at) == pushes[2:3]
