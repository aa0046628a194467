"""The conversation with a proxy: one `CONNECT` (RFC 9110), and the answer. `h11` reads it, whoever has written it."""

import asyncio
import re
from http import HTTPStatus

import h11

from orchestrator.frozen import dataclass

_CHUNK = 4 * 1024
# A name with at least two labels, the last of which makes it no address, in whatever way addresses are written.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_TARGET = re.compile(rf"((?:{_LABEL}\.)+(?=[a-z]){_LABEL})\.?:([1-9][0-9]{{0,4}})")
_LONGEST_SHOWN = 100


class RefusedError(Exception):
    """A request that is refused; its text says why.

    Args:
        status: HTTP's.
        why: a sentence without its end.
    """

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


@dataclass(frozen=True)
class Conversation:
    """One conversation.

    Attributes:
        connection: its state.
    """

    connection: h11.Connection

    @classmethod
    def new(cls, most_bytes: int) -> "Conversation":
        """Begin one.

        Args:
            most_bytes: how long a request may be.
        """
        return cls(h11.Connection(h11.SERVER, max_incomplete_event_size=most_bytes))

    async def asked(self, reader: asyncio.StreamReader, seconds: float) -> tuple[str, int]:
        """The name, in small letters, and the port that a tunnel is asked for.

        Args:
            reader: of the connection.
            seconds: how long it may take until the request is complete.

        Raises:
            RefusedError: the request is for something else, or not complete.
            ConnectionError: there is none.
        """
        try:
            async with asyncio.timeout(seconds):
                return _target(await self._tunnel(reader))
        except TimeoutError as error:
            why = f"a request that was not complete after {seconds:g} seconds"
            raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, why) from error
        except h11.RemoteProtocolError as error:
            raise RefusedError(error.error_status_hint, "a request that is not valid HTTP/1.1, or too long") from error

    async def _tunnel(self, reader: asyncio.StreamReader) -> bytes:
        """What a request without a body asks for a tunnel to."""
        while (event := self.connection.next_event()) is h11.NEED_DATA:
            self.connection.receive_data(await reader.read(_CHUNK))
        if not isinstance(event, h11.Request):
            raise ConnectionResetError
        if event.method != b"CONNECT":
            why = f"{_shown(event.method)} {_shown(event.target)}: hosts are reached by CONNECT alone, as for https"
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, why)
        if not isinstance(self.connection.next_event(), h11.EndOfMessage):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "a CONNECT that has a body")
        return event.target

    def agreed(self) -> tuple[bytes, bytes]:
        """The answer that the tunnel is there, and what has come already that belongs into it."""
        head = h11.Response(status_code=HTTPStatus.OK, headers=[], reason=b"Connection established")
        return self.connection.send(head) or b"", self.connection.trailing_data[0]

    def refused(self, refusal: RefusedError) -> bytes:
        """The answer that there is none."""
        text = f"Refused: {refusal}.\n".encode(errors="replace")
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(text))), ("Connection", "close")]
        head = h11.Response(status_code=refusal.status, headers=headers, reason=HTTPStatus(refusal.status).phrase)
        events = (head, h11.Data(data=text), h11.EndOfMessage())
        return b"".join(self.connection.send(event) or b"" for event in events)


def _target(target: bytes) -> tuple[str, int]:
    """The name and port that a request names, however the name is spelt."""
    match = _TARGET.fullmatch(target.decode("ascii", "replace").lower())
    if match is None:
        why = f"{_shown(target)}, which is not the full name of a host and its port"
        raise RefusedError(HTTPStatus.FORBIDDEN, why)
    return match[1], int(match[2])


def _shown(text: bytes) -> str:
    """Text that hostile code chose, without what a terminal would obey."""
    return repr(text[:_LONGEST_SHOWN].decode("ascii", "replace"))
