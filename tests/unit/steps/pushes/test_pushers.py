"""Who pushed what a deployment would bring, as a real repository and the ledger tell it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from orchestrator.errors import SourceError
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.pushes import NotedPush
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.repository import Commits
from orchestrator.steps.pushes.pushers import Pushers
from tests.ledger_table import make_ledger_table
from tests.source_repository import Repository

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """A branch of pushes, and releases that were built of it.

    Args:
        repository: what is pushed to.
        ledger: notes pushes.
    """

    repository: Repository
    ledger: Ledger
    built: dict[str, datetime] = field(default_factory=dict)
    now: datetime = START
    commits: int = 0

    def push(self, who: str, path: str = "projects/orders/code.py", *, to: str = "orders") -> str:
        """Commit and push as somebody, an hour later."""
        self.now += timedelta(hours=1)
        self.commits += 1
        commit = self.repository.commit({path: str(self.commits)})
        self.ledger.pushes.note(NotedPush(self.now, commit, who), {to: f"digest-{commit}"})
        return commit

    def release(self, commit: str, built_at: datetime | None = None) -> Any:
        """Build a release of a commit, now unless told."""
        self.built[f"projects/orders/release/{commit}/manifest.json"] = built_at or self.now
        inputs = ("projects/orders",)
        return SimpleNamespace(unit="orders", version=commit, commit=commit, digest=f"digest-{commit}", inputs=inputs)

    def written_at(self, key: str) -> datetime:
        """Be the store."""
        return self.built[key]

    def __call__(self, old: Any, new: Any, repository: Any = None) -> tuple[str, ...]:
        """Who pushed what is in one release and not in another."""
        store: Any = self
        return Pushers(self.ledger, store, repository or self.repository.read)(old, new)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A repository, and a ledger in moto."""
    with mock_aws():
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
        yield World(Repository(tmp_path), Ledger(make_ledger_table(session), lambda: START))


def test_those_count_who_pushed_since_the_release_that_runs(world: World) -> None:
    """Not who pushed that one, and not who has pushed since the new one."""
    old = world.release(world.push("ada"))
    world.push("ben")
    new = world.release(world.push("carl"))
    world.push("dan")
    assert world(old, new) == ("ben", "carl")
    assert world(None, new) == ("ada", "ben", "carl")
    assert world(new, old) == ()
    assert world(new, new) == ()


def test_a_push_from_before_the_old_release_was_built_counts_if_it_is_not_in_it(world: World) -> None:
    """Builds wait in a queue, and anybody may have an old commit built at any time."""
    first = world.push("ada")
    world.push("ben")
    last = world.push("carl")
    old = world.release(first, built_at=world.now + timedelta(days=30))
    assert world(old, world.release(last)) == ("ben", "carl")


def test_a_release_from_the_middle_of_a_push_has_a_beginning(world: World) -> None:
    """No push led to its commit; the pushes before it are in it."""
    world.push("ada")
    middle = world.repository.commit({"projects/orders/code.py": "middle"})
    new = world.push("ben")
    assert world(world.release(middle), world.release(new)) == ("ben",)


def test_a_merge_commit_brings_what_it_merges(world: World) -> None:
    """It touches nothing itself, and is no commit that `git log` lists for the unit."""
    old = world.release(world.push("ada"))
    git = world.repository.git
    git("checkout", "--quiet", "-b", "side")
    world.repository.commit({"projects/orders/code.py": "side"})
    git("checkout", "--quiet", "main")
    world.repository.commit({"README.md": "beside"})
    git("merge", "--quiet", "--no-ff", "side", "-m", "Merge")
    merged = git.head
    world.ledger.pushes.note(NotedPush(world.now, merged, "ben"), {"orders": "digest"})
    assert world(old, world.release(merged)) == ("ben",)


def test_a_commit_that_is_gone_counts(world: World) -> None:
    """A forced push took it out of the branch: nobody can say what it brought."""
    old = world.release(world.push("ada"), built_at=world.now + timedelta(days=1))
    gone = NotedPush(world.now, "f" * 40, "ben")
    world.ledger.pushes.note(gone, {"orders": ""})
    assert world(old, world.release(world.push("carl"))) == ("ben", "carl")


def test_pushes_to_the_folder_of_a_unit_that_was_not_valid_count(world: World) -> None:
    """By the folder that the release was built from, and by no other one."""
    old = world.release(world.push("ada"))
    world.push("ben", to="/projects/orders")
    world.push("eve", to="/elsewhere/orders")
    assert world(old, world.release(world.push("carl"))) == ("ben", "carl")


def test_where_nobody_tells_of_pushes_nothing_is_asked(world: World) -> None:
    """Repositories on no host have none."""
    commit = world.repository.commit({"projects/orders/code.py": "1"})
    nobody: Any = None
    assert Pushers(world.ledger, nobody, nobody)(world.release(commit), world.release(commit)) == ()


class Counting:
    """A repository that answers, and counts; or that is too busy to."""

    def __init__(self, repository: LocalGitRepository, *, is_busy: bool = False) -> None:
        self._repository = repository
        self._is_busy = is_busy
        self.asked = 0

    def commits_between(self, old: str, new: str, folders: list[str]) -> Commits:
        """Answer."""
        self.asked += 1
        if self._is_busy:
            raise SourceError("Come back later.")
        return self._repository.commits_between(old, new, folders)


def test_usually_the_repository_is_asked_nothing(world: World) -> None:
    """The push that led to the old release says what is in it, and the times of the others say the rest."""
    old = world.release(world.push("ada"), built_at=world.now + timedelta(minutes=2))
    counting = Counting(world.repository.read)
    assert world(old, world.release(world.push("ben")), counting) == ("ben",)
    assert counting.asked == 0


def test_what_takes_too_many_questions_counts(world: World) -> None:
    """As does what the repository does not answer: more people rather than fewer."""
    pushes = [NotedPush(START + timedelta(hours=at), f"{at:040x}", f"who-{at}") for at in range(52)]
    for push in pushes:
        world.ledger.pushes.note(push, {"orders": ""})
    commit = world.repository.commit({"projects/orders/code.py": "1"})
    old, new = (world.release(one, built_at=START + timedelta(days=9)) for one in (commit, "f" * 40))
    busy = Counting(LocalGitRepository(world.repository.folder, os.environ["PATH"]), is_busy=True)
    assert len(world(old, new, busy)) == 52
    assert busy.asked == 50
