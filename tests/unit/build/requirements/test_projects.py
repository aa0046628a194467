"""What units with and without projects declare: each dependency file is used, told or refused."""

from pathlib import Path

import pytest

from orchestrator.build.declared import Declared
from orchestrator.build.exported import Exported
from orchestrator.build.requirements.code import CodeFiles
from orchestrator.build.requirements.project import Project, ProjectFiles
from orchestrator.config.unit import Unit, UnitSettings
from orchestrator.errors import ConfigurationError
from tests.unit.build.requirements import lock_texts as texts

_FOLDER = "projects/orders"
_UNIT = Unit(name="orders", folder=_FOLDER, version="0.1.0", settings=UnitSettings())
_PROJECT = '[project]\nname = "orders"\nversion = "0.1.0"\n'
_SETUP_PY = 'from setuptools import setup\nsetup(install_requires=["six"])\n'
_CONDA = "name: x\ndependencies:\n  - six\n"


def tree(folder: Path, files: dict[str, str]) -> Exported:
    """The exported sources."""
    for name, text in files.items():
        path = folder / _FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Exported(folder)


def packaged(folder: Path, pyproject: str, *dependencies: str, **files: str) -> Declared:
    """What a unit declares that a build backend packages; `dependencies` are those that it or the wheel names."""
    project = Project.of(pyproject)
    assert project is not None
    exported = tree(folder, {"pyproject.toml": pyproject, **files})
    return ProjectFiles(_UNIT, exported, project).packaged(dependencies)


def plain(folder: Path, files: dict[str, str], pyproject: str | None = None) -> Declared:
    """What a unit declares whose code is packaged as it is; its code is in `src`."""
    exported = tree(folder, {**files, **({} if pyproject is None else {"pyproject.toml": pyproject})})
    return CodeFiles(_UNIT, exported, (_FOLDER, f"{_FOLDER}/src")).declared(Project.of(pyproject))


def refused(folder: Path, files: dict[str, str], pyproject: str | None = None) -> str:
    """Why such a unit is not built."""
    with pytest.raises(ConfigurationError) as caught:
        plain(folder, files, pyproject)
    return str(caught.value)


@pytest.mark.parametrize(
    ("pyproject", "is_told_by_wheel"),
    [
        (f"{_PROJECT}dependencies = []\n", False),
        (_PROJECT, True),
        (f'{_PROJECT}dynamic = ["dependencies"]\n', True),
        (f'{_PROJECT}[tool.poetry.dependencies]\nsix = "*"\n', True),
        (texts.POETRY_1, True),
        (f"{_PROJECT}[tool.uv]\npackage = false\n", False),
    ],
)
def test_only_the_wheel_knows_dependencies_that_no_file_spells_out(pyproject: str, *, is_told_by_wheel: bool) -> None:
    """Such as those of Poetry, beside a project or in place of one."""
    project = Project.of(pyproject)
    assert project is not None
    assert project.is_told_by_wheel is is_told_by_wheel


def test_a_pyproject_of_tools_only_is_no_project() -> None:
    """Nor is none."""
    assert Project.of("[tool.black]\n") is None
    assert Project.of(None) is None


def test_a_list_without_hashes_beside_a_project_is_told(tmp_path: Path) -> None:
    """It may say anything: nothing is made of it."""
    unit = packaged(tmp_path, f"{_PROJECT}dependencies = ['a']\n", "a", **{"requirements.txt": "-e .\n"})
    (warning,) = unit.warnings
    assert warning == (
        "projects/orders/requirements.txt has no hashes and is not used: delete it, or make it a lock: uv pip compile "
        "--universal --generate-hashes pyproject.toml -o requirements.txt"
    )
    assert (unit.dependencies, unit.lock) == (("a",), None)


def test_a_list_that_the_build_backend_has_read_is_not_told(tmp_path: Path) -> None:
    """The wheel requires all of it."""
    dynamic = f'{_PROJECT}dynamic = ["dependencies"]\n'
    assert packaged(tmp_path, dynamic, "six>=1", "idna", **{"requirements.txt": "Six\n"}).warnings == ()
    assert len(packaged(tmp_path, dynamic, "six>=1", **{"requirements.txt": "idna\n"}).warnings) == 1


def test_whatever_else_lies_beside_a_lock_is_told(tmp_path: Path) -> None:
    """By name."""
    files = {
        "uv.lock": "",
        "requirements.txt": texts.HASHED,
        "pylock.toml": "",
        "Pipfile": "",
        "environment.yml": _CONDA,
    }
    unit = packaged(tmp_path, f"{_PROJECT}dependencies = ['a']\n", "a", **files)
    assert unit.uv_lock == ""
    assert unit.warnings == tuple(
        f"projects/orders/{name} is not used: dependencies are those of uv.lock. Move there what is missing."
        for name in ("pylock.toml", "requirements.txt", "Pipfile", "environment.yml")
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.py", _SETUP_PY),
        ("setup.py", "from setuptools import setup\nsetup(**{'install_requires': ['six']})\n"),
        ("setup.py", "install_requires =  # Not Python.\nprint 'x'\n"),
        ("setup.cfg", "[options]\ninstall_requires =\n    six\n"),
    ],
)
def test_what_setuptools_passes_over_is_refused(name: str, text: str, tmp_path: Path) -> None:
    """Where nothing else declares a dependency; otherwise it is told."""
    with pytest.raises(ConfigurationError, match=rf"{name}: declares install_requires, and the wheel requires nothing"):
        packaged(tmp_path, _PROJECT, **{name: text})
    assert packaged(tmp_path, f'{_PROJECT}dynamic = ["dependencies"]\n', "six", **{name: text}).warnings == ()
    (warning,) = packaged(tmp_path, f"{_PROJECT}dependencies = ['six']\n", "six", **{name: text}).warnings
    assert warning.startswith(f"projects/orders/{name} is not used")


def test_what_only_poetry_would_install_is_refused(tmp_path: Path) -> None:
    """Where nothing else declares a dependency; otherwise it is told."""
    named = '[tool.poetry.dependencies]\npython = "^3.11"\nsix = "*"\nextra = {version = "1", optional = true}\n'
    with pytest.raises(ConfigurationError, match=r"tool\.poetry\.dependencies names six, and the wheel requires noth"):
        packaged(tmp_path, f"{_PROJECT}{named}")
    (warning,) = packaged(tmp_path, f"{_PROJECT}dependencies = ['idna']\n{named}", "idna").warnings
    assert "tool.poetry.dependencies names six, which project.dependencies of pyproject.toml does not" in warning
    assert packaged(tmp_path, f"{_PROJECT}{named}", "six>=1").warnings == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.py", "from setuptools import setup\nsetup(install_requires=[], packages=[])\n"),
        ("setup.cfg", "[flake8]\nmax-line-length = 80\n"),
        ("setup.cfg", "no section"),
        ("environment.yml", "Resources: {}\n"),
    ],
)
def test_files_of_such_names_that_declare_nothing_do_not_count(name: str, text: str, tmp_path: Path) -> None:
    """Other tools have them, too."""
    assert packaged(tmp_path, _PROJECT, **{name: text}).warnings == ()
    assert plain(tmp_path, {name: text}).dependencies == ()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Pipfile", texts.PIPFILE, "has no Pipfile.lock beside it: run 'pipenv lock' and commit that file."),
        ("setup.py", _SETUP_PY, "declares install_requires, which only its wheel tells: write a pyproject.toml with"),
        ("src/setup.cfg", "[options]\ninstall_requires = six\n", "declares install_requires, which only its wheel"),
        (
            "pyproject.toml",
            '[tool.flit.metadata]\nrequires = ["six"]\n',
            "declares dependencies in [tool.flit.metadata]",
        ),
        ("environment.yml", _CONDA, "is an environment of conda, and a layer is made of wheels of a package index"),
        ("poetry.lock", texts.POETRY_1_LOCK, "has no pyproject.toml of a project beside it"),
    ],
)
def test_what_only_other_tools_read_is_refused_without_a_project(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    """A layer would lack it; beside a list, which alone `sam build` reads, it is told."""
    assert refused(tmp_path, {name: text}).startswith(f"{_FOLDER}/{name}: {said}")
    unit = plain(tmp_path, {name: text, "src/requirements.txt": "six\n"})
    assert unit.dependencies == ("six",)
    (warning,) = unit.warnings
    assert warning == (
        f"{_FOLDER}/{name} is not used: dependencies are those of {_FOLDER}/src/requirements.txt. Move there what is "
        "missing."
    )


def test_lists_of_all_folders_are_one(tmp_path: Path) -> None:
    """With their constraints; one with hashes is alone."""
    files = {"requirements.txt": "six\n-c limits.txt\n", "limits.txt": "six<2\n", "src/requirements.txt": "idna\nsix\n"}
    unit = plain(tmp_path, files)
    assert (unit.dependencies, unit.constraints) == (("idna", "six"), ("six<2",))
    assert unit.source == f"{_FOLDER}/requirements.txt, {_FOLDER}/src/requirements.txt"
    said = refused(tmp_path, {"src/requirements.txt": texts.HASHED})
    assert said == (
        f"{_FOLDER}/src/requirements.txt: has hashes, so it must be all that is required: move "
        f"{_FOLDER}/requirements.txt into it."
    )


def test_what_a_list_is_compiled_from_counts_where_there_is_no_list(tmp_path: Path) -> None:
    """It is written alike."""
    assert plain(tmp_path, {"requirements.in": "six\n"}).dependencies == ("six",)
    assert plain(tmp_path, {"requirements.txt": "idna\n"}).dependencies == ("idna",)


def test_a_lock_counts_where_there_is_no_list(tmp_path: Path) -> None:
    """One of all folders."""
    unit = plain(tmp_path, {"Pipfile": texts.PIPFILE, "Pipfile.lock": texts.PIPFILE_LOCK})
    assert unit.lock is not None
    assert (unit.lock.file, unit.dependencies, unit.warnings) == (f"{_FOLDER}/Pipfile.lock", (), ())
    said = refused(tmp_path, {"src/pylock.toml": texts.PYLOCK})
    assert said == f"{_FOLDER}/Pipfile.lock: lies beside {_FOLDER}/src/pylock.toml, and a release is made of one lock."


def test_a_project_of_poetry_whose_code_is_not_packaged_needs_its_lock(tmp_path: Path) -> None:
    """Only Poetry reads its constraints; following the message works."""
    pyproject = texts.POETRY_1.replace("[tool.poetry]", "[tool.poetry]\npackage-mode = false")
    said = refused(tmp_path, {}, pyproject)
    assert said.startswith(f"{_FOLDER}/pyproject.toml: this is a project of Poetry 1, without [project], and its code")
    assert "Run 'poetry lock' and commit the file; or write [project] with name, version and dependencies." in said
    unit = plain(tmp_path, {"poetry.lock": texts.POETRY_1_LOCK}, pyproject)
    assert unit.dependencies == ("six", 'colorama; sys_platform == "win32"')
    assert unit.lock is not None
    (tmp_path / _FOLDER / "poetry.lock").unlink()
    written = f"{_PROJECT}dependencies = ['six']\n[tool.poetry]\npackage-mode = false\n"
    assert plain(tmp_path, {}, written).dependencies == ("six",)


def test_a_project_that_is_not_packaged_declares_its_dependencies(tmp_path: Path) -> None:
    """With the lock of its tool; a list beside the code is what `sam build` would read."""
    pyproject = f"{_PROJECT}dependencies = ['six']\n[tool.uv]\npackage = false\n"
    unit = plain(tmp_path, {"uv.lock": "x"}, pyproject)
    assert (unit.dependencies, unit.uv_lock, unit.pyproject) == (("six",), "x", pyproject)
    listed = plain(tmp_path, {"src/requirements.txt": "six==1.16.0\n"}, pyproject)
    assert listed.dependencies == ("six==1.16.0",)
    assert len(listed.warnings) == 1
