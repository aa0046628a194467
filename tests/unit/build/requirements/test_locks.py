"""Lock files of every tool: each leads to the versions and files that it names, or is refused."""

import sys
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.build.build import Tools
from orchestrator.build.declared import Declared
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.exported import Exported
from orchestrator.build.requirements.locks import FoundLock, LockFiles
from orchestrator.build.requirements.pins import PinnedLock
from orchestrator.build.requirements.poetry import poetry_requirements, read_poetry_lock
from orchestrator.build.uv import Uv
from orchestrator.errors import BuildError, ConfigurationError
from tests.unit.build.fakes import COMMITTED_AT, PLATFORM, real_commands
from tests.unit.build.requirements import lock_texts as texts

_FOLDER = "projects/orders"
_DEPENDENCIES = ("six<1.17,>=1.16", "colorama; sys_platform == 'win32'")
_SOURCE = "project.dependencies of pyproject.toml"
# By name of the lock: its text, the file that it was made for, and that one's text.
_LOCKS = {
    "poetry.lock": (texts.POETRY_2_LOCK, "pyproject.toml", texts.POETRY_2),
    "pdm.lock": (texts.PDM_LOCK, "pyproject.toml", texts.PDM),
    "Pipfile.lock": (texts.PIPFILE_LOCK, "Pipfile", texts.PIPFILE),
    "pylock.toml": (texts.PYLOCK, "pyproject.toml", texts.PDM),
    "requirements.txt": (texts.HASHED, "pyproject.toml", texts.PDM),
}


@pytest.fixture
def dependencies(real_tools: Tools, tmp_path: Path) -> Dependencies:
    """With the real uv."""
    return Dependencies(
        Uv(real_commands(real_tools, tmp_path), real_tools.uv, sys.executable, COMMITTED_AT), real_tools.cache, PLATFORM
    )


def found(tree: Path, **files: str) -> FoundLock:
    """Find the lock of a folder with some files, whose names are written with `_` for `.`."""
    folder = tree / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    project = files.get("pyproject.toml")
    return LockFiles(Exported(tree), _FOLDER, tomllib.loads(project) if project else {}).find()


def locked(name: str, tree: Path, change: tuple[str, str] = ("", ""), *, beside: str | None = None) -> PinnedLock:
    """Read a lock, changed, beside the file that it was made for."""
    text, other, made_for = _LOCKS[name]
    assert change[0] in text
    lock = found(tree, **{name: text.replace(*change), other: made_for if beside is None else beside}).pinned
    assert lock is not None
    return lock


def declared(lock: PinnedLock, *dependencies: str) -> Declared:
    """What a unit with a lock declares."""
    return Declared(_FOLDER, "0.1.0", dependencies or _DEPENDENCIES, _SOURCE, lock=lock)


@pytest.mark.parametrize("name", _LOCKS)
def test_a_lock_leads_to_its_versions_and_files(name: str, dependencies: Dependencies, tmp_path: Path) -> None:
    """Whatever the index has by now, without development groups and what other systems need."""
    lock = locked(name, tmp_path / "tree")
    assert lock.file == f"{_FOLDER}/{name}"
    made = dependencies.lock(declared(lock), tmp_path)
    assert made.requirements == ("six==1.16.0",)
    assert texts.SIX_WHEEL in made.text
    assert "--exclude-newer" not in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", _LOCKS)
def test_a_lock_that_is_not_all_that_dependencies_lead_to_is_refused(
    name: str, dependencies: Dependencies, tmp_path: Path
) -> None:
    """The message names what is missing, and how the lock is renewed."""
    lock = locked(name, tmp_path / "tree")
    with pytest.raises(ConfigurationError, match=rf"{_FOLDER}/{name}: does not pin certifi.*Renew it: \w") as caught:
        dependencies.lock(declared(lock, "six", "certifi"), tmp_path)
    assert _SOURCE in str(caught.value)
    with pytest.raises(BuildError, match=rf"{name} and {_SOURCE} contradict each other(.|\n)*six==1\.16\.0"):
        dependencies.lock(declared(lock, "six>=1.17"), tmp_path)


@pytest.mark.parametrize("name", _LOCKS)
def test_only_the_files_that_were_locked_are_used(name: str, dependencies: Dependencies, tmp_path: Path) -> None:
    """An index may offer others under the same version."""
    lock = locked(name, tmp_path / "tree", (texts.SIX_WHEEL, "0" * 64))
    with pytest.raises(BuildError, match=rf"six cannot be used: .* was locked. Either {_FOLDER}/{name} lacks that"):
        dependencies.lock(declared(lock), tmp_path)


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("poetry.lock", texts.POETRY_2.replace("<1.17", "<1.18")),
        ("pdm.lock", texts.PDM.replace("<1.17", "<1.18")),
        ("Pipfile.lock", texts.PIPFILE.replace("~=1.16.0", "*")),
    ],
)
def test_a_lock_that_was_made_for_something_else_is_refused(name: str, beside: str, tmp_path: Path) -> None:
    """By the hash that its tool has written into it."""
    with pytest.raises(
        ConfigurationError, match=rf"{_FOLDER}/{name}: was made for another .* Renew it: run '\w+ lock'"
    ):
        locked(name, tmp_path, beside=beside)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("poetry.lock", ('lock-version = "2.1"', 'lock-version = "3.0"'), "has the format 3.0, and 1.x and 2.x can be"),
        ("poetry.lock", ('name = "six"', 'name = "a b"'), "is not a file that 'poetry lock' wrote"),
        ("poetry.lock", ("[metadata]", "[meta]"), "is not a file that 'poetry lock' wrote"),
        ("poetry.lock", ('version = "1.16.0"', 'version = "1.*"'), "is not a file that 'poetry lock' wrote"),
        ("pdm.lock", ('lock_version = "4.5.0"', 'lock_version = "3.1"'), "has the format 3.1, and 4.x can be read"),
        ("pdm.lock", ("sha256:3c", "md17:3c"), "is not a file that 'pdm lock' wrote"),
        ("Pipfile.lock", ('"_meta"', '"meta"'), "is not a file that 'pipenv lock' wrote"),
        ("Pipfile.lock", ("{", "["), "is not a file that 'pipenv lock' wrote"),
        ("pylock.toml", ('version = "1.16.0"', "version = 1"), "is not valid"),
        ("pylock.toml", ('lock-version = "1.0"', ""), "is not valid"),
    ],
)
def test_what_no_tool_wrote_is_refused(name: str, change: tuple[str, str], said: str, tmp_path: Path) -> None:
    """With the tool that does."""
    with pytest.raises(ConfigurationError) as caught:
        locked(name, tmp_path, change)
    assert f"{_FOLDER}/{name}: {said}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Pipfile.lock", ('"version": "==1.16.0"', '"git": "https://nowhere.invalid/six", "ref": "1"')),
        ("Pipfile.lock", ('"version": "==1.16.0"', '"version": "*"')),
        ("poetry.lock", ('name = "six"', 'source = {type = "git", url = "https://nowhere.invalid/six"}\nname = "six"')),
        ("pdm.lock", ('name = "six"', 'git = "https://nowhere.invalid/six"\nname = "six"')),
        ("pylock.toml", ("sdist = {", 'directory = { path = "six" }\n#')),
    ],
)
def test_what_is_locked_to_something_else_than_an_index_is_refused(
    name: str, change: tuple[str, str], dependencies: Dependencies, tmp_path: Path
) -> None:
    """Only where it is needed: a tool for development may come from anywhere."""
    if name == "pylock.toml":
        wheels = next(line for line in texts.PYLOCK.splitlines() if "six-1.16.0-py2" in line)
        sdist = next(line for line in texts.PYLOCK.splitlines() if "six-1.16.0.tar" in line)
        change = (f"{sdist}\n{wheels}", 'directory = { path = "six" }')
    lock = locked(name, tmp_path / "tree", change)
    with pytest.raises(ConfigurationError, match=r"locks six \([\w ]+\), and a layer is made of wheels of a package"):
        dependencies.lock(declared(lock), tmp_path)
    if name == "poetry.lock":
        development = locked(
            name, tmp_path / "tree", (change[0].replace("six", "idna"), change[1].replace("six", "idna"))
        )
        assert dependencies.lock(declared(development), tmp_path).requirements == ("six==1.16.0",)


def test_a_lock_for_other_platforms_is_refused(dependencies: Dependencies, tmp_path: Path) -> None:
    """A `pylock.toml` says which ones it was made for."""
    head = 'lock-version = "1.0"\n'
    lock = locked("pylock.toml", tmp_path / "tree", (head, f"{head}environments = [\"sys_platform == 'win32'\"]\n"))
    with pytest.raises(
        ConfigurationError, match=r"pylock\.toml: was made for other platforms than Python 3\.13 on x86"
    ):
        dependencies.lock(declared(lock), tmp_path)
    both = "environments = [\"sys_platform == 'win32'\", \"sys_platform == 'linux'\"]\n"
    lock = locked("pylock.toml", tmp_path / "tree", (head, f"{head}{both}"))
    assert dependencies.lock(declared(lock), tmp_path).requirements == ("six==1.16.0",)


def test_the_units_own_folder_in_a_pipfile_is_in_the_release_anyway(dependencies: Dependencies, tmp_path: Path) -> None:
    """Pipenv installs it for development."""
    own = '"default": {"orders": {"editable": true, "path": "."}, '
    lock = locked("Pipfile.lock", tmp_path / "tree", ('"default": {', own))
    assert dependencies.lock(declared(lock), tmp_path).requirements == ("six==1.16.0",)


def test_poetry_locks_of_every_generation_are_read() -> None:
    """Hashes were written in three places, what is deployed in two."""
    document = tomllib.loads(texts.POETRY_1)
    written = f'"six" = ["{texts.SIX_SDIST}", "{texts.SIX_WHEEL}"]'
    listed = f'"six" = [{{file = "a", hash = "sha256:{texts.SIX_WHEEL}"}}]'
    package = '[[package]]\nname = "six"\nversion = "1.16.0"\ncategory = "main"\n'
    foot = texts.POETRY_1_LOCK[texts.POETRY_1_LOCK.index("[metadata]") :]
    for more in (f"[metadata.hashes]\n{written}\n", f"[metadata.files]\n{listed}\n"):
        (pin,) = read_poetry_lock(f"{package}{foot}{more}", "poetry.lock", document).pins
        assert texts.SIX_WHEEL in pin.hashes
    old = foot.replace('lock-version = "2.1"\n', "")
    with pytest.raises(ConfigurationError, match=r"has the format before 1\.0, and 1\.x and 2\.x can be read"):
        read_poetry_lock(f"{package}{old}", "poetry.lock", document)


def test_of_several_versions_the_one_that_dependents_allow_is_taken(dependencies: Dependencies, tmp_path: Path) -> None:
    """Older locks do not say where each of them holds."""
    lock = locked("poetry.lock", tmp_path / "tree")
    six = next(pin for pin in lock.pins if pin.name == "six")
    other = replace(six, requirement=type(six.requirement)("six==1.15.0"))
    both = replace(lock, text="another one", pins=(*lock.pins, other))
    assert dependencies.lock(declared(both), tmp_path).requirements == ("six==1.16.0",)
    newer = replace(six, requirement=type(six.requirement)("six==1.17.0"))
    neither = replace(lock, text="another", pins=(other, newer))
    with pytest.raises(ConfigurationError, match="does not pin six"):
        dependencies.lock(declared(neither), tmp_path)


def test_what_a_project_of_poetry_names_is_taken_without_its_constraints() -> None:
    """They are Poetry's own; versions that fit them are in the lock."""
    table = tomllib.loads(texts.POETRY_1)["tool"]["poetry"]
    assert poetry_requirements(table, "pyproject.toml") == ("six", 'colorama; sys_platform == "win32"')
    several = {"dependencies": {"a": [{"version": "1", "extras": ["x"]}, {"version": "2", "optional": True}]}}
    assert poetry_requirements(several, "pyproject.toml") == ("a[x]",)
    for said, problem in (
        ({"python": "^3.8", "version": "*"}, r"dependencies\.a has python = '\^3\.8', which only Poetry reads"),
        ({"markers": "sys_platform = 1"}, r"dependencies\.a = .* is not valid"),
    ):
        with pytest.raises(ConfigurationError, match=problem):
            poetry_requirements({"dependencies": {"a": said}}, "pyproject.toml")


def test_locks_of_two_tools_are_refused(tmp_path: Path) -> None:
    """They may say different things; what was exported for others is no such lock."""
    with pytest.raises(ConfigurationError, match=r"poetry\.lock: lies beside pdm\.lock, and a release is made of one"):
        found(tmp_path, **{"poetry.lock": "", "pdm.lock": "", "pyproject.toml": texts.PDM})
    (tmp_path / _FOLDER / "poetry.lock").unlink()
    lock = found(tmp_path, **{"pdm.lock": texts.PDM_LOCK, "requirements.txt": "-e .", "pyproject.toml": texts.PDM})
    assert (lock.file, lock.unused) == ("pdm.lock", ("requirements.txt",))


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "pdm.lock"])
def test_the_lock_of_no_project_is_refused(name: str, tmp_path: Path) -> None:
    """Nothing would be made of it."""
    with pytest.raises(ConfigurationError, match=f"{name}: has no pyproject.toml of a project beside it"):
        found(tmp_path, **{name: "", "pyproject.toml": "[tool.black]\n"})


def test_what_is_newer_than_the_commit_is_named_and_the_advice_works(
    dependencies: Dependencies, tmp_path: Path
) -> None:
    """A version that a commit pins may have been uploaded between the commit and its merge."""
    pinned = Declared(_FOLDER, "0.1.0", ("six==1.17.0",), _SOURCE)
    early = replace(dependencies, uv=replace(dependencies.uv, as_of=datetime(2024, 1, 1, tzinfo=UTC)))
    for named in (pinned, replace(pinned, dependencies=("six>=1.17",))):
        with pytest.raises(BuildError) as caught:
            early.lock(named, tmp_path)
        assert str(caught.value).endswith(
            "six 1.17.0 was uploaded on 2024-12-04, after the commit (2024-01-01): builds look the package index up as "
            "of the commit. Make a new commit, or lock with hashes."
        )
    assert dependencies.lock(pinned, tmp_path).requirements == ("six==1.17.0",)
    compiled = ["pip", "compile", "--generate-hashes", "-o", "requirements.txt", "requirements.in"]
    (tmp_path / "requirements.in").write_text("six==1.17.0\n", encoding="utf-8")
    assert dependencies.uv.attempt("lock", compiled, tmp_path, dated=False).code == 0
    hashed = (tmp_path / "requirements.txt").read_text(encoding="utf-8")
    lock = found(tmp_path / "tree", **{"requirements.txt": hashed}).pinned
    assert early.lock(replace(pinned, lock=lock), tmp_path).requirements == ("six==1.17.0",)
