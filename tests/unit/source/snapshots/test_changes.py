"""What is told of the commits before a commit, out of real clones."""

import os
from pathlib import Path

from orchestrator.source.git import Git
from orchestrator.source.snapshots.changes import tell_past
from orchestrator.source.snapshots.past import read_past, shorten
from tests.git_repository import GitRepository


def write(repository: GitRepository, *paths: str) -> str:
    """Change some files and commit; returns the commit's id."""
    for path in paths:
        file = repository.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.read_text() + "more" if file.exists() else "new")
    return repository.commit(f"Change {len(paths)}")


def test_each_commit_is_told_with_the_paths_that_it_changed(tmp_path: Path) -> None:
    """Also with names that look like what git prints between two commits; a first commit has all that it holds."""
    repository = GitRepository(tmp_path)
    repository.begin()
    first = write(repository, "a", "folder/b")
    empty = repository.commit("Nothing")
    tree = repository("rev-parse", "HEAD^{tree}").strip()
    odd = f"{tree} {tree}\nfolder/new\nline"
    last = write(repository, "a", odd, "ü ö")
    past = read_past(last, tell_past(Git(tmp_path, "it", os.environ["PATH"]), last))
    assert {key: [set(changed or ()) for changed in one.changed] for key, one in past.items()} == {
        first: [{"a", "folder/b"}],
        empty: [set()],
        last: [{"a", odd, "ü ö"}],
    }
    assert past[last].touches(empty, ["ü ö"])
    assert past[last].touches(empty, ["folder"]) is False
    assert past[first].touches(None, ["folder"])


def test_too_many_paths_are_told_by_their_folders() -> None:
    """As deep as there is room for; who asks for what lies in such a folder is told that it changed."""
    paths = [f"units/{unit}/src/file{number}" for unit in range(10) for number in range(1_000)]
    assert set(shorten(paths)) == {f"units/{unit}/src" for unit in range(10)}
    assert shorten(paths[:2_000]) == tuple(paths[:2_000])
    assert shorten([str(number) for number in range(3_000)]) == ("",)
