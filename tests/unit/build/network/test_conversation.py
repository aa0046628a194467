"""What a proxy is asked, whatever that is."""

import asyncio
import re

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.build.network.conversation import Conversation, RefusedError

_PARTS = st.sampled_from(
    [
        b"CONNECT ",
        b"GET ",
        b"models.example.com",
        b":443",
        b" HTTP/1.1",
        b" HTTP/1.0",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"Host: a",
        b"Content-Length: 3",
        b"Transfer-Encoding: chunked",
        b"Expect: 100-continue",
        b"Connection: Upgrade",
        b"Upgrade: h2c",
        b"3\r\nabc",
        b"\0",
        b"x" * 3_000,
    ]
)
_NAME = re.compile(r"([a-z0-9-]+\.)+[a-z][a-z0-9-]*")


def asked(sent: bytes) -> tuple[str, int] | str:
    """What is asked for, or how that is refused."""

    async def converse() -> tuple[str, int] | str:
        reader = asyncio.StreamReader()
        reader.feed_data(sent)
        reader.feed_eof()
        conversation = Conversation.new(8_000)
        try:
            return await conversation.asked(reader, 5)
        except RefusedError as refusal:
            return conversation.refused(refusal).decode()
        except ConnectionError:
            return ""

    return asyncio.run(converse())


@given(st.lists(_PARTS | st.binary(max_size=20), max_size=12).map(b"".join))
def test_whatever_is_sent_is_a_name_with_a_port_or_refused(sent: bytes) -> None:
    """It ends in no other way."""
    answer = asked(sent)
    if isinstance(answer, tuple):
        assert _NAME.fullmatch(answer[0])
        assert sent.lstrip(b"\r\n").startswith(b"CONNECT ")
    else:
        assert not answer or re.match(r"HTTP/1\.1 4\d\d [ -~]+\r\n[^\0]*\r\n\r\nRefused: [ -~]+\.\n$", answer)


@given(st.from_regex(r"([A-Za-z0-9]{1,9}\.){1,3}[A-Za-z][a-z0-9]{0,9}\.?:[1-9][0-9]{0,3}", fullmatch=True))
def test_a_name_is_asked_for_in_small_letters_and_without_its_last_dot(target: str) -> None:
    """However programs write it."""
    name, port = target.split(":")
    sent = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()
    assert asked(sent) == (name.lower().removesuffix("."), int(port))
