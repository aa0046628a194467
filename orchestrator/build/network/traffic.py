"""Traffic of a proxy and its refusals, which are told when the command has ended."""

from collections import Counter
from collections.abc import Iterator

MARK = "[network]"
"""How each line begins."""
# A command may ask for as many names as it likes.
_MOST_TOLD = 50


class Traffic:
    """Counts what goes through a proxy.

    Args:
        limit: bytes that may go through it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._connections: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def opened(self, place: str) -> None:
        """Note a connection to a host."""
        self._connections[_told(place, self._connections)] += 1

    def carry(self, place: str, size: int) -> None:
        """Note bytes that are carried to or from a host.

        Raises:
            ConnectionAbortedError: they are too many.
        """
        self._bytes[_told(place, self._bytes)] += size
        if self._bytes.total() > self._limit:
            self.refused(f"more than {self._limit:,} bytes in all")
            raise ConnectionAbortedError

    def refused(self, why: str) -> None:
        """Note a refusal."""
        self._refused[_told(why, self._refused)] += 1

    def lines(self) -> Iterator[str]:
        """All of it, a line each."""
        for place, count in sorted(self._connections.items()):
            yield f"{MARK} {place}: {_times(count, 'connection')}, {self._bytes[place]:,} bytes"
        for why, count in self._refused.items():
            repeated = f" ({_times(count, 'time')})" if count > 1 else ""
            yield f"{MARK} refused: {why}{repeated}"


def _told(what: str, counted: Counter[str]) -> str:
    return what if what in counted or len(counted) < _MOST_TOLD else "others"


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
