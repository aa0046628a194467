"""Runs a script in this interpreter as if that had been started with it, and had imported nothing of ours."""

import os
import sys
from types import ModuleType
from typing import NoReturn

_OURS = __name__.partition(".")[0]


def run(path: str, arguments: list[str]) -> NoReturn:
    """Run it, and end this process as it ends.

    Args:
        path: the script.
        arguments: what it sees behind its name in `sys.argv`.
    """
    code = 1
    try:
        _forget()
        sys.argv = [path, *arguments]
        module = sys.modules["__main__"] = ModuleType("__main__")
        module.__file__ = path
        with open(path, "rb") as file:  # noqa: PTH123  # pathlib is slow to import.
            text = file.read()
        exec(compile(text, path, "exec"), module.__dict__)  # noqa: S102  # It is what was asked for.
        code = 0
    except SystemExit as end:
        code = _code(end.code)
    except BaseException as error:  # noqa: BLE001  # Whatever it is, it is the script's.
        its_own = error.__traceback__ and error.__traceback__.tb_next
        sys.excepthook(type(error), error.with_traceback(its_own), its_own)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _forget() -> None:
    """Let nothing of this package be found or imported any more."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120  # As above.
    sys.path[:] = [one for one in sys.path if one != root]
    for name in [name for name in sys.modules if name.partition(".")[0] == _OURS]:
        del sys.modules[name]


def _code(code: object) -> int:
    """The exit code that `sys.exit` is called for with a number, a message or nothing."""
    if code is None or isinstance(code, int):
        return code or 0
    sys.stderr.write(f"{code}\n")
    return 1
