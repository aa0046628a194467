"""`orchestrator publish-source`, as a process, where something that it needs is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.source.refs.ci import statements
from tests.git_repository import GitRepository
from tests.source_repository import ORGANIZATION


def publish(folder: Path, *arguments: str, **ci: str) -> subprocess.CompletedProcess[str]:
    """Run the command, without any AWS account, where CI sets some variables."""
    of_tests = {one.variable for one in statements(os.environ)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name not in of_tests}
    nothing = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    where = ["--repository", str(folder)]
    command = [sys.executable, "-m", "orchestrator.cli.main", *where, "publish-source", *arguments]
    return subprocess.run(command, env={**kept, **nothing, **ci}, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> GitRepository:
    """A repository with one commit."""
    repository = GitRepository(tmp_path)
    repository.begin()
    (tmp_path / "orchestrator.toml").write_text(ORGANIZATION)
    repository.commit("Begin")
    return repository


def test_a_repository_that_is_read_elsewhere_is_not_published(clone: GitRepository) -> None:
    """The error says what to write, with the tooling account's bucket."""
    done = publish(clone.folder)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert "is not where snapshots go" in said
    assert 'url = "s3://orchestrator-artifacts-111111111111-eu-west-1/source"' in said


def test_a_clone_that_is_on_another_branch_is_published_only_when_somebody_says_so(clone: GitRepository) -> None:
    """CI may run for every branch; what it publishes is promoted."""
    url = '[repository]\nurl = "s3://bucket/source"\n'
    (clone.folder / "orchestrator.toml").write_text(f"{url}{ORGANIZATION}")
    clone.commit("Publish")
    assert "AWS cannot be reached" in publish(clone.folder).stderr
    clone("checkout", "--quiet", "-b", "feature")
    clone.commit("Not merged")
    refused = publish(clone.folder)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: This clone is on the branch feature and main is promoted")
    for options in (("--branch", "main"), ("--branch", "feature"), ("--commit", "main"), ("--commit", "HEAD~1")):
        assert "AWS cannot be reached" in publish(clone.folder, *options).stderr


def test_a_commit_that_the_clone_does_not_have_is_refused(clone: GitRepository) -> None:
    """Before anything is asked of AWS."""
    text = f'{ORGANIZATION}\n[repository]\nurl = "s3://sources/shop"\n'
    (clone.folder / "orchestrator.toml").write_text(text)
    done = publish(clone.folder, "--commit", "f" * 40)
    assert done.returncode == 2
    assert "There is no commit" in done.stderr
