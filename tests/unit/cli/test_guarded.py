"""The check against the guardrails before a merge, without AWS."""

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.guarded import NOT_CHECKED
from orchestrator.config.infrastructure import GUARDRAILS_FILE
from orchestrator.config.load import load_organization
from tests.recorded import recorded
from tests.source_repository import ORGANIZATION, Repository, unit

STRICT = f"{ORGANIZATION}requires_approval = true\n"
EXPORTED = recorded(load_organization(STRICT)).model_dump_json(by_alias=True)


def affected(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run `orchestrator affected` in a repository."""
    command = [
        sys.executable,
        "-m",
        "orchestrator.cli.main",
        "--repository",
        str(folder),
        "affected",
        "--since",
        "HEAD",
    ]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with a unit, and an organization that asks for approval."""
    made = Repository(tmp_path)
    made.commit({"orchestrator.toml": STRICT, "projects/orders/pyproject.toml": unit()})
    return made


def test_without_guardrails_it_says_so_and_exits_with_0(repository: Repository) -> None:
    """A CI without credentials is not stopped."""
    done = affected(repository.git.folder)
    assert (done.returncode, NOT_CHECKED in done.stderr) == (0, True)


def test_where_they_are_required_it_exits_with_1(repository: Repository) -> None:
    """With what to do."""
    done = affected(repository.git.folder, "--require-guardrails")
    assert (done.returncode, NOT_CHECKED in done.stderr) == (1, True)


def test_a_looser_file_is_refused_by_the_committed_guardrails(repository: Repository) -> None:
    """With the file, the key, both values and the command; a stricter one is not."""
    repository.commit({GUARDRAILS_FILE: EXPORTED})
    assert affected(repository.git.folder, "--require-guardrails").returncode == 0
    repository.commit({"orchestrator.toml": ORGANIZATION})
    done = affected(repository.git.folder)
    assert done.returncode == 1
    assert "orchestrator.toml: environments.dev.requires_approval is false, the guardrails say true." in done.stderr
    assert "orchestrator guardrails apply" in done.stderr


def test_a_looser_unit_is_refused_by_the_committed_guardrails(repository: Repository) -> None:
    """By its own file."""
    looser = f"{unit()}requires_approval = []\n"
    repository.commit({GUARDRAILS_FILE: EXPORTED, "projects/orders/pyproject.toml": looser})
    done = affected(repository.git.folder)
    assert done.returncode == 1
    assert "projects/orders/pyproject.toml: tool.orchestrator.requires_approval leaves out dev" in done.stderr


def test_rules_that_nobody_can_fulfil_are_told(repository: Repository) -> None:
    """Of the organization and of a unit, each with its file and key, before they are merged."""
    role = "arn:aws:iam::111111111111:role/release"
    repository.commit({GUARDRAILS_FILE: EXPORTED})
    repository.commit({"orchestrator.toml": f'{STRICT}approvers = ["{role}"]\nrequired_approvals = 2\n'})
    done = affected(repository.git.folder)
    assert done.returncode == 1
    assert "orchestrator.toml: environments.dev: 2 approvals can never be reached" in done.stderr
    own = f'{unit()}approvers.dev = ["{role}"]\nrequired_approvals.dev = 2\n'
    repository.commit({"orchestrator.toml": STRICT, "projects/orders/pyproject.toml": own})
    done = affected(repository.git.folder)
    assert done.returncode == 1
    assert "projects/orders/pyproject.toml: tool.orchestrator.approvers.dev and tool.orch" in done.stderr


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}'])
def test_a_damaged_export_is_an_error(repository: Repository, text: str) -> None:
    """It is not taken for none."""
    repository.commit({GUARDRAILS_FILE: text})
    done = affected(repository.git.folder)
    assert done.returncode == 2
    assert GUARDRAILS_FILE in done.stderr
