"""Imports a handler as Lambda does, as a script, in an interpreter that sees the wheel and the layer alone.

Its arguments: the module, the function, the seconds it may take, and the folders to import from.
"""

import importlib
import os
import signal
import sys

# What the error is about is on the last line: modules that are missing, and anything else.
MISSING, FAILED, NO_FUNCTION = 65, 70, 78


def main(module: str, name: str, seconds: str, *folders: str) -> int:
    """Import it; returns the exit code."""
    signal.alarm(int(seconds))
    sys.path[:0] = folders
    try:
        found = importlib.import_module(module)
    except (ImportError, SyntaxError) as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return MISSING
    except Exception as error:  # noqa: BLE001  # The unit's code may raise anything, such as for a missing variable.
        sys.excepthook(type(error), error, error.__traceback__)
        return FAILED
    return 0 if callable(getattr(found, name, None)) else NO_FUNCTION


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads and exit handlers of the unit's have no say any more.
    os._exit(code)
