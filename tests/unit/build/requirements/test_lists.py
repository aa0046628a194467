"""Lists of requirements, read as pip reads them."""

from pathlib import Path

import pytest

from orchestrator.build.exported import Exported
from orchestrator.build.requirements.lists import RequirementsList, read_list
from orchestrator.build.runtime import marker_environment
from orchestrator.errors import ConfigurationError
from tests.unit.build.fakes import PLATFORM

_FILE = "projects/orders/requirements.txt"
_SIX = "six==1.16.0 --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254\n"


def write(tree: Path, content: bytes, file: str = _FILE) -> None:
    """Export a file."""
    (tree / file).parent.mkdir(parents=True, exist_ok=True)
    (tree / file).write_bytes(content)


def read(tree: Path, content: bytes | str) -> RequirementsList:
    """Read a list."""
    write(tree, content.encode() if isinstance(content, str) else content)
    found = read_list(_FILE, Exported(tree))
    assert found is not None
    return found


def refused(tree: Path, content: bytes | str) -> str:
    """Why a list is not read."""
    with pytest.raises(ConfigurationError) as caught:
        read(tree, content)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfsix>=1\r\n",
        b"six>=1\t# old times\n",
        b"six \\\n  >=1  # why\n",
        b"# -*- coding: utf-7 -*-\nsix>=1\n",
        b"--only-binary :all:\n--prefer-binary\nsix>=1\n",
        b"-i https://pypi.org/simple\nsix>=1\n",
        b"--index-url=https://pypi.org/simple/\nsix>=1\n",
    ],
)
def test_what_editors_and_tools_write_is_read(content: bytes, tmp_path: Path) -> None:
    """A byte order mark, tabs, lines that go on, the default index; no comment chooses an encoding."""
    assert read(tmp_path, content).requirements == ("six>=1",)


def test_hashes_markers_and_comments_are_told_apart(tmp_path: Path) -> None:
    """On continued lines, in each order."""
    found = read(
        tmp_path,
        "# made by hand\n\nsix==1.16.0 ; python_version > '3' \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        "    # via orders\nidna==3.10 --hash=sha256:cc  # why not\n",
    )
    lock = found.lock()
    assert lock is not None
    assert [(str(pin.requirement), pin.hashes) for pin in lock.pins] == [
        ('six==1.16.0; python_version > "3"', ("aa", "bb")),
        ("idna==3.10", ("cc",)),
    ]
    assert lock.is_complete
    assert [pin.name for pin in lock.applying({**marker_environment(PLATFORM), "python_version": "2.7"})] == ["idna"]
    assert read(tmp_path, "six==1.16.0\n").lock() is None


def test_included_lists_and_constraints_are_read_from_where_they_lie(tmp_path: Path) -> None:
    """Relative to the list that names them; a list that includes itself is read once."""
    write(tmp_path, b"-r requirements.txt\nidna>=3\n-c limits.txt\n", "projects/orders/more.txt")
    write(tmp_path, b"urllib3<3\n", "projects/orders/limits.txt")
    write(tmp_path, b"certifi\n", "shared/common.txt")
    found = read(tmp_path, "-r more.txt\n-r ../../shared/common.txt\nsix\n")
    assert found.requirements == ("six", "idna>=3", "certifi")
    assert found.constraints == ("urllib3<3",)
    assert "certifi" in found.text


@pytest.mark.parametrize(
    "line", ["-r ../../../etc/passwd", "-r absent.txt", "-c https://example.com/c.txt", "-r /etc/x"]
)
def test_what_the_unit_does_not_have_is_not_included(line: str, tmp_path: Path) -> None:
    """A repository names no file of the machine."""
    said = refused(tmp_path, f"{line}\n")
    assert said.startswith(f"{_FILE}: '{line}' includes ")
    assert "which this unit does not have: where it is a file of the repository, add" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-i https://example.com/simple", "chooses where packages come from"),
        ("--extra-index-url https://pypi.org/simple", "chooses where packages come from"),
        ("--find-links ./wheels", "chooses where packages come from"),
        ("--no-index", "chooses where packages come from"),
        ("--trusted-host example.com", "chooses where packages come from"),
        ("--no-binary :all:", "is an option that builds do not have: remove the line"),
        ("--pre", "is an option that builds do not have: remove the line"),
        ("-e .", "'-e .' is a folder, a file or a repository, and a layer is made of wheels"),
        ("./vendored", "'./vendored' is a folder, a file or a repository"),
        ("six @ https://example.com/six.whl", "Publish it there and write 'six'; code of this repository is shared"),
        ("git+https://example.com/a.git#egg=a", "is a folder, a file or a repository"),
        ("six --global-option=x", "has options for building, and builds take wheels: remove them"),
        ("six>=${SIX_VERSION}", "${SIX_VERSION} is a variable of the machine that installs, which builds do not have"),
        ("requests ==2.x", "'requests ==2.x' is not a requirement such as 'requests>=2.32' (Expected"),
        ("a b", "'a b' is not a requirement such as"),
    ],
)
def test_anything_else_is_refused_by_name(line: str, said: str, tmp_path: Path) -> None:
    """It could name another index, or code that no release holds; the line's number is told."""
    text = refused(tmp_path, f"six\n{line}\n")
    assert text.startswith(f"{_FILE}: line 2: ")
    assert said in text


def test_other_encodings_are_refused_with_what_to_do(tmp_path: Path) -> None:
    """PowerShell's redirection writes UTF-16."""
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        assert "save it as UTF-8 ('| Out-File -Encoding utf8')" in refused(tmp_path, "six\n".encode(encoding))
    assert "is not UTF-8: " in refused(tmp_path, b"# -*- coding: latin-1 -*-\nsix # \xe9\n")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("idna==3.10", "idna has no --hash"),
        ("idna>=3 --hash=sha256:00", "idna is not pinned to one version"),
        ("idna==3.* --hash=sha256:00", "idna is not pinned to one version"),
    ],
)
def test_a_lock_of_only_some_requirements_is_refused(line: str, problem: str, tmp_path: Path) -> None:
    """It could be taken for more than it is; the message says how to renew it."""
    found = read(tmp_path, f"{_SIX}{line}\n")
    with pytest.raises(ConfigurationError, match=problem) as caught:
        found.lock()
    assert "uv pip compile --universal --generate-hashes requirements.in -o requirements.txt" in str(caught.value)
