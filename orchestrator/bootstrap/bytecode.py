"""Compiles a bundle's code before it is packed, so that no cold start has to: where the Lambdas' Python is at hand.

The bytecode is of the kind that is used without a look at the source: files of a zip have no times to compare. Names of
files in it count from the bundle's root, sets have one order, and everything is compiled in one order by a new process:
the same interpreter makes the same bytes of the same code.
"""

import os
import subprocess
from pathlib import Path

from uv import find_uv_bin

from orchestrator.build.platforms.interpreters import find_interpreter
from orchestrator.errors import OrchestratorError

_TIMEOUT_SECONDS = 300
_MODE = "unchecked-hash"
# Whoever moves from pydantic's first version imports it from there; nothing here does.
_NEVER_IMPORTED = "/pydantic/v1/"


class BytecodeError(OrchestratorError):
    """A bundle's code cannot be compiled."""


def compile_folder(folder: Path, version: str) -> bool:
    """Compile the modules of a folder that are ever imported, each into `__pycache__` beside it.

    Args:
        folder: the bundle's root.
        version: that of the Lambdas' Python.

    Returns:
        Whether there was an interpreter to do it; without one, Lambda compiles at each cold start.

    Raises:
        BytecodeError: a module is not valid for that version.
    """
    python = find_interpreter(version, find_uv_bin(), os.environ)
    if python is None:
        return False
    command = [str(python.program), "-S", "-m", "compileall", "-q", "--invalidation-mode", _MODE, "-x", _NEVER_IMPORTED]
    done = subprocess.run(
        [*command, "-s", str(folder), str(folder)],
        cwd="/",
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
    )
    if done.returncode:
        raise BytecodeError(
            f"The code of the Lambdas cannot be compiled by Python {version} ({python.program}):\n"
            f"{done.stdout}{done.stderr}"
        )
    return True
