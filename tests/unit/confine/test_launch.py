"""The launcher: it ends as the command does, and takes all that the command has started with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.confine import processes
from orchestrator.confine.launch import PROGRAM
from orchestrator.confine.spec import Spec
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can confine")
ROOT = Path(__file__).parents[3]


_MARK = "orchestrator-launch-test"
# Starts a launcher as its parent, and prints how many processes with the mark are there afterwards.
_STARTER = """
import os, subprocess, sys
from dataclasses import replace
from pathlib import Path
from orchestrator.confine.spec import Spec

spec = replace(Spec.from_json(sys.argv[1]), parent=os.getpid())
launcher = [sys.executable, "-I", "-S", "-c", sys.argv[2], sys.argv[3], spec.to_json()]
code = subprocess.run([*launcher, "sh", "-c", sys.argv[4]]).returncode
lines = [path.read_bytes().split(bytes(1)) for path in Path("/proc").glob("[0-9]*/cmdline")]
print(code, sum(1 for words in lines if words[1:2] == [b"-c"] and words[3:4] == [b"orchestrator-launch-test"]))
"""


def spec(folder: Path, parent: int | None = None) -> Spec:
    """Wide limits, and one folder."""
    return Spec(
        writable=(str(folder), "/dev/null"),
        readable=("/",),
        ports=(443,),
        data_bytes=1 << 32,
        file_bytes=1 << 30,
        open_files=256,
        processes=10_000,
        cpu_seconds=60,
        parent=os.getpid() if parent is None else parent,
    )


def launcher(wanted: Spec, *command: str) -> list[str]:
    """The command line that runs a command confined."""
    return [sys.executable, "-I", "-S", "-c", PROGRAM, str(ROOT), wanted.to_json(), *command]


def run(folder: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(launcher(spec(folder), *command), capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("kill -TERM $$", 143)]
)
def test_it_ends_as_the_command_does(tmp_path: Path, script: str, code: int) -> None:
    """As shells tell of signals."""
    assert run(tmp_path, "sh", "-c", script).returncode == code


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With the exit code that shells give it."""
    done = run(tmp_path, "no-such-program")
    assert (done.returncode, done.stderr) == (127, "no-such-program: No such file or directory\n")


def test_the_command_has_no_privileges_and_gains_none(tmp_path: Path) -> None:
    """Also where the worker is root: it may not look into processes that have them."""
    said = run(tmp_path, "grep", "-E", "^(Cap(Eff|Prm|Bnd)|NoNewPrivs)", "/proc/self/status").stdout.split()
    assert said[1::2] == ["0" * 16] * 3 + ["1"]


def test_limits_hold(tmp_path: Path) -> None:
    """As the kernel counts them."""
    code = "import resource as r; print([r.getrlimit(k)[0] for k in (r.RLIMIT_NOFILE, r.RLIMIT_CORE, r.RLIMIT_FSIZE)])"
    assert run(tmp_path, sys.executable, "-c", code).stdout == f"[256, 0, {1 << 30}]\n"


def test_asked_to_end_it_ends_everything(tmp_path: Path) -> None:
    """Also what ignores being asked, and what has left the session."""
    script = "trap '' TERM; setsid sh -c 'trap \"\" TERM; touch started; while :; do sleep 1; done' & wait"
    with subprocess.Popen(launcher(spec(tmp_path), "sh", "-c", script), cwd=tmp_path) as process:
        until(lambda: (tmp_path / "started").exists() or None)
        below = processes.descendants(process.pid)
        assert below
        process.terminate()
        assert process.wait(10) == 137
    assert not [one for one in below if Path(f"/proc/{one.id}").exists()]


def test_it_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    """A worker that is killed leaves no build behind."""
    command = starter(tmp_path, "touch up; sleep 60; :")
    with subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}) as worker:
        until(lambda: (tmp_path / "up").exists() or None)
        below = processes.descendants(worker.pid)
        assert len(below) >= 3
        worker.kill()
    until(lambda: not [one for one in below if _runs(one.id)] or None)


def test_it_does_not_begin_when_the_one_that_started_it_is_gone(tmp_path: Path) -> None:
    """Which may be before it could ask to be told."""
    command = launcher(spec(tmp_path, parent=1), "touch", "began")
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 137
    assert not (tmp_path / "began").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root without privileges may have no namespace here")
def test_where_there_is_no_namespace_everything_is_found_and_ended(tmp_path: Path) -> None:
    """Also what has left the session, and whose parent has ended: the launcher adopts it."""
    orphan = f"(setsid sh -c 'touch up; sleep 60; :' {_MARK} &); while [ ! -e up ]; do sleep 0.01; done; exit 5"
    inner = starter(tmp_path, orphan)
    done = subprocess.run(
        launcher(spec(tmp_path), "env", f"PYTHONPATH={ROOT}", *inner),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stdout == "5 0\n", done.stderr


def starter(folder: Path, script: str) -> list[str]:
    """The command line that runs the starter, whose launcher runs a shell's script."""
    return [sys.executable, "-c", _STARTER, spec(folder).to_json(), PROGRAM, str(ROOT), script]


def _runs(process: int) -> bool:
    try:
        return b") Z" not in Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return False
