"""The flow: limits, a namespace, what is given up; then the command, and the end of all that it started.

A script of Python's needs no other interpreter than the one that runs this: `HERE` in the place of a program. What the
launcher has imported is imported then, and nothing has to be started once more.
"""

import os
import resource
import select
import signal
import sys
from collections.abc import Mapping
from types import FrameType
from typing import NoReturn

from orchestrator.confine import giving_up, namespace, processes, script, system
from orchestrator.confine.filters import HOSTS
from orchestrator.confine.spec import Spec

KILLED = 128
NOT_CONFINED = "this command was not run, because it cannot be confined"
"""How a refusal begins, in the command's output."""
_UMASK = 0o022
HERE = "python"
"""In the place of a program: the launcher's own interpreter, which runs the script that comes next."""
# The command line of a launcher: it finds this package, and nothing else than the standard library.
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from orchestrator.confine.launch import main; main(sys.argv[2:])"
)


def main(arguments: list[str]) -> None:
    """Run `SPEC COMMAND...`; exits as the command does, with 128 and more for a signal as shells do.

    A SIGTERM ends the command and everything it has started.
    """
    spec, command = Spec.from_json(arguments[0]), arguments[1:]
    system.die_with_parent(signal.SIGKILL)
    if os.getppid() != spec.parent:
        sys.exit(KILLED + signal.SIGKILL)
    # What is made for the command must be readable to the user that it runs as.
    os.umask(_UMASK)
    _limit(spec)
    system.adopt_orphans()
    own = _enter_namespaces(spec)
    alive = os.pipe()
    child = os.fork()
    if child == 0:
        _first(spec, command, alive, own_processes=own)
    _end_on_sigterm(child)
    code = _wait(child)
    processes.end_all(os.getpid())
    # Nothing is to be tidied up, which takes as long as all of the above.
    os._exit(code)


def _enter_namespaces(spec: Spec) -> bool:
    """Enter namespaces; returns whether the command has processes of its own. Without a network of its own, it ends."""
    if spec.network != HOSTS:
        return namespace.enter()
    # It takes long to import, and few commands need it.
    from orchestrator.confine import loopback  # noqa: PLC0415

    try:
        namespace.enter_with_network()
        loopback.open_to(spec.channel)
    except OSError as error:
        _refuse(error)
    return True


def _refuse(error: OSError) -> NoReturn:
    os.write(2, f"{NOT_CONFINED}: {error.strerror}\n".encode(errors="replace"))
    os._exit(127)


def _first(spec: Spec, command: list[str], alive: tuple[int, int], *, own_processes: bool) -> None:
    """What the first process does: give up everything, then run the command as its only child."""
    os.close(alive[1])
    if spec.network == HOSTS:
        os.close(spec.channel)
    if own_processes:
        namespace.show_own_processes()
    try:
        giving_up.give_up(spec)
    except OSError as error:
        _refuse(error)
    # Only now: the kernel forgets about it when a process changes its user. Its parent may have ended before.
    system.die_with_parent(signal.SIGKILL)
    if select.select([alive[0]], [], [], 0)[0]:
        os._exit(KILLED + signal.SIGKILL)
    os.close(alive[0])
    if not own_processes:
        _become(command, spec.variables)
    # The first process of a namespace cannot be killed by its own signals, and must take in orphans: not the command.
    child = os.fork()
    if child == 0:
        _become(command, spec.variables)
    os._exit(_wait(child))


def _become(command: list[str], variables: Mapping[str, str]) -> None:
    if command[0] == HERE:
        os.environ.update(variables)
        script.run(command[1], command[2:])
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these; programs expect them not to be.
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, {**os.environ, **variables})  # noqa: S606  # No shell is what is wanted.
    except (OSError, ValueError) as error:  # A variable that no environment can hold is a ValueError.
        os.write(2, f"{command[0]}: {getattr(error, 'strerror', error)}\n".encode(errors="replace"))
        os._exit(127)


def _limit(spec: Spec) -> None:
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: spec.cpu_seconds,
        resource.RLIMIT_FSIZE: spec.file_bytes,
        resource.RLIMIT_NOFILE: spec.open_files,
        resource.RLIMIT_DATA: spec.data_bytes,
        # Of root, the kernel does not count processes: there the one that has started this does.
        resource.RLIMIT_NPROC: spec.processes,
    }
    for kind, wanted in limits.items():
        hard = resource.getrlimit(kind)[1]
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (limit, limit))


def _end_on_sigterm(child: int) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGTERM, end)


def _wait(child: int) -> int:
    """Wait for a child, and meanwhile for whatever orphans come to this process."""
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else KILLED - code
