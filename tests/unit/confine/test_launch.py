"""The launcher: it ends as the command does, and takes all that the command has started with it."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.confine import landlock, processes
from orchestrator.confine.features import FIRST_USER, of_this_machine
from orchestrator.confine.filters import NO_NETWORK
from orchestrator.confine.launch import HERE, NOT_CONFINED, PROGRAM
from orchestrator.confine.spec import Spec
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can confine")
as_root = pytest.mark.skipif(not of_this_machine().users, reason="only root may change who it is")
ROOT = Path(__file__).parents[3]


_MARK = "orchestrator-launch-test"
# Starts a launcher as its parent, and prints how many processes with the mark are there afterwards.
_STARTER = """
import os, subprocess, sys
from pathlib import Path
from orchestrator.confine.spec import Spec

spec = Spec.from_json(sys.argv[1])._replace(parent=os.getpid())
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
        network=NO_NETWORK,
        ports=(),
        landlock=landlock.abi(),
        user=None,
        strict=True,
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


def test_local_services_are_out_of_reach_and_pairs_of_sockets_are_not(tmp_path: Path) -> None:
    """Behind a path may be Docker, or somebody's keys; a pair leads to nobody else."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "service"))
        server.listen()
        code = (
            "import socket\none, other = socket.socketpair()\none.send(b'pair')\nprint(other.recv(4))\n"
            f"socket.socket(socket.AF_UNIX).connect({str(tmp_path / 'service')!r})\nprint('reached')\n"
        )
        done = run(tmp_path, sys.executable, "-c", code)
    assert done.stdout.split() == ["b'pair'"]
    assert "PermissionError" in done.stderr


def test_what_only_the_command_is_to_see_is_not_seen_before(tmp_path: Path) -> None:
    """The dynamic linker of the launcher is not confined: it would write, and load, what a unit tells it to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "inside").mkdir()
    variables = {"LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": str(outside / "linker"), "MINE": "yes"}
    wanted = spec(tmp_path / "inside")._replace(variables=variables)
    done = subprocess.run(launcher(wanted, "sh", "-c", "echo $MINE"), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "yes"
    assert landlock.abi() < landlock.OLDEST_ABI or not list(outside.iterdir())


def run_here(folder: Path, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a script in the launcher's own interpreter."""
    file = folder / "script.py"
    file.write_text(script, encoding="utf-8")
    wanted = spec(folder)._replace(variables={"MINE": "yes"})
    command = launcher(wanted, HERE, str(file), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_a_script_that_runs_in_its_interpreter_sees_nothing_of_it(tmp_path: Path) -> None:
    """As if an interpreter had been started for it."""
    script = """
import importlib.util, os, sys
import __main__
print(sys.argv[1:], os.environ["MINE"], __name__, __main__.__file__ == sys.argv[0] == __file__)
print(importlib.util.find_spec("orchestrator"), [name for name in sys.modules if name.startswith("orchestrator")])
"""
    done = run_here(tmp_path, script, "one", "two words")
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["['one', 'two words'] yes __main__ True", "None []"]


@pytest.mark.skipif(landlock.abi() < landlock.OLDEST_ABI, reason="this kernel cannot confine files")
def test_a_script_that_runs_in_its_interpreter_is_confined(tmp_path: Path) -> None:
    """It begins when everything else is given up."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    script = f"open({str(inside / 'mine')!r}, 'w').close()\nopen({str(outside)!r}, 'w')\n"
    assert "PermissionError" in run_here(inside, script).stderr
    assert (inside / "mine").exists()
    assert not outside.exists()


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        ("", 0, ""),
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('no licence')", 1, "no licence\n"),
        ("import os; os.kill(os.getpid(), 9)", 137, ""),
    ],
)
def test_a_script_that_runs_in_its_interpreter_ends_as_scripts_do(
    end: str, code: int, said: str, tmp_path: Path
) -> None:
    """With what it has printed so far."""
    done = run_here(tmp_path, f"print('printed', flush=True)\n{end}")
    assert (done.returncode, done.stdout, done.stderr) == (code, "printed\n", said)


def test_a_script_that_fails_in_its_interpreter_shows_its_own_lines_alone(tmp_path: Path) -> None:
    """Whoever wrote it knows nothing of a launcher."""
    done = run_here(tmp_path, "print('printed')\ndef fail():\n    raise ValueError('no licence')\nfail()\n")
    assert (done.returncode, done.stdout) == (1, "printed\n")
    assert done.stderr.splitlines()[-1] == "ValueError: no licence"
    assert "orchestrator" not in done.stderr.replace(str(tmp_path), "")


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


@pytest.mark.parametrize("user", [None, pytest.param(FIRST_USER, marks=as_root)])
def test_it_ends_with_the_one_that_started_it(user: int | None, tmp_path: Path) -> None:
    """A worker that is killed leaves no build behind. What is to die with whom, the kernel forgets with the user."""
    if user:
        os.chown(tmp_path, user, user)
    command = starter(tmp_path, "touch up; sleep 60; :", user)
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


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="nothing takes a capability from this process's children")
def test_a_folder_that_may_not_be_passed_is_named_where_nothing_can_be_mounted(tmp_path: Path) -> None:
    """As in a container; the command is not run."""
    tmp_path.chmod(0o700)
    (tmp_path / "inside").mkdir()
    command = launcher(spec(tmp_path / "inside")._replace(user=FIRST_USER), "touch", str(tmp_path / "inside" / "ran"))
    done = subprocess.run(
        ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", *command],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 127
    assert done.stderr.startswith(f"{NOT_CONFINED}: the user that it runs as may not pass /")
    assert not (tmp_path / "inside" / "ran").exists()


@pytest.mark.parametrize(("strict", "code"), [(True, 127), (False, 0)])
def test_a_command_that_cannot_be_confined_is_run_only_where_that_is_allowed(
    *, strict: bool, code: int, tmp_path: Path
) -> None:
    """To become another user is what a process without privileges cannot."""
    inner = spec(tmp_path)._replace(user=FIRST_USER, strict=strict)
    script = f"exec {shlex.join(launcher(inner._replace(parent=0), 'touch', 'ran'))}"
    # Its parent is known only when it runs.
    command = ["sh", "-c", script.replace('"parent": 0', "\"parent\": '$PPID'")]
    done = subprocess.run(launcher(spec(tmp_path), *command), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "ran").exists()) == (code, not strict)
    assert (NOT_CONFINED in done.stderr) is strict


def starter(folder: Path, script: str, user: int | None = None) -> list[str]:
    """The command line that runs the starter, whose launcher runs a shell's script."""
    return [sys.executable, "-c", _STARTER, spec(folder)._replace(user=user).to_json(), PROGRAM, str(ROOT), script]


def _runs(process: int) -> bool:
    try:
        return b") Z" not in Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return False
