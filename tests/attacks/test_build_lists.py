"""A unit's lists and locks name more than packages: addresses, variables and files of the machine that builds."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from orchestrator.errors import BuildError, ConfigurationError
from tests.attacks.confined import only_linux
from tests.attacks.hostile_unit import HostileUnit
from tests.unit.build.fakes import PYPROJECT

pytestmark = only_linux
_TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: app.handle, CodeUri: src/}}
"""
_PYLOCK = """\
lock-version = "1.0"
created-by = "uv"
[[packages]]
name = "six"
version = "1.16.0"
index = "{url}"
wheels = [{{ url = "{url}/six-1.16.0-py2.py3-none-any.whl", hashes = {{ sha256 = "{digest}" }} }}]
"""


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server that somebody else runs: its address, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        """Notes what it is asked for."""

        def do_GET(self) -> None:
            """Answer nothing."""
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_an_address_in_a_lock_is_not_asked(hostile_unit: HostileUnit) -> None:
    """The machine's own package index offers what the lock names, with that hash, or nothing is released."""
    hostile_unit.write("pyproject.toml", PYPROJECT)
    with listening() as (url, asked):
        hostile_unit.write("pylock.toml", _PYLOCK.format(url=url, digest="0" * 64))
        with pytest.raises(BuildError, match=r"six cannot be used: .* none has a SHA-256 that was locked"):
            hostile_unit.build()
    assert asked == []


@pytest.mark.parametrize("option", ["--index-url {url}", "--extra-index-url {url}", "-f {url}", "-r {url}/more.txt"])
def test_an_address_in_a_list_is_not_asked(option: str, hostile_unit: HostileUnit) -> None:
    """Not where it is included by another list either."""
    (hostile_unit.repository.folder / "projects/orders/pyproject.toml").unlink()
    hostile_unit.write("template.yaml", _TEMPLATE)
    hostile_unit.write("src/app.py", "def handle(event, context):\n    return 1\n")
    hostile_unit.write("src/requirements.txt", "-r more/list.txt\n")
    with listening() as (url, asked):
        hostile_unit.write("src/more/list.txt", f"six\n{option.format(url=url)}\n")
        with pytest.raises(ConfigurationError, match=r"projects/orders/src/more/list\.txt: "):
            hostile_unit.build()
    assert asked == []


@pytest.mark.parametrize(
    "text",
    [
        "six==${HARM_SECRET}\n",
        # The same in an encoding that a comment chooses.
        "# -*- coding: utf-7 -*-\nsix==+ACQAew-HARM_SECRET+AH0-\n",
        "-r ../../../../../../proc/self/environ\n",
    ],
)
def test_a_list_shows_nothing_of_the_machine(
    text: str, hostile_unit: HostileUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the message nor in the log."""
    monkeypatch.setenv("HARM_SECRET", "9.9.9")
    (hostile_unit.repository.folder / "projects/orders/pyproject.toml").unlink()
    hostile_unit.write("template.yaml", _TEMPLATE)
    hostile_unit.write("src/app.py", "def handle(event, context):\n    return 1\n")
    hostile_unit.write("src/requirements.txt", text)
    with pytest.raises(ConfigurationError) as caught:
        hostile_unit.build()
    assert "9.9.9" not in str(caught.value) + hostile_unit.said
