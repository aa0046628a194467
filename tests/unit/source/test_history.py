"""The walk through commits, against what git says of histories that Hypothesis makes up."""

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.source.history import commits_between
from orchestrator.source.repository import MOST_COMMITS, Commit

PATHS = ("orders", "invoices")


@dataclass(frozen=True)
class Made:
    """One commit of a history: its parents by their places in it, and the content of each path."""

    parents: tuple[int, ...]
    contents: tuple[int, ...]


@dataclass(frozen=True)
class Told:
    """A history as a host tells it; `forgotten` is what it does not know."""

    ids: list[str]
    history: list[Made]
    forgotten: frozenset[int] = frozenset()

    def commit(self, identity: str) -> Commit | None:
        """By its id."""
        place = self.ids.index(identity) if identity in self.ids else -1
        if place < 0 or place in self.forgotten:
            return None
        parents = tuple(self.ids[parent] for parent in self.history[place].parents)
        return Commit(identity, "", datetime.fromtimestamp(1_767_225_600 + place, UTC), "", parents)

    def touches(self, commit: Commit, parent: str | None, paths: tuple[str, ...]) -> bool:
        """By comparing contents; 0 is no file."""
        here = self.history[self.ids.index(commit.id)].contents
        there = self.history[self.ids.index(parent)].contents if parent else (0,) * len(PATHS)
        return any(here[PATHS.index(path)] != there[PATHS.index(path)] for path in paths)


@st.composite
def histories(draw: st.DrawFn) -> list[Made]:
    """Up to ten commits, merges among them; each is younger than its parents."""
    made: list[Made] = []
    for place in range(draw(st.integers(2, 10))):
        parents = (
            draw(st.lists(st.integers(max(0, place - 4), place - 1), min_size=1, max_size=2, unique=True))
            if place
            else []
        )
        made.append(Made(tuple(parents), tuple(draw(st.integers(0, 2)) for _ in PATHS)))
    return made


@cache
def environment() -> dict[str, str]:
    """Nothing of this machine's settings."""
    return {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Run git."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, input=stdin, check=True, capture_output=True, env=environment()).stdout.decode()


def write(folder: Path, history: list[Made]) -> list[str]:
    """Write a history as a real repository; returns its ids."""
    lines: list[str] = []
    for place, one in enumerate(history):
        lines += [f"commit refs/heads/c{place}", f"mark :{place + 1}"]
        lines += [f"committer T <t@example.com> {1_767_225_600 + place} +0000", "data 0"]
        lines += [f"{word} :{parent + 1}" for word, parent in zip(("from", "merge"), one.parents, strict=False)]
        lines += ["deleteall"]
        for path, content in zip(PATHS, one.contents, strict=True):
            lines += [f"M 100644 inline {path}/file", "data 1", str(content)] if content else []
        lines += [""]
    git(folder, "init", "--quiet", "--bare")
    marks = folder / "marks"
    git(folder, "fast-import", "--quiet", f"--export-marks={marks}", stdin="\n".join(lines).encode())
    ids = dict(line.split() for line in marks.read_text().splitlines())
    return [ids[f":{place + 1}"] for place in range(len(history))]


@settings(max_examples=25, deadline=None)
@given(histories(), st.sampled_from([PATHS, PATHS[:1]]))
def test_it_lists_what_git_lists(history: list[Made], paths: tuple[str, ...]) -> None:
    """Between each two commits, whichever is the older one, over merges and sides that were there before."""
    with TemporaryDirectory() as folder:
        ids = write(Path(folder), history)
        told = Told(ids, history)
        for old in {ids[0], ids[len(ids) // 2]}:
            found = commits_between(told, old, ids[-1], paths)
            listed = git(Path(folder), "log", "--format=%H", f"{old}..{ids[-1]}", "--", *paths).split()
            assert [one.id for one in found.found] == listed
            assert found.complete


def line(length: int) -> list[Made]:
    """Commits that follow each other; each changes everything."""
    return [Made((place - 1,) if place else (), (place + 1, place + 1)) for place in range(length)]


def test_a_history_that_ends_is_not_complete() -> None:
    """As in a shallow clone."""
    ids = [f"{place:040}" for place in range(6)]
    told = Told(ids, line(6), frozenset({0, 1, 2}))
    found = commits_between(told, ids[0], ids[5], PATHS)
    assert [one.id for one in found.found] == [ids[5], ids[4], ids[3]]
    assert not found.complete


def test_a_walk_ends_after_as_many_commits_as_anybody_reads() -> None:
    """And says so."""
    ids = [f"{place:040}" for place in range(MOST_COMMITS + 10)]
    told = Told(ids, line(len(ids)))
    found = commits_between(told, ids[0], ids[-1], PATHS)
    assert len(found.found) == MOST_COMMITS
    assert not found.complete
    assert commits_between(told, ids[9], ids[-1], PATHS).complete
