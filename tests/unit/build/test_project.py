"""The `[project]` table."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.build.project import check_python, read_project, with_version
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError
from tests.unit.build.fakes import PLATFORM

FILE = "projects/orders/pyproject.toml"


def read(*lines: str, name: str = "orders") -> tuple[str, ...]:
    """Read a project with some more lines."""
    return read_project("\n".join(["[project]", f'name = "{name}"', *lines]), FILE, "orders").dependencies


def test_dependencies_are_taken_as_written() -> None:
    """None at all is fine."""
    assert read('dependencies = ["b[extra]>=1", "a; python_version > \'3\'"]') == (
        "b[extra]>=1",
        "a; python_version > '3'",
    )
    assert read() == ()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            'dynamic = ["dependencies"]\n[tool.uv]\npackage = false',
            "project.dynamic names 'dependencies', which a build",
        ),
        ('requires-python = "newest"', "'newest' is not valid: use a PEP 440 specifier"),
        ('dependencies = "requests"', "project.dependencies = 'requests' is not valid: it must be a list of texts"),
        ("dependencies = [1]", "project.dependencies = [1] is not valid: it must be a list of texts"),
        ("dynamic = 5", "project.dynamic = 5 is not valid"),
        ("requires-python = 3.13", "project.requires-python = 3.13 is not valid: it must be text"),
        (f'dependencies = ["a; {"(" * 5000}"]', "is not valid"),
        ('dependencies = ["a", "b = 3"]', "project.dependencies: 'b = 3' is not valid"),
        (
            'dependencies = ["b @ file:../b"]',
            "'b @ file:../b' is a folder, a file or a repository, and a layer is made",
        ),
        ('dependencies = ["b @ git+https://nowhere.invalid/b"]', "Publish it there and write 'b'"),
    ],
)
def test_what_cannot_be_built_is_refused(line: str, problem: str) -> None:
    """With the key, the value and what to write instead."""
    with pytest.raises(ConfigurationError) as raised:
        read(line)
    assert str(raised.value).startswith(f"{FILE}: ")
    assert problem in str(raised.value)


@pytest.mark.parametrize("wanted", [">=3.11", ">=3.13.2", "~=3.13", "==3.13.*", "<4"])
def test_a_runtime_that_suits_is_accepted(wanted: str) -> None:
    """Lambda runs the newest patch release of its version."""
    check_python(f'[project]\nrequires-python = "{wanted}"', FILE, {PLATFORM: ["F"]})
    check_python("[project]", FILE, {PLATFORM: ["F"]})


def test_each_runtime_that_a_project_excludes_is_named() -> None:
    """With the functions that run on it."""
    users = {PLATFORM: ["New"], Platform("3.11", "arm64"): ["Old", "Older"], Platform("3.9", "arm64"): ["Oldest"]}
    with pytest.raises(ConfigurationError) as raised:
        check_python('[project]\nrequires-python = ">=3.12"', FILE, users)
    first, second = str(raised.value).splitlines()
    assert first.startswith(
        f"{FILE}: project.requires-python = '>=3.12' excludes Python 3.11, the runtime of Old, Older"
    )
    assert "excludes Python 3.9, the runtime of Oldest in the template" in second


def test_a_project_must_have_a_name() -> None:
    """That it is the unit's was found out when the unit was read."""
    with pytest.raises(ConfigurationError, match=r"project\.name is missing: write name = 'orders'"):
        read_project("[project]", FILE, "orders")


def test_a_file_of_nothing_but_versions_is_given_up_on() -> None:
    """Each try to set one reads all of it."""
    many = "".join(f'[tool.x{number}]\nversion = "0.1.0"\n' for number in range(2_000))
    with pytest.raises(ConfigurationError, match=r"project\.version could not be set"):
        with_version(f'{many}[project]\nname = "orders"\nversion = "0.1.0"\n', "0.2.0", FILE)


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "a"\nversion = "0.1.0"  # raise me\n',
        "[project]\nversion='0.1.0'\n",
        '[tool.x]\nversion = "0.1.0"\n[project]\nversion = "0.1.0"\n[tool.y]\nversion = "0.1.0"\n',
        '[project]\nkeywords = [\n"version = 3",\n[],\n]\nversion = "0.1.0"\n',
        'project.version = "0.1.0"\n',
        'project = { name = "a", version = "0.1.0" }\n',
        '[project]\ndescription = """\nversion = "0.1.0"\n"""\nversion = "0.1.0"\n',
        '[project]\r\nversion = "0.1.0"\r\n',
        '[project]\n"version" = "0.1.0"\n',
    ],
)
def test_only_the_projects_version_is_changed(text: str) -> None:
    """However the file is written; comments and line ends stay."""
    changed = with_version(text, "0.1.0.post1", FILE)
    expected = tomllib.loads(text)
    expected["project"]["version"] = "0.1.0.post1"
    assert tomllib.loads(changed) == expected
    assert len(changed) == len(text) + len(".post1")


def test_a_version_that_is_the_declared_one_changes_nothing() -> None:
    """Also when it is written in another way."""
    text = '[project]\nversion = "0.1.0-rc1"\n'
    assert with_version(text, "0.1.0rc1", FILE) == text


def test_a_version_that_cannot_be_found_is_an_error_that_says_how_to_write_it() -> None:
    """Such as one written with an escape."""
    with pytest.raises(ConfigurationError, match="write it on a line of its own"):
        with_version('[project]\n"versio\\u006e" = "0.1.0"\n', "0.2.0", FILE)


@given(
    st.lists(st.sampled_from(["[a]", "[project.urls]", 'version = "0.1.0"', "# version = '1'", "x = 'version = 1'"]))
)
def test_whatever_stands_around_it_the_result_is_what_was_asked_for(lines: list[str]) -> None:
    """Or an error; never another file."""
    text = "\n".join(['[project]\nname = "a"\nversion = "0.1.0"', *lines])
    try:
        wanted = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    wanted["project"]["version"] = "9"
    assert tomllib.loads(with_version(text, "9", FILE)) == wanted
