"""Objects out of a git that keeps running, by a real one."""

import gc
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.errors import SourceError
from orchestrator.source.cat_file import ObjectReader
from orchestrator.source.git import Git
from orchestrator.source.local_git import LocalGitRepository
from tests.git_repository import GitRepository

_REAL = shutil.which("git")
# Asked for objects, it notes that it was started, and is then what the next line says.
_TOLD = """#!/bin/sh
case "$*" in *cat-file*)
    echo $$ >> {started}
    {then}
esac
exec {git} "$@"
"""


class Tools:
    """A folder with a git that tells of itself."""

    def __init__(self, folder: Path) -> None:
        self._started = folder / "started"
        self._git = folder / "git"
        self.behaves("")

    @property
    def path(self) -> str:
        """A PATH with this git first."""
        return f"{self._git.parent}{os.pathsep}{os.environ['PATH']}"

    @property
    def started(self) -> list[int]:
        """The processes that were started."""
        return [int(line) for line in self._started.read_text().split()] if self._started.exists() else []

    def behaves(self, then: str) -> None:
        """Have it do something, instead of what git does if that ends."""
        self._git.write_text(_TOLD.format(started=self._started, then=then, git=_REAL))
        self._git.chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A git."""
    folder = tmp_path / "tools"
    folder.mkdir()
    return Tools(folder)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """A repository with one commit of one file."""
    made = GitRepository(tmp_path / "shop")
    made.folder.mkdir()
    made.begin()
    (made.folder / "file").write_text("first\n\n")
    made.commit("first")
    return made


@pytest.fixture
def reader(repository: GitRepository, tools: Tools) -> ObjectReader:
    """Reads out of it."""
    return ObjectReader(Git(repository.folder, "the shop", tools.path))


def contents(reader: ObjectReader, names: Sequence[str]) -> list[bytes | None]:
    """What objects hold."""
    return [found.content if found else None for found in reader.read(names)]


def test_any_number_of_questions_is_answered_by_one_process(
    reader: ObjectReader, repository: GitRepository, tools: Tools
) -> None:
    """Also about what has come since it was started."""
    assert contents(reader, []) == []
    assert tools.started == []
    assert contents(reader, ["main:file", "main:nothing", "main:file"]) == [b"first\n\n", None, b"first\n\n"]
    (repository.folder / "file").write_text("")
    repository.commit("second")
    repository("gc", "--quiet")
    assert contents(reader, ["main:file"]) == [b""]
    kinds = [found and found.kind for found in reader.read(["main", "main^{tree}", "main~1:file"])]
    assert kinds == ["commit", "tree", "blob"]
    assert len(tools.started) == 1


def test_a_question_and_its_answer_may_be_longer_than_pipes_are(
    reader: ObjectReader, repository: GitRepository
) -> None:
    """Git reads nothing more while nobody reads what it has written."""
    (repository.folder / "file").write_text("x" * 100_000)
    repository.commit("large")
    names = ["main:file", "main:nothing"] * 200 + ["main~1:file"] * 5_000
    expected = [b"x" * 100_000, None] * 200 + [b"first\n\n"] * 5_000
    assert contents(reader, names) == expected


def test_threads_get_the_answers_to_their_own_questions(reader: ObjectReader, tools: Tools) -> None:
    """Builds of several units read from one repository."""
    questions = [["main:file"], ["main:nothing", "main:nothing"]] * 50
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda names: contents(reader, names), questions))
    assert answers == [[b"first\n\n"], [None, None]] * 50
    assert len(tools.started) == 1


@pytest.mark.parametrize(
    ("then", "said"),
    [("echo 'fatal: packfile is damaged' >&2; exit 128", "packfile is damaged"), ("read line; exit 0", "it ended")],
)
def test_a_git_that_ends_is_said_and_the_next_question_has_another_one(
    then: str, said: str, reader: ObjectReader, tools: Tools
) -> None:
    """With its own words, where it had any."""
    tools.behaves(then)
    with pytest.raises(SourceError, match=f"git cat-file failed in the shop: .*{said}"):
        reader.read(["main:file"])
    tools.behaves("")
    assert contents(reader, ["main:file"]) == [b"first\n\n"]


def test_objects_that_must_be_there_are_named_when_they_are_not(reader: ObjectReader) -> None:
    """As in a clone without files."""
    assert [one.content for one in reader.present(["main:file"])] == [b"first\n\n"]
    with pytest.raises(SourceError, match="the shop lacks the object main:nothing: clone it without --filter"):
        list(reader.present(["main:file", "main:nothing"]))


def test_git_ends_when_nobody_can_ask_any_more(repository: GitRepository, tools: Tools) -> None:
    """A worker reads from many repositories."""
    read = LocalGitRepository(repository.folder, tools.path)
    assert read.folders(read.commit("main").id, [""])
    (process,) = tools.started
    assert Path(f"/proc/{process}").exists()
    # Nor does it wait until Python looks for what refers to itself.
    gc.disable()
    try:
        del read
        assert not Path(f"/proc/{process}").exists()
    finally:
        gc.enable()


def test_that_git_is_not_installed_is_said(repository: GitRepository, tmp_path: Path) -> None:
    """As it is for all else that git is asked."""
    with pytest.raises(SourceError, match="install git"):
        ObjectReader(Git(repository.folder, "the shop", str(tmp_path))).read(["main:file"])
