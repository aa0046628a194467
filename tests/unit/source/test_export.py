"""What git can hold and no disk can: names and paths that are too long."""

import os
import subprocess
from pathlib import Path

import pytest

from orchestrator.errors import SourceError
from orchestrator.source.export import export
from orchestrator.source.local_git import LocalGitRepository


def commit(folder: Path, path: str) -> str:
    """Make a commit that holds one file, without ever writing it to disk."""
    script = (
        "commit refs/heads/main\ncommitter Ada <ada@example.com> 1750000000 +0000\ndata 0\n"
        f"M 100644 inline {path}\ndata 1\nx\n"
    )
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder)], check=True)  # noqa: S607
    fed = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(fed, input=script, text=True, check=True)
    head = ["git", "-C", str(folder), "rev-parse", "main"]
    return subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("path", [f"unit/{'a' * 256}", f"unit/{'ä' * 130}", "/".join(["unit", *["ab"] * 900])])
def test_what_no_disk_takes_is_refused_by_name(path: str, tmp_path: Path) -> None:
    """Before anything is written."""
    made = commit(tmp_path / "repository", path)
    repository = LocalGitRepository(tmp_path / "repository", os.environ["PATH"])
    with pytest.raises(SourceError, match=r"cannot be exported safely: 'unit/.*'\.\.\. is too long, or lies too deep"):
        export(repository, made, ["unit"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
