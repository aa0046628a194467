"""`orchestrator build-task`, as a process, where something that it needs is missing."""

import os
import subprocess
import sys
from pathlib import Path

_BUILD = {
    "BUILD_UNIT": "orders",
    "BUILD_REQUEST": "{}",
    "BUILD_EXECUTION_ID": "arn:aws:states:eu-west-1:111111111111:execution:promote-orders:one",
    "BUILD_EXECUTION_NAME": "one",
    "BUILD_STARTED_AT": "2026-06-01T12:00:00Z",
    "BUILD_NONCE": "secret",
}


def carry_out(**settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command with settings of the orchestrator, and without any AWS account or region."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ORCHESTRATOR_"))}
    nothing = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [sys.executable, "-m", "orchestrator.cli.main", "build-task"]
    variables = {**kept, **nothing, **_BUILD, **settings}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def test_settings_that_are_missing_are_named() -> None:
    """All at once, and before anything is begun."""
    done = carry_out(ORCHESTRATOR_BRANCH="main", ORCHESTRATOR_BUCKET="")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    said = " ".join(done.stderr.split())
    missing = ("BEGIN_PUBLISH", "BUCKET", "LEDGER_TABLE", "REPOSITORY_URL")
    assert f"{', '.join(f'ORCHESTRATOR_{name}' for name in missing)} is not set" in said


def test_a_failure_that_cannot_be_noted_is_told_all_the_same(tmp_path: Path) -> None:
    """The ledger cannot be reached without a region; what is told last is why the build failed."""
    done = carry_out(
        ORCHESTRATOR_BEGIN_PUBLISH="arn:aws:lambda:eu-west-1:111111111111:function:orchestrator-begin-publish",
        ORCHESTRATOR_BRANCH="main",
        ORCHESTRATOR_BUCKET="artifacts",
        ORCHESTRATOR_LEDGER_TABLE="ledger",
        ORCHESTRATOR_REPOSITORY_URL=f"{tmp_path.as_uri()}/none",
    )
    assert done.returncode == 1
    unnoted, why = done.stderr.splitlines()
    assert "could not be noted: You must specify a region." in unnoted
    assert f"{tmp_path}/none" in why
