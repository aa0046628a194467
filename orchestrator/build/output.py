"""What a command prints, kept within bounds: its beginning as it comes, its end when it is over."""

from collections import deque
from typing import IO


class BoundedOutput:
    """Keeps a command's output.

    Args:
        log: where it is written to.
        limit: bytes that are kept: half of it the beginning, half the end.
    """

    def __init__(self, log: IO[bytes], limit: int) -> None:
        self._log = log
        self._room = limit // 2
        self._half = limit - self._room
        self._kept: list[bytes] = []
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self.size = 0
        """Bytes printed so far."""

    def feed(self, chunk: bytes) -> None:
        """Take what was printed next."""
        self.size += len(chunk)
        beginning, rest = chunk[: self._room], chunk[self._room :]
        if beginning:
            self._room -= len(beginning)
            self._write(beginning)
        if rest:
            self._tail.append(rest)
            self._tail_size += len(rest)
            while self._tail_size - len(self._tail[0]) >= self._half:
                self._tail_size -= len(self._tail.popleft())

    def finish(self) -> str:
        """Write the end, and return all that was kept."""
        end = b"".join(self._tail)[-self._half :]
        left_out = self.size - sum(map(len, self._kept)) - len(end)
        if left_out:
            self._write(f"\n[... {left_out} bytes are left out here ...]\n".encode())
        self._write(end)
        return b"".join(self._kept).decode(errors="replace")

    def _write(self, content: bytes) -> None:
        self._kept.append(content)
        self._log.write(content)
        self._log.flush()
