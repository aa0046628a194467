"""Starting, finding and stopping the embedded cloud, without waiting for a real one where that can be avoided."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from orchestrator.cli.main import app
from orchestrator.errors import ConfigurationError, LocalCloudError
from orchestrator.local.cloud import LocalCloud, Process, free_port
from tests.git_repository import GitRepository
from tests.waiting import until


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Another program, in a process group of its own as the embedded cloud is."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    yield process
    process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()


def note(folder: Path, pid: int) -> Path:
    """A state folder's note of a process that the embedded cloud was once."""
    folder.mkdir(exist_ok=True)
    process = Process(pid=pid, port=free_port(), token="of-another-life", certificate=folder / "certificate.pem")
    (folder / "cloud.json").write_text(process.model_dump_json())
    return folder


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path, taken_port: int) -> None:
    """And nothing is started or written."""
    with pytest.raises(LocalCloudError, match=rf"Port {taken_port} is taken .* --port"):
        LocalCloud(tmp_path / "state", taken_port).up()
    assert not (tmp_path / "state").exists()


def test_nothing_is_started_for_a_repository_without_accounts(tmp_path: Path) -> None:
    """A cloud that was left running would say later that it was there already."""
    GitRepository(tmp_path).begin()
    with pytest.raises(ConfigurationError, match="orchestrator init"):
        app(args=["--repository", str(tmp_path), "local", "up", "--port", str(free_port())], standalone_mode=False)
    assert not (tmp_path / ".orchestrator").exists()


def test_nothing_runs_in_a_new_folder(tmp_path: Path) -> None:
    """Neither finding nor stopping complains."""
    cloud = LocalCloud(tmp_path)
    assert cloud.running() is None
    assert cloud.down() is False


@pytest.mark.parametrize("content", ["", "{", "{}", '{"pid": 1}'])
def test_a_damaged_note_counts_as_none(tmp_path: Path, content: str) -> None:
    """As an interrupted write or an earlier version may leave it."""
    (tmp_path / "cloud.json").write_text(content)
    assert LocalCloud(tmp_path).running() is None


def test_a_process_that_is_gone_is_not_running(tmp_path: Path) -> None:
    """As after a restart of the machine."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert LocalCloud(note(tmp_path, gone.pid)).running() is None


def test_a_process_id_that_another_program_has_now_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    """Process ids are used again: stopping the cloud must not stop somebody else's program."""
    cloud = LocalCloud(note(tmp_path, sleeper.pid))
    assert cloud.running() is None
    assert cloud.down() is False
    assert sleeper.poll() is None
    assert not (tmp_path / "cloud.json").exists()


def test_it_starts_once_answers_and_stops(tmp_path: Path) -> None:
    """A second start finds the first; after the stop no process and no unpacked code is left."""
    cloud = LocalCloud(tmp_path, free_port())
    process = cloud.up()
    try:
        assert cloud.up() == process
        assert LocalCloud(tmp_path).running() == process
        with pytest.raises(LocalCloudError, match="is taken"):
            LocalCloud(tmp_path / "other", cloud.port).up()
    finally:
        assert cloud.down() is True
    assert cloud.running() is None
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not (tmp_path / "tmp").exists()


def test_what_is_in_it_is_kept_until_it_is_forgotten(tmp_path: Path) -> None:
    """Also while a client keeps its connection open; and only if that was asked for."""
    cloud = LocalCloud(tmp_path, free_port(), keep=True)
    bucket = "kept-bucket"
    client = root(cloud.up())("s3")
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="a/b", Body=b"content")
    assert cloud.down() is True
    assert root(cloud.up())("s3").get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"content"
    assert cloud.down() is True
    assert LocalCloud(tmp_path).last_port == cloud.port
    assert (tmp_path / ".gitignore").read_text() == "*\n"
    cloud.forget()
    assert root(cloud.up())("s3").list_buckets()["Buckets"] == []
    assert cloud.down() is True


def test_work_of_activities_is_handed_out_after_a_restart(tmp_path: Path) -> None:
    """As builds are: the activity and the state machine are there, and a worker gets what it asks for."""
    cloud = LocalCloud(tmp_path, free_port(), keep=True)
    client = root(cloud.up())
    trusted = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    role = client("iam").create_role(RoleName="promotion", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    activity = client("stepfunctions").create_activity(name="build")["activityArn"]
    states = {"Build": {"Type": "Task", "Resource": activity, "End": True}}
    definition = json.dumps({"StartAt": "Build", "States": states})
    made = client("stepfunctions").create_state_machine(name="promote", definition=definition, roleArn=role)
    assert cloud.down() is True
    again = root(cloud.up())("stepfunctions")
    execution = again.start_execution(stateMachineArn=made["stateMachineArn"], input='{"unit": "orders"}')
    task = again.get_activity_task(activityArn=activity)
    assert task["input"] == '{"unit": "orders"}'
    again.send_task_success(taskToken=task["taskToken"], output='"built"')
    arn = execution["executionArn"]
    ended = until(lambda: one if (one := again.describe_execution(executionArn=arn))["status"] != "RUNNING" else None)
    assert (ended["status"], ended["output"]) == ("SUCCEEDED", '"built"')
    assert cloud.down() is True


def root(process: Process) -> Callable[[str], Any]:
    """Makes clients of the root of an account."""
    session = boto3.Session(aws_access_key_id="1" * 12, aws_secret_access_key="test", region_name="us-east-1")
    return partial(session.client, endpoint_url=process.endpoint_url, verify=str(process.certificate))


def test_several_may_start_in_the_same_moment(tmp_path: Path) -> None:
    """They share nothing."""
    clouds = [LocalCloud(tmp_path / str(number), free_port()) for number in range(3)]
    with ThreadPoolExecutor() as pool:
        processes = list(pool.map(LocalCloud.up, clouds))
    try:
        assert [cloud.running() for cloud in clouds] == processes
    finally:
        assert [cloud.down() for cloud in clouds] == [True] * 3


def test_it_sees_no_credentials_and_no_proxies_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that its Lambdas could use against a real account."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "HTTPS_PROXY", "https_proxy", "SECRET"):
        monkeypatch.setenv(name, "of-the-caller")
    cloud = LocalCloud(tmp_path, free_port())
    process = cloud.up()
    try:
        environment = Path(f"/proc/{process.pid}/environ")
        if not environment.exists():
            pytest.skip("this system does not show a process's environment")
        assert b"of-the-caller" not in environment.read_bytes()
    finally:
        cloud.down()
