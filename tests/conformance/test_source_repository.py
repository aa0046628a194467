"""What every `SourceRepository` must answer, whichever host keeps the repository; git itself says what is right."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.changes import Change, changes
from orchestrator.source.export import export, tree
from orchestrator.source.refs.branch import full_ref
from orchestrator.source.repository import Commit, Entry, Mode, SourceRepository
from tests.conformance.sample import BRANCHES, LARGE, LIBRARY, MANY, ODD_NAMES, Sample


def entries(listed: dict[str, tuple[str, str]]) -> dict[str, Entry]:
    """What `git ls-tree` says, as entries."""
    return {path: Entry(identity, Mode(mode)) for path, (mode, identity) in listed.items()}


@pytest.mark.parametrize(("branch", "name"), BRANCHES.items())
def test_a_branch_is_its_newest_commit(repository: SourceRepository, sample: Sample, branch: str, name: str) -> None:
    """Also one with a slash in its name, and one that is called like another one's ref."""
    assert repository.commit(full_ref(branch)).id == sample.commits[name]


@pytest.mark.parametrize("name", ["main", "refs/heads/main"])
def test_nothing_that_is_called_like_a_branch_is_taken_for_it(
    repository: SourceRepository, sample: Sample, name: str
) -> None:
    """No tag, no remote-tracking branch, no other ref."""
    assert repository.commit(name).id == sample.commits["last"]


def test_all_branches_are_named(repository: SourceRepository) -> None:
    """Without tags and pull requests."""
    assert sorted(repository.branches()) == sorted(BRANCHES)


@pytest.mark.parametrize(
    ("name", "branch", "expected"),
    [
        ("last", "main", True),
        ("first", "main", True),
        ("side", "main", True),
        ("side", "side/branch", True),
        ("last", "hostile", True),
        ("hostile", "main", False),
        ("orders", "side/branch", False),
        ("last", "refs/heads/main", False),
    ],
)
def test_a_commit_is_merged_when_the_branch_contains_it(
    repository: SourceRepository, sample: Sample, name: str, branch: str, *, expected: bool
) -> None:
    """As its newest commit, or before it, on whichever side of a merge."""
    assert repository.is_merged(sample.commits[name], branch) == expected
    assert sample.git("branch", "--list", branch, "--contains", sample.commits[name]).strip() == (
        f"{'*' if branch == 'main' else ' '} {branch}".strip().encode() if expected else b""
    )


@pytest.mark.parametrize("name", ["fork", "nowhere"])
@pytest.mark.parametrize("branch", BRANCHES)
def test_a_commit_of_a_fork_is_never_taken_for_merged(
    repository: SourceRepository, sample: Sample, name: str, branch: str
) -> None:
    """Whether the host gives it out under its id, as GitHub does, or has never heard of it."""
    is_merged = False
    # What is not known is refused, too.
    with suppress(SourceError):
        is_merged = repository.is_merged(sample.commits.get(name, "f" * 40), branch)
    assert not is_merged


def test_a_branch_that_is_not_there_contains_nothing(repository: SourceRepository, sample: Sample) -> None:
    """Also where a tag is called like its ref."""
    with pytest.raises(UnknownNameError):
        repository.is_merged(sample.commits["first"], "nothing")


def test_a_commit_is_told_by_its_full_id(repository: SourceRepository, sample: Sample) -> None:
    """With author, time and parents; its subject is the whole first paragraph."""
    asked = sample.commits["units"]
    assert repository.commit(asked) == Commit(
        id=asked,
        author="Zoë Sample <zoe@example.com>",
        committed_at=datetime.fromtimestamp(1_767_225_720, UTC),
        subject="Add units in two lines",
        parents=(sample.commits["first"],),
        people=("Zoë Sample <zoe@example.com>",),
    )


def test_the_first_commit_has_no_parents_and_a_merge_has_two(repository: SourceRepository, sample: Sample) -> None:
    """In the order in which they were merged."""
    assert repository.commit(sample.commits["first"]).parents == ()
    merge = repository.commit(sample.commits["merge"])
    assert merge.parents == (sample.commits["other side"], sample.commits["side"])


@pytest.mark.parametrize(
    "revision", ["no-such-branch", "f" * 40, "refs/heads/nothing", "--help", "-n1", "main;ls", "../main", "a b", ""]
)
def test_a_revision_that_is_none_is_refused(repository: SourceRepository, revision: str) -> None:
    """And never taken for an option or for a part of an address."""
    with pytest.raises(UnknownNameError):
        repository.commit(revision)


def test_folders_are_listed_as_git_lists_them(repository: SourceRepository, sample: Sample) -> None:
    """All at once, with the ids and the modes that git gives them; what is no folder is left out."""
    last = sample.commits["last"]
    asked = ["", "projects", "projects/orders", "projects/größe", "projects/odd", "vendored", "a/b/c/d/e/f"]
    none = ["nowhere", "projects/nowhere/x", "README.md", "projects/orders/latest", "vendored/library"]
    found = repository.folders(last, [*asked, *none])
    assert found.keys() == set(asked)
    for folder in asked:
        assert found[folder] == entries(sample.listed(f"{last}:{folder}"))
    assert found["vendored"]["library"] == Entry(LIBRARY, Mode.SUBMODULE)


def test_a_folder_of_thousands_is_listed_to_the_last_entry(repository: SourceRepository, sample: Sample) -> None:
    """However the host pages it."""
    found = repository.folders(sample.commits["last"], ["many"])["many"]
    assert len(found) == MANY
    assert found == entries(sample.listed(f"{sample.commits['last']}:many"))


def test_folders_are_those_of_the_commit(repository: SourceRepository, sample: Sample) -> None:
    """Not of the branch's newest."""
    assert repository.folders(sample.commits["first"], ["", "projects"]).keys() == {""}
    before, after = (repository.folders(sample.commits[name], ["projects"])["projects"] for name in ("units", "last"))
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {"orders", "größe", "with space", "shared"}
    unchanged = (repository.folders(sample.commits[name], [""]) for name in ("units", "empty"))
    assert next(unchanged) == next(unchanged)


def test_what_differs_between_commits_is_what_their_folders_list(repository: SourceRepository, sample: Sample) -> None:
    """In the folders that matter; whoever tells more tells what is so."""
    old, new = sample.commits["units"], sample.commits["last"]
    found = changes(repository, old, new, {"projects", "projects/orders", "nowhere/at/all"}.__contains__)
    for folder in ("", "projects", "projects/orders"):
        before, after = (entries(sample.listed(f"{commit}:{folder}")) for commit in (old, new))
        expected = {
            f"{folder}/{name}".lstrip("/"): Change(before.get(name), after.get(name))
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)
        }
        assert expected
        assert {path: one for path, one in found.items() if path.rpartition("/")[0] == folder} == expected


def test_what_differs_from_a_commit_that_is_not_there_is_not_told(repository: SourceRepository, sample: Sample) -> None:
    """As after a forced push: the whole commit is looked at then."""
    with pytest.raises((SourceError, UnknownNameError)):
        changes(repository, "f" * 40, sample.commits["last"], {"projects"}.__contains__)


def test_files_are_read_byte_by_byte(repository: SourceRepository, sample: Sample) -> None:
    """Whatever they are called, with the ends of lines that they have; what is no file is left out."""
    names = [f"projects/{name}" for name in ODD_NAMES if "ünï" not in name]
    others = {
        "projects/orders/src/orders.py": b"ORDERS = 3\n",
        "projects/größe/ünï cödé ✓.txt": b"2\n",
        "projects/orders/empty": b"",
        "vendored/notes.txt": b"$Format:%H$\n",
        "a/b/c/d/e/f/deep.txt": b"deep\n",
    }
    none = ["nowhere", "projects", "projects/with space/gone.txt", "README.md/x", "vendored/library"]
    found = repository.files(sample.commits["last"], [*names, *others, *none])
    assert found == {**{name: name.removeprefix("projects/").encode() for name in names}, **others}
    before = repository.files(
        sample.commits["units"], ["projects/orders/src/orders.py", "projects/with space/gone.txt"]
    )
    assert before == {"projects/orders/src/orders.py": b"ORDERS = 1\r\n", "projects/with space/gone.txt": b""}


def test_a_link_is_where_it_leads_and_a_large_file_is_whole(repository: SourceRepository, sample: Sample) -> None:
    """A link is not followed."""
    found = repository.files(sample.commits["last"], ["projects/orders/latest", "large/data.bin"])
    assert found == {"projects/orders/latest": b"run.sh", "large/data.bin": LARGE}


def test_thousands_of_files_are_read_at_once(repository: SourceRepository, sample: Sample) -> None:
    """In one go for whoever asks."""
    names = [f"many/file{number:04}.txt" for number in range(MANY)]
    found = repository.files(sample.commits["last"], names)
    assert [found[name] for name in names] == [b"%d\n" % (number % 7) for number in range(MANY)]


def test_nothing_is_asked_for_and_nothing_is_answered(repository: SourceRepository, sample: Sample) -> None:
    """No paths are not all paths."""
    assert repository.files(sample.commits["last"], []) == {}
    assert repository.folders(sample.commits["last"], []) == {}


@pytest.mark.parametrize(
    ("old", "new"), [("units", "last"), ("first", "last"), ("merge", "last"), ("side", "merge"), ("last", "last")]
)
@pytest.mark.parametrize(
    "folders", [["projects/orders"], ["projects/shared", "projects/with space", "README.md"], ["nowhere", "many"]]
)
def test_commits_between_are_those_that_git_tells(
    repository: SourceRepository, sample: Sample, old: str, new: str, folders: list[str]
) -> None:
    """In its order, over merges; a commit that came by two ways counts once."""
    first, last = sample.commits[old], sample.commits[new]
    found = repository.commits_between(first, last, folders)
    assert [one.id for one in found.found] == sample.log(f"{first}..{last}", "--", *folders)
    assert found.complete


def test_commits_after_a_forced_push_are_those_that_the_branch_had_not(
    repository: SourceRepository, sample: Sample
) -> None:
    """The old commit is no ancestor of the new one."""
    old, new = sample.commits["orders"], sample.commits["side"]
    assert repository.commits_between(old, new, ["projects/orders"]).found == ()
    back = repository.commits_between(new, old, ["projects/orders"])
    assert [one.id for one in back.found] == sample.log(f"{new}..{old}", "--", "projects/orders")
    assert back.found[0] == repository.commit(sample.commits["orders"])


def test_commits_since_one_that_is_gone_are_not_complete(repository: SourceRepository, sample: Sample) -> None:
    """After a forced push the host may have forgotten it."""
    found = repository.commits_between("f" * 40, sample.commits["last"], ["projects/shared"])
    assert not found.complete
    assert [one.id for one in found.found] == sample.log(sample.commits["last"], "--", "projects/shared")


def test_a_whole_tree_is_listed_as_git_lists_it(repository: SourceRepository, sample: Sample) -> None:
    """By path, with folders and submodules; several folders, and files, at once."""
    last = sample.commits["last"]
    assert tree(repository, last, [""]) == entries(sample.listed(last, "-r", "-t"))
    some = tree(repository, last, ["projects/orders", "README.md"])
    listed = entries(sample.listed(last, "-r", "-t"))
    wanted = {path for path in listed if path == "README.md" or path.startswith(("projects/orders/",))}
    assert some == {path: listed[path] for path in {*wanted, "projects/orders"}}


def test_what_is_exported_is_what_git_keeps(repository: SourceRepository, sample: Sample, tmp_path: Path) -> None:
    """No attribute of the repository, no setting of the machine changes a byte; times are the commit's."""
    last = sample.commits["last"]
    wanted = ["projects/orders", "projects/größe", "projects/odd", "projects/with space", "large", "README.md"]
    export(repository, last, wanted, tmp_path / "tree")
    found = {path.relative_to(tmp_path / "tree").as_posix(): path for path in (tmp_path / "tree").rglob("*")}
    listed = sample.listed(last, "-r")
    expected = {
        path: mode
        for path, (mode, _) in listed.items()
        if path.startswith(tuple(wanted)) and path != "projects/orders.md"
    }
    assert {path for path, file in found.items() if file.is_symlink() or file.is_file()} == expected.keys()
    for path, mode in expected.items():
        there = found[path]
        content = str(there.readlink()).encode() if mode == Mode.LINK else there.read_bytes()
        assert content == sample.git("cat-file", "blob", listed[path][1])
        status = there.lstat()
        assert there.is_symlink() == (mode == Mode.LINK)
        assert mode == Mode.LINK or status.st_mode & 0o777 == (0o755 if mode == Mode.PROGRAM else 0o644)
        assert status.st_mtime == repository.commit(last).committed_at.timestamp()


@pytest.mark.parametrize("folder", ["hostile/absolute", "hostile/relative", "hostile/chained"])
def test_a_link_that_leads_out_is_refused(
    repository: SourceRepository, sample: Sample, tmp_path: Path, folder: str
) -> None:
    """At once, or by way of another one."""
    with pytest.raises(SourceError, match=r"cannot be exported safely.*leads out"):
        export(repository, sample.commits["hostile"], [folder], tmp_path / "tree")


def test_a_submodule_is_refused(repository: SourceRepository, sample: Sample, tmp_path: Path) -> None:
    """A build without its files would be another one."""
    with pytest.raises(SourceError, match=r"vendored/library is a submodule.*git subtree"):
        export(repository, sample.commits["last"], ["vendored"], tmp_path / "tree")


def test_a_folder_that_is_not_there_is_refused(repository: SourceRepository, sample: Sample, tmp_path: Path) -> None:
    """By name."""
    with pytest.raises(SourceError, match="has no 'projects/nowhere'"):
        export(repository, sample.commits["last"], ["projects/nowhere"], tmp_path / "tree")
