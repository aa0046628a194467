"""What is found from what differs, beside what a survey of the whole commit finds."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from orchestrator.errors import ConfigurationError
from orchestrator.source.catalog import barring, read_catalog
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.repository import Mode, SourceRepository
from orchestrator.source.successor import differing, successor
from orchestrator.source.survey_document import read, written
from orchestrator.source.surveyed import Bar, Surveyed
from tests.source_repository import ORGANIZATION, Repository, unit
from tests.tree_repository import Files, TreeRepository

_ORGANIZATIONS = {
    "as usual": ORGANIZATION,
    "by files": f'units = ["*/*/stack.yaml", "projects/*"]\n{ORGANIZATION}',
    "at any depth": f'units = ["**/pyproject.toml"]\nexclude = ["libs/**"]\n{ORGANIZATION}',
    "at several depths": f'units = ["**/pyproject.toml", "projects/*", "**/a"]\nexclude = ["**/c"]\n{ORGANIZATION}',
    "with another prefix": f'stack_prefix = "other-"\n{ORGANIZATION}',
    "with hosts": f'{ORGANIZATION}\n[build]\nnetwork = ["models.example.com"]\nnetwork_units = ["a", "be*"]\n',
    "with adopted stacks": f'{ORGANIZATION}\n[adopt]\nstacks = ["app-x"]\n',
    "with the root": f'units = [".", "projects/*"]\n{ORGANIZATION}',
    "with a table": f'{ORGANIZATION}\n[unit."projects/b"]\nname = "bee"\ndepends_on = ["libs/*"]\n',
    "with an idle table": f'{ORGANIZATION}\n[unit."elsewhere/q"]\nname = "queue"\n',
    "in one account": f'{ORGANIZATION}stack_suffix = "-b"\n',
    "not valid": "[tooling]\n",
}
_PROJECTS = [
    unit(),
    unit("libs/x"),
    unit("libs/*"),
    unit("projects/*"),
    unit("nowhere/at/all"),
    unit("projects/a/src", "libs/x/deep"),
    unit("libs/y", library=True),
    unit().replace("1.0", "1.1"),
    f'{unit()}requires_approval = ["dev"]\n',
    f'{unit()}name = "other"\n',
    f"{unit()}requires_approval = 3\n",
    f'{unit()}stack_name = "app-x"\n',
    f'{unit()}stack_name.dev = "app-a"\n',
    "no toml at all",
    "",
]
_FOLDERS = [
    "projects/a",
    "projects/b",
    "projects/c",
    "projects/a/inner",
    "libs/x",
    "libs/x/deep",
    "libs/y",
    "nowhere/at",
]
_NAMES = ["pyproject.toml", "template.yaml", "cdk.json", "stack.yaml", "code.py", "src/code.py", "all"]
_START: Files = {
    "orchestrator.toml": (Mode.FILE, ORGANIZATION),
    "README.md": (Mode.FILE, ""),
    "projects/a/pyproject.toml": (Mode.FILE, unit("libs/x")),
    "projects/a/src/code.py": (Mode.FILE, "1"),
    "projects/b/pyproject.toml": (Mode.FILE, unit("libs/*")),
    "projects/c/template.yaml": (Mode.FILE, "{}"),
    "libs/x/pyproject.toml": (Mode.FILE, unit("libs/y", library=True)),
    "libs/y/code.py": (Mode.FILE, "1"),
}
_NEW_PATHS = st.builds("{}/{}".format, st.sampled_from(_FOLDERS), st.sampled_from(_NAMES))
_MODES = [Mode.FILE] * 6 + [Mode.PROGRAM, Mode.LINK, Mode.SUBMODULE]
_COMMIT = "1" * 40
_OTHER = 'stack_prefix = "other-"\n'
_ADOPTING = f'{_OTHER}adopt.stacks = ["app-*"]\n'


@st.composite
def _edited(draw: st.DrawFn, files: Files) -> Files:
    """The same with a few edits; what lies in the way of a file or a folder goes."""
    edited = dict(files)
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.one_of(st.sampled_from(sorted(edited)), _NEW_PATHS))
        what = draw(st.sampled_from(["write", "write", "write", "delete", "delete folder", "move", "organization"]))
        folder = path.rpartition("/")[0]
        if what == "organization":
            edited["orchestrator.toml"] = (Mode.FILE, draw(st.sampled_from(sorted(_ORGANIZATIONS.values()))))
        elif what == "delete":
            edited.pop(path, None)
        elif what == "delete folder" and folder:
            edited = {one: file for one, file in edited.items() if not one.startswith(f"{folder}/")}
        elif what == "move" and folder:
            to = draw(st.sampled_from(_FOLDERS))
            moved = {one for one in edited if one.startswith(f"{folder}/")}
            found = {to + one.removeprefix(folder): edited.pop(one) for one in moved}
            for one, file in found.items():
                _put(edited, one, file)
        else:
            _put(edited, path, draw(_files(path)))
    return edited


def _files(path: str) -> st.SearchStrategy[tuple[Mode, str]]:
    texts = _PROJECTS if path.endswith("pyproject.toml") else ["1", "2", "../b", "../../libs/x"]

    def file(mode: Mode, text: str) -> tuple[Mode, str]:
        return mode, _COMMIT if mode is Mode.SUBMODULE else text

    return st.builds(file, st.sampled_from(_MODES), st.sampled_from(texts))


def _put(files: dict[str, tuple[Mode, str]], path: str, file: tuple[Mode, str]) -> None:
    parents = {path[:at] for at, character in enumerate(path) if character == "/"}
    for one in [one for one in files if one in parents or one.startswith(f"{path}/")]:
        del files[one]
    files[path] = file


_TWO = _edited(_START).flatmap(lambda old: st.tuples(st.just(old), _edited(old)))


def _comparable(surveyed: Surveyed) -> list[Any]:
    said = {folder: str(problem) for folder, problem in surveyed.problems.items()}
    return [replace(surveyed, problems={}), list(surveyed.folders), list(surveyed.digests), said]


def _agree(repository: SourceRepository, old: str, new: str) -> None:
    """Look at both commits, at the second one with what was found at the first, and at the second one alone."""
    try:
        base = read_catalog(repository, old).surveyed
        whole = read_catalog(repository, new).surveyed
    except ConfigurationError:
        event("orchestrator.toml is not valid")
        return
    content = written(base)
    assert content is not None
    kept = read(content)
    assert _comparable(kept) == _comparable(base)
    found = _successor(kept, repository, whole.commit)
    event("told from what differs" if found else "surveyed")
    assert found is None or _comparable(found) == _comparable(whole)
    assert _comparable(read_catalog(repository, new, (kept,)).surveyed) == _comparable(whole)


@settings(max_examples=300, deadline=None)
@given(_TWO)
def test_what_is_told_from_what_differs_is_what_a_survey_finds(two: tuple[Files, Files]) -> None:
    """Whatever comes, goes, moves or turns into something else, from a host that lists folders."""
    _agree(TreeRepository(dict(zip("ab", two, strict=True))), "a", "b")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_TWO)
def test_git_itself_tells_what_differs(tmp_path: Path, two: tuple[Files, Files]) -> None:
    """The same by `git diff-tree`, from what lies in a real repository."""
    folder = tmp_path / "shop.git"
    if not folder.exists():
        command = ["git", "init", "--quiet", "--bare", str(folder)]
        subprocess.run(command, check=True)
    stream = "".join(_commit(branch, files) for branch, files in zip("ab", two, strict=True))
    command = ["git", "-C", str(folder), "fast-import", "--quiet", "--force"]
    subprocess.run(command, input=stream.encode(), check=True)
    _agree(LocalGitRepository(folder, os.environ["PATH"]), "a", "b")


def _commit(branch: str, files: Files) -> str:
    lines = [f"reset refs/heads/{branch}\ncommit refs/heads/{branch}\ncommitter A <a@example.com> 0 +0000\ndata 0\n"]
    for path, (mode, text) in files.items():
        octal = mode.value.lstrip("0")
        if mode is Mode.SUBMODULE:
            lines.append(f"M {octal} {text} {path}\n")
        else:
            lines.append(f"M {octal} inline {path}\ndata {len(text.encode())}\n{text}\n")
    return "".join(lines)


def _told(files: Files) -> tuple[Surveyed | None, TreeRepository]:
    """What is told of files from what differs from the start, and who was asked."""
    repository = TreeRepository({"a": _START, "b": files})
    base = read_catalog(repository, "a").surveyed
    repository.listed.clear()
    repository.read.clear()
    return _successor(base, repository, "b"), repository


def _successor(base: Surveyed, repository: SourceRepository, commit: str) -> Surveyed | None:
    changes = differing(base, repository, commit)
    return None if changes is None else successor(base, repository, commit, changes)


def _with(path: str, text: str | None) -> Files:
    files = dict(_START)
    if text is None:
        del files[path]
    else:
        files[path] = (Mode.FILE, text)
    return files


@pytest.mark.parametrize(
    ("path", "text", "affected"),
    [
        ("projects/a/src/code.py", "2", ["a"]),
        ("projects/a/src/more.py", "2", ["a"]),
        ("projects/c/src/more.py", "2", ["c"]),
        ("libs/y/code.py", "2", ["a", "b"]),
        ("libs/x/code.py", "2", ["a", "b"]),
        ("projects/a/pyproject.toml", unit("libs/x").replace("1.0", "1.1"), ["a"]),
        ("projects/a/pyproject.toml", f'{unit("libs/x")}requires_approval = ["dev"]\n', []),
        ("README.md", "more", []),
    ],
)
def test_no_more_is_read_than_what_differs(path: str, text: str, affected: list[str]) -> None:
    """However many units there are, none is listed that is as it was."""
    found, repository = _told(_with(path, text))
    assert found is not None
    listed, texts = list(repository.listed), set(repository.read)
    base = read_catalog(repository, "a").surveyed
    assert found.unlike(base) == affected
    assert "projects/b" not in listed
    assert texts <= {path, "orchestrator.toml"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("orchestrator.toml", f"{ORGANIZATION}\n"),
        ("projects/d/pyproject.toml", unit()),
        ("projects/c/template.yaml", None),
        ("projects/c/pyproject.toml", unit()),
        ("projects/a/pyproject.toml", unit()),
        ("projects/a/pyproject.toml", "not TOML"),
        ("libs/z/code.py", "1"),
    ],
)
def test_what_decides_on_others_is_surveyed(path: str, text: str | None) -> None:
    """Names that came or went, and what others depend on."""
    found, _ = _told(_with(path, text))
    assert found is None


def test_a_commit_that_is_gone_is_no_base() -> None:
    """As after a forced push."""
    base = read_catalog(TreeRepository({"a": _START}), "a").surveyed
    assert differing(base, TreeRepository({"b": _START}), "b") is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"commit": 1}', b'{"organization": []}', b"\xff"])
def test_what_is_no_survey_is_not_read_as_one(content: bytes) -> None:
    """A file that was cut short, or is another's."""
    with pytest.raises(ValueError, match=r".*"):
        read(content)


def test_a_unit_that_is_refused_for_its_name_stays_refused_while_it_says_the_same(tmp_path: Path) -> None:
    """Wherever the survey is read: a build must not take the name's other folder for the unit."""
    repository = Repository(tmp_path)
    named = '[project]\nversion = "1.0"\n[tool.orchestrator]\nname = "a"\n'
    repository.commit({"orchestrator.toml": ORGANIZATION, "projects/a/pyproject.toml": unit(), "projects/b/x": ""})
    repository.commit({"projects/b/pyproject.toml": named})
    clashing = read_catalog(repository.read, "main")
    assert clashing.surveyed.folders == {"a": "projects/b"}
    barred = barring(clashing, {"projects/b": Bar("a", clashing.known["projects/b"].pipeline, "is refused.")})
    kept = read(written(barred.surveyed) or b"")
    assert (kept.barred, kept.folders) == (barred.surveyed.barred, {"a": "projects/a"})
    for files in ({"projects/a/code.py": "1"}, {"projects/b/code.py": "1"}, {"projects/new/pyproject.toml": unit()}):
        repository.commit(files)
        catalog = read_catalog(repository.read, "main", [kept])
        assert catalog.surveyed.folders["a"] == "projects/a"
        assert str(catalog.problems["projects/b"]) == "projects/b: is refused."
    repository.commit({"projects/b/pyproject.toml": named.replace('"a"', '"b"')})
    catalog = read_catalog(repository.read, "main", [kept])
    assert catalog.surveyed.folders == {"a": "projects/a", "b": "projects/b", "new": "projects/new"}
    assert not catalog.surveyed.barred


@pytest.mark.parametrize(("before", "after"), [("", _OTHER), (_ADOPTING, _OTHER), (_OTHER, _ADOPTING)])
def test_a_unit_is_read_again_where_other_names_of_stacks_are_allowed(before: str, after: str) -> None:
    """Its own files say the same, and are valid before or after."""
    files = _with("projects/a/pyproject.toml", f'{unit()}stack_name = "app-x"\n')
    organizations = {"a": f"{before}{ORGANIZATION}", "b": f"{after}{ORGANIZATION}"}
    commits = {name: {**files, "orchestrator.toml": (Mode.FILE, text)} for name, text in organizations.items()}
    repository = TreeRepository(commits)
    base = read_catalog(repository, "a").surveyed
    found = read_catalog(repository, "b", (base,)).surveyed
    assert _comparable(found) == _comparable(read_catalog(repository, "b").surveyed)
    assert found.problems.keys() != base.problems.keys()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("projects/d/pyproject.toml", unit()),
        ("projects/d/template.yaml", "Resources: {}"),
        ("projects/c/template.yaml", None),
        ("projects/a/pyproject.toml", unit()),
        ("orchestrator.toml", f'{ORGANIZATION}\n[unit."projects/c"]\nname = "cee"\n'),
        ("orchestrator.toml", f'units = ["more/*", "projects/*"]\nexclude = ["old"]\n{ORGANIZATION}'),
    ],
)
def test_where_units_come_and_go_only_they_are_looked_at(path: str, text: str | None) -> None:
    """The other units are known: none of their folders is listed, none of their files read."""
    repository = TreeRepository({"a": _START, "b": _with(path, text)})
    base = read_catalog(repository, "a").surveyed
    repository.listed.clear()
    repository.read.clear()
    found = read_catalog(repository, "b", (base,)).surveyed
    assert _comparable(found) == _comparable(read_catalog(TreeRepository({"b": _with(path, text)}), "b").surveyed)
    folder = "projects/c" if path == "orchestrator.toml" else path.rpartition("/")[0]
    assert {one for one in repository.listed if one.startswith("projects/")} <= {folder}
    assert {one for one in repository.read if one.startswith("projects/")} <= {f"{folder}/pyproject.toml"}
