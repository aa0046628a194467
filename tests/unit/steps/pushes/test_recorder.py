"""What is noted of a push, and how little that costs."""

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from orchestrator.errors import SourceError
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.pushes import NotedPush
from orchestrator.source.catalog import read_catalog, survey
from orchestrator.source.pushes.push import Push
from orchestrator.source.repository import Mode
from orchestrator.steps.merge_event import Merge, MergeEvent
from orchestrator.steps.pushes.recorder import PushRecorder
from orchestrator.steps.surveys import Seen, Surveys
from tests.ledger_table import make_ledger_table
from tests.memory_store import MemoryStore
from tests.source_repository import ORGANIZATION, unit
from tests.tree_repository import Files, TreeRepository

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND, THIRD, ELSEWHERE, GONE = (digit * 40 for digit in "1234f")
_START: Files = {
    "orchestrator.toml": (Mode.FILE, ORGANIZATION),
    **{f"projects/{name}/pyproject.toml": (Mode.FILE, unit()) for name in "abc"},
}
_COMMITS: dict[str, Files] = {
    FIRST: _START,
    SECOND: {**_START, "projects/a/code.py": (Mode.FILE, "2")},
    THIRD: {**_START, "projects/a/code.py": (Mode.FILE, "2"), "projects/b/code.py": (Mode.FILE, "3")},
    ELSEWHERE: {**_START, "projects/c/code.py": (Mode.FILE, "4")},
}


class Branch(TreeRepository):
    """Three commits of a branch, and one of another; what is older than the second is not known for sure."""

    def is_merged(self, commit: str, branch: str) -> bool:
        """Tell it of those that are known."""
        if commit == FIRST:
            raise SourceError(f"It is not known whether {branch} contains {commit}.")
        return commit in (SECOND, THIRD)


class World:
    """A branch at its third commit, which was looked at when it was at the first."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.repository = Branch(_COMMITS)
        self.surveys = Surveys(MemoryStore(), "main", "code")
        self.surveys.keep(Seen(1, survey(self.repository, FIRST)))
        self.record = PushRecorder(ledger.pushes, self.repository, "main", self.surveys, lambda: NOW)

    def push(self, before: str | None, commit: str, who: str = "github:ada", head: str = THIRD) -> str:
        """Tell of a push; returns what is said of it."""
        event = MergeEvent(detail=Merge(branch="main", commit=commit), push=Push(before=before, pushed_by=who))
        return self.record(event, head).message

    def touched(self) -> dict[str, list[str]]:
        """By unit, who pushed."""
        return {name: [push.pushed_by for push in self.ledger.pushes.of([name])] for name in "abc"}


@pytest.fixture
def world() -> Iterator[World]:
    """With a ledger in moto."""
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        yield World(Ledger(make_ledger_table(session), lambda: NOW))


def test_a_push_is_noted_for_the_units_that_differ(world: World) -> None:
    """The branch may have moved on meanwhile; where the host does not tell the time, it is now."""
    said = world.push(FIRST, SECOND)
    assert said == f"github:ada pushed {SECOND}, which touches a."
    world.push(SECOND, THIRD, "github:ben")
    assert world.touched() == {"a": ["github:ada"], "b": ["github:ben"], "c": []}
    digest = survey(world.repository, SECOND).digests["a"]
    assert world.ledger.pushes.of("a") == [NotedPush(NOW, SECOND, "github:ada", digest)]


def test_what_the_look_needs_is_read_once(world: World) -> None:
    """Where the branch was and is: the first was seen last, and the second is what the look is about."""
    event = MergeEvent(detail=Merge(branch="main", commit=THIRD), push=Push(before=FIRST, pushed_by="github:ada"))
    world.repository.listed.clear()
    seen = world.surveys.seen(1)
    assert seen is not None
    read_catalog(world.repository, THIRD, [seen.surveyed])
    alone = list(world.repository.listed)
    world.repository.listed.clear()
    recorded = world.record(event, THIRD)
    read_catalog(world.repository, THIRD, [seen.surveyed, *recorded.surveyed])
    assert world.repository.listed == alone


def test_a_commit_that_the_branch_does_not_contain_is_not_noted(world: World) -> None:
    """Events are claims; this one may still become true."""
    event = MergeEvent(detail=Merge(branch="main", commit=ELSEWHERE), push=Push(before=FIRST, pushed_by="github:eve"))
    recorded = world.record(event, THIRD)
    assert (recorded.is_unseen, "main does not contain that commit" in recorded.message) == (True, True)
    assert world.touched() == {"a": [], "b": [], "c": []}


def test_where_the_history_does_not_tell_the_push_counts(world: World) -> None:
    """It is old news then; and one person more keeps a promise, one less may break it."""
    world.push(SECOND, FIRST)
    assert world.touched()["a"] == ["github:ada"]


@pytest.mark.parametrize("before", [None, GONE])
def test_where_the_beginning_is_not_known_all_units_are_touched(world: World, before: str | None) -> None:
    """A branch that was made, and one that was moved by force."""
    world.push(before, THIRD)
    assert all(who == ["github:ada"] for who in world.touched().values())


@pytest.mark.parametrize("commit", ["main", "", "0" * 40, None])
def test_what_is_no_commit_is_not_noted(world: World, commit: str | None) -> None:
    """The look takes place all the same."""
    event = MergeEvent(detail=Merge(branch="main", commit=commit), push=Push(pushed_by="github:ada"))
    assert world.record(event, THIRD).message == ""
    assert world.record(MergeEvent(detail=Merge(branch="main", commit=THIRD)), THIRD).message == ""
    assert world.touched() == {"a": [], "b": [], "c": []}
