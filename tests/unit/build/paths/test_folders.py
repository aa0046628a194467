"""The files of a folder, as `sam build` packages them."""

from pathlib import Path

import pytest
from aws_lambda_builders.workflows.python_pip.workflow import PythonPipWorkflow

from orchestrator.build.paths.folders import LEFT_OUT_OF_PYTHON, packaged, told
from orchestrator.build.paths.sources import Sources
from orchestrator.errors import ConfigurationError


def write(folder: Path, *names: str) -> None:
    """Write files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")


def test_what_is_left_out_is_what_sam_leaves_out() -> None:
    """Its list, and nothing else."""
    assert sorted(LEFT_OUT_OF_PYTHON) == sorted(PythonPipWorkflow.EXCLUDED_FILES)


def test_code_may_read_whatever_lies_beside_it(tmp_path: Path) -> None:
    """Folders of tests, documents and events, hidden files, templates: at every depth, only the list counts."""
    kept = ["app.py", "tests/data.json", "docs/help.md", "events/one.json", ".rules", "a/requirements.txt", "README.md"]
    write(tmp_path, *kept, "venv/bin/x", "a/b/__pycache__/x.pyc", "a/native.so", "a/x.egg-info/PKG-INFO", ".gitignore")
    found = packaged(tmp_path, Sources(tmp_path, tmp_path, "template.yaml"), LEFT_OUT_OF_PYTHON)
    assert list(found.files) == sorted(kept)
    assert told(found.left_out) == ["a/native.so", "a/x.egg-info", "venv"]


@pytest.mark.parametrize("target", ["../../secret", "../absent.py", "/etc/hostname", "itself"])
def test_a_link_that_leads_to_what_is_not_there_is_refused(target: str, tmp_path: Path) -> None:
    """Or out of the export, or to itself."""
    tree = tmp_path / "tree"
    write(tree, "code/app.py")
    write(tmp_path, "secret")
    (tree / "code/itself").symlink_to(target)
    with pytest.raises(ConfigurationError, match=r"code/itself: is a symbolic link to .*, which this unit does not"):
        packaged(tree / "code", Sources(tree, tree, "template.yaml"))
