"""Running programs."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from orchestrator.build.environment import clean_environment
from orchestrator.build.run import Commands
from orchestrator.build.usage import DEFAULT
from orchestrator.errors import BuildError
from tests.unit.build.fakes import confined, running
from tests.waiting import until

_MARK = "orchestrator-run-test"


def commands(tmp_path: Path, timeout_seconds: float = 30) -> Commands:
    """Commands of the unit `orders`."""
    environment = {"GREETING": "hello", "PATH": os.environ["PATH"]}
    return Commands("orders", tmp_path / "log", environment, timeout_seconds, confined(tmp_path))


def python(code: str) -> list[str]:
    """A command that runs some Python."""
    return [sys.executable, "-c", code]


def test_a_command_sees_its_environment_alone_and_no_shell(tmp_path: Path) -> None:
    """What is not handed in is not there."""
    code = "import os, sys; print(os.environ.get('GREETING'), os.environ.get('X'), 'USER' in os.environ, sys.argv[1])"
    said = commands(tmp_path).run("greet", [*python(code), "$HOME; ls"], tmp_path, "no", {"X": "y"})
    assert said == "hello y False $HOME; ls\n"


def test_everything_printed_is_in_the_log_below_the_command(tmp_path: Path) -> None:
    """Both streams, in order, one command after the other."""
    runner = commands(tmp_path)
    runner.run("first", ["echo", "one two"], tmp_path, "no")
    runner.run("second", python("import sys; sys.stderr.write('three\\n')"), tmp_path, "no")
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "== first\n$ echo 'one two'\none two\n" in log
    assert log.endswith("three\n")


def test_a_failure_carries_the_reason_and_the_last_twenty_lines(tmp_path: Path) -> None:
    """The rest is in the log."""
    with pytest.raises(BuildError, match="Build of orders failed at 'count': it cannot count") as raised:
        commands(tmp_path).run("count", python("[print(n) for n in range(30)]; exit(3)"), tmp_path, "it cannot count")
    assert raised.value.log.split() == [str(number) for number in range(10, 30)]


def test_a_command_that_runs_already_is_held_to_a_limit_that_is_set_later(tmp_path: Path) -> None:
    """What is started first knows none but the longest."""
    runner = commands(tmp_path, 600)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(runner.attempt, "wait", ["sleep", "600"], tmp_path)
        runner.limit(0.5)
    assert outcome.result().code is None
    with pytest.raises(BuildError, match=r"longer than 0\.5 seconds"):
        runner.require("wait", outcome.result(), "no")


def test_a_command_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """Whatever it does against it: a build backend starts programs of its own, and these may leave its session."""
    code = f"""
import signal, subprocess, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", {_MARK!r}], start_new_session=True)
print("started", flush=True)
time.sleep(600)
"""
    with pytest.raises(BuildError, match=r"the build took longer than 2 seconds.*build\.timeout_minutes") as raised:
        commands(tmp_path, 2).run("hang", python(code), tmp_path, "no")
    assert raised.value.log == "started"
    assert not running(_MARK)


_DAEMON = f"""
import os, subprocess, sys
code = "import subprocess, sys; d = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', {_MARK!r}])"
"""
_LEAVES = f"{_DAEMON}subprocess.run([sys.executable, '-c', code], capture_output=True); print('went on', flush=True)"
_WORKS_ON = f"""{_DAEMON}
code += "; print(d.pid, flush=True)"
helper = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
daemon = int(helper.stdout.readline())
helper.wait()
subprocess.run(["sleep", "3"])
os.kill(daemon, 0)
print("still there", flush=True)
"""


def impatient(tmp_path: Path) -> Commands:
    """Commands that do not wait for what was left behind."""
    confinement = replace(confined(tmp_path), limits=replace(DEFAULT, orphan_seconds=0.5))
    return Commands("orders", tmp_path / "log", {"PATH": os.environ["PATH"]}, 60, confinement)


def test_what_a_program_leaves_behind_does_not_keep_the_one_waiting_that_started_it(tmp_path: Path) -> None:
    """It holds the output open, which would be read until the build's time is over."""
    outcome = impatient(tmp_path).attempt("build", python(_LEAVES), tmp_path, reaps=True)
    assert outcome.code == 0
    assert f"[left behind by a program that had ended, and ended now: {sys.executable} -c " in outcome.output
    assert outcome.output.endswith("went on\n")


def test_what_was_left_behind_may_work_as_long_as_something_else_does(tmp_path: Path) -> None:
    """Build tools have servers that they start like that."""
    outcome = impatient(tmp_path).attempt("build", python(_WORKS_ON), tmp_path, reaps=True)
    assert outcome.output == "still there\n"
    assert not running(_MARK)


def test_what_runs_is_ended_when_all_builds_are_to_end_and_nothing_else_begins(tmp_path: Path) -> None:
    """As when the process that builds is asked to end."""
    stop = Event()
    runner = commands(tmp_path, 600).stopped_by(stop)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(runner.attempt, "wait", ["sh", "-c", f"touch up; sleep 600; : {_MARK}"], tmp_path)
        until(lambda: (tmp_path / "up").exists() or None)
        stop.set()
        with pytest.raises(BuildError, match="it was stopped, as was asked for"):
            waiting.result()
    assert not running(_MARK)
    with pytest.raises(BuildError, match="it was stopped"):
        runner.attempt("begin", ["touch", "begun"], tmp_path)
    assert not (tmp_path / "begun").exists()


def test_all_commands_of_a_build_have_its_time_together(tmp_path: Path) -> None:
    """Many short ones may not take longer than one long one."""
    runner = commands(tmp_path, 1.5)
    runner.run("first", ["sleep", "0.1"], tmp_path, "no")
    with pytest.raises(BuildError, match=r"the build took longer than 1.5 seconds"):
        runner.run("second", ["sleep", "600"], tmp_path, "no")
    with pytest.raises(BuildError, match=r"the build took longer than 1.5 seconds"):
        runner.run("third", ["true"], tmp_path, "no")


def test_a_program_that_is_not_installed_is_named(tmp_path: Path) -> None:
    """It is the worker's fault, not the unit's."""
    with pytest.raises(BuildError, match="the program 'no-such-program' was not found: install it"):
        commands(tmp_path).run("start", ["no-such-program"], tmp_path, "no")


def test_a_build_sees_the_package_index_and_no_credentials() -> None:
    """A repository may be hostile."""
    kept = {
        "PATH": "/bin",
        "HOME": "/root",
        "UV_INDEX_URL": "u",
        "SSL_CERT_FILE": "c",
        "https_proxy": "p",
        "PIP_CERT": "c",
    }
    dropped = {"AWS_SECRET_ACCESS_KEY": "s", "AWS_PROFILE": "p", "UV_PUBLISH_TOKEN": "t", "GITHUB_TOKEN": "t"}
    seen = clean_environment({**kept, **dropped})
    assert kept.items() <= seen.items()
    assert not dropped.keys() & seen.keys()
    assert seen["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
