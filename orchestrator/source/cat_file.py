"""Reads objects out of a git repository on this machine, by one `git cat-file` that keeps running."""

import os
import selectors
import subprocess
import tempfile
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from threading import Lock
from typing import IO, NamedTuple

from orchestrator.errors import SourceError
from orchestrator.source.git import TIMEOUT_SECONDS, Git

_CHUNK = 1024 * 1024


class GitObject(NamedTuple):
    """A commit, a tree, a blob or a tag as git keeps it."""

    id: str
    kind: str
    content: bytes


class ObjectReader:
    """Reads objects; any number of threads may ask. The process starts with the first question, and ends with this.

    A build asks a dozen times, one level of folders after the other, and git takes longer to start than to answer.

    Args:
        git: runs git in the repository.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._lock = Lock()
        self._running: _Running | None = None

    def read(self, names: Iterable[str]) -> list[GitObject | None]:
        """Read objects, in the order asked for; None for what is not there.

        Args:
            names: ids, or whatever else git takes for the name of an object; a name is one line.

        Raises:
            SourceError: git failed, or took longer than two minutes.
        """
        lines = [f"{name}\n" for name in names]
        if not lines:
            return []
        with self._lock:
            running, self._running = self._running or self._started(), None
            found = _Exchange(self._git, running, "".join(lines).encode(), len(lines)).run()
            # What was answered by half is not to be taken for the next answer.
            self._running = running
        return found

    def present(self, names: Iterable[str]) -> Iterator[GitObject]:
        """Read objects that must be there.

        Raises:
            SourceError: as `read`; or one is not there.
        """
        wanted = list(names)
        for name, found in zip(wanted, self.read(wanted), strict=True):
            if found is None:
                raise lacking(self._git, name)
            yield found

    def _started(self) -> "_Running":
        running = _Running.started(self._git)
        weakref.finalize(self, running.end)
        return running


def lacking(git: Git, name: str) -> SourceError:
    """What is said of an object that a clone should hold."""
    return SourceError(f"{git.url} lacks the object {name}: clone it without --filter, or fetch it.")


class _Running(NamedTuple):
    """A `git cat-file`, its ends of the pipes, and the file that it complains into."""

    process: "subprocess.Popen[bytes]"
    requests: IO[bytes]
    answers: IO[bytes]
    said: IO[bytes]

    @classmethod
    def started(cls, git: Git) -> "_Running":
        with ExitStack() as opened:
            said = opened.enter_context(tempfile.TemporaryFile())
            process = git.start("cat-file", "--batch", stderr=said)
            # It is closed when the process has ended.
            opened.pop_all()
        assert process.stdin is not None  # noqa: S101  # They are pipes.
        assert process.stdout is not None  # noqa: S101
        for end in (process.stdin, process.stdout):
            os.set_blocking(end.fileno(), False)
        return cls(process, process.stdin, process.stdout, said)

    def end(self) -> None:
        """End it, and wait until it has ended."""
        self.process.kill()
        self.process.wait()
        for file in (self.requests, self.answers, self.said):
            file.close()


class _Exchange:
    """One question of any number of lines, and its answers, in turns: git waits until its answers are read."""

    def __init__(self, git: Git, running: _Running, request: bytes, count: int) -> None:
        self._git = git
        self._running = running
        self._request = memoryview(request)
        self._count = count
        self._found: list[GitObject | None] = []
        self._answers = bytearray()
        self._read = 0
        # How much must have come before there is more to be read out of it.
        self._needed = 0

    def run(self) -> list[GitObject | None]:
        """Ask, and read all answers."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._running.requests, selectors.EVENT_WRITE, self._ask)
            selector.register(self._running.answers, selectors.EVENT_READ, self._listen)
            while len(self._found) < self._count:
                ready = selector.select(max(0, deadline - time.monotonic()))
                if not ready:
                    raise self._failed(f"it took longer than {TIMEOUT_SECONDS} seconds")
                for key, _ in ready:
                    key.data()
                    if key.data == self._ask and not self._request:
                        selector.unregister(key.fileobj)
        return self._found

    def _ask(self) -> None:
        try:
            self._request = self._request[os.write(self._running.requests.fileno(), self._request[:_CHUNK]) :]
        except BrokenPipeError as error:
            raise self._failed("it ended") from error

    def _listen(self) -> None:
        chunk = os.read(self._running.answers.fileno(), _CHUNK)
        if not chunk:
            raise self._failed("it ended")
        self._answers += chunk
        while self._needed <= len(self._answers) and (end := self._answers.find(b"\n", self._read)) >= 0:
            words = bytes(self._answers[self._read : end]).split()
            if words[-1] in (b"missing", b"ambiguous"):
                self._found.append(None)
                self._read = end + 1
                continue
            # The content, and a line's end behind it.
            after = end + 1 + int(words[-1])
            self._needed = after + 1
            if self._needed <= len(self._answers):
                content = bytes(self._answers[end + 1 : after])
                self._found.append(GitObject(words[0].decode(), words[-2].decode(), content))
                self._read = self._needed

    def _failed(self, how: str) -> SourceError:
        running = self._running
        running.process.kill()
        running.process.wait()
        running.said.seek(0)
        said = running.said.read().decode(errors="replace").strip()
        return SourceError(f"git cat-file failed in {self._git.url}: {said or how}")
