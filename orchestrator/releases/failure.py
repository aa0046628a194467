"""How a build failed, in the words that an execution's history and the ledger keep."""

import traceback

from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass

# What Step Functions takes as the cause of a failure, in characters.
_LONGEST_CAUSE = 32_768
_CUT = "\n[...]\n"


@dataclass(frozen=True)
class Failure:
    """The error's name, `BuildError` for what the unit can mend and `Bug` for what we must, and its cause."""

    error: str
    cause: str


def failure_of(error: Exception) -> Failure:
    """Put an error into words: its sentences and notes when it is expected, else its traceback."""
    if isinstance(error, OrchestratorError):
        text = "\n".join([str(error), *getattr(error, "__notes__", [])])
        return Failure("BuildError", shorten(text, _LONGEST_CAUSE))
    return Failure("Bug", shorten("".join(traceback.format_exception(error)), _LONGEST_CAUSE))


def shorten(text: str, limit: int) -> str:
    """Cut a text in its middle to at most `limit` characters: its first line says what, its last lines why."""
    if len(text) <= limit:
        return text
    head = limit // 4
    tail = limit - head - len(_CUT)
    return text[:head] + _CUT + text[-tail:]
