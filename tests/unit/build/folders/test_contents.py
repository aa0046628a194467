"""The files of a folder, as `sam build` packages them."""

from pathlib import Path

import pytest
from aws_lambda_builders.workflows.python_pip.workflow import PythonPipWorkflow

from orchestrator.build.folders.contents import folder_contents
from orchestrator.build.folders.exclusions import PYTHON_EXCLUDED
from orchestrator.errors import ConfigurationError


def write(folder: Path, *names: str) -> None:
    """Write files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")


def test_what_is_left_out_is_what_sam_leaves_out() -> None:
    """Its list, and nothing else."""
    assert PYTHON_EXCLUDED == PythonPipWorkflow.EXCLUDED_FILES


def test_code_may_read_whatever_lies_beside_it(tmp_path: Path) -> None:
    """Folders of tests, documents and events, hidden files, templates: at every depth, only the list counts."""
    kept = ["app.py", "tests/data.json", "docs/help.md", "events/one.json", ".rules", "a/requirements.txt", "README.md"]
    write(tmp_path, *kept, "venv/bin/x", "a/b/__pycache__/x.pyc", "a/native.so", "a/x.egg-info/PKG-INFO", ".env")
    found = folder_contents(tmp_path, tmp_path, PYTHON_EXCLUDED)
    assert list(found.files) == sorted(kept)
    assert found.left_out == (".env", "a/b/__pycache__/", "a/native.so", "a/x.egg-info/", "venv/")
    assert folder_contents(tmp_path, tmp_path).left_out == ()


def test_links_are_followed_within_the_export(tmp_path: Path) -> None:
    """One that leads to a folder above it is not followed again and again, and none leads out."""
    tree = tmp_path / "tree"
    write(tree, "code/app.py", "shared/money.py")
    (tree / "code/shared").symlink_to("../shared")
    (tree / "code/money.py").symlink_to("../shared/money.py")
    (tree / "code/loop").symlink_to(".")
    assert list(folder_contents(tree / "code", tree).files) == ["app.py", "money.py", "shared/money.py"]


@pytest.mark.parametrize("target", ["../../secret", "../absent.py", "/etc/hostname", "itself"])
def test_a_link_that_leads_to_what_is_not_there_is_refused(target: str, tmp_path: Path) -> None:
    """Or out of the export, or to itself."""
    tree = tmp_path / "tree"
    write(tree, "code/app.py")
    write(tmp_path, "secret")
    (tree / "code/itself").symlink_to(target)
    with pytest.raises(ConfigurationError, match=r"code/itself: is a symbolic link to .*, which this unit does not"):
        folder_contents(tree / "code", tree)
