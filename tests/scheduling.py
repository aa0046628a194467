"""Which tests a worker of pytest-xdist runs together, and which of them come first."""

from typing import Any

from xdist.scheduler import LoadFileScheduling

_END_TO_END = "tests/end_to_end/test_"
_INSTALLATION = "the shared installation"
# They join one installation on the embedded cloud, which costs seconds; on one worker it is made once.
_SHARING = tuple(f"{_END_TO_END}{name}.py" for name in ("access", "approvals", "kills", "load", "templates", "trains"))
# What takes longest comes first, so that no worker ends alone; what waits most runs beside what computes most.
_FIRST = (
    *_SHARING,
    "tests/state_machines/test_failures_on_moto.py",
    f"{_END_TO_END}restart.py",
    "tests/state_machines/test_trains_on_moto.py",
    f"{_END_TO_END}promotion.py",
    _END_TO_END,
    "tests/state_machines/",
)


class ByWhatIsShared(LoadFileScheduling):  # type: ignore[misc]  # Its types are not known.
    """Gives each worker files as a whole, and those that share an installation to one of them."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return _INSTALLATION if file in _SHARING else file


def rank(item: Any) -> int:
    """When a test comes; smaller numbers come first."""
    return next((number for number, start in enumerate(_FIRST) if item.nodeid.startswith(start)), len(_FIRST))
