"""Imports a handler as Lambda does, as a script, in an interpreter that sees the wheel and the layer alone.

Its arguments: the module, the function, the seconds it may take, and the folders to import from.
"""

import importlib
import os
import signal
import sys

# What the error is about is on the last line: modules that are missing, and anything else. That it went well has a
# code of its own, because a module that ends the interpreter leaves 0.
IMPORTED, MISSING, FAILED, NO_FUNCTION = 64, 65, 70, 78


def main(module: str, name: str, seconds: str, *folders: str) -> int:
    """Import it; returns the exit code."""
    signal.alarm(int(seconds))
    sys.path[:0] = folders
    try:
        found = importlib.import_module(module)
    except (ImportError, SyntaxError) as error:
        _tell(error)
        return MISSING
    except Exception as error:  # noqa: BLE001  # The unit's code may raise anything, such as for a missing variable.
        _tell(error)
        return FAILED
    return IMPORTED if callable(getattr(found, name, None)) else NO_FUNCTION


def _tell(error: Exception) -> None:
    """Print an error from the unit's first line on: how that was reached is not its author's business."""
    ways = (__file__, str(importlib.__file__), "<frozen importlib")
    seen = error.__traceback__
    while seen and seen.tb_frame.f_code.co_filename.startswith(ways):
        seen = seen.tb_next
    sys.excepthook(type(error), error.with_traceback(seen), seen)


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads and exit handlers of the unit's have no say any more.
    os._exit(code)
