"""Runs hostile code as a build runs a unit's code: really confined, by the launcher, in both ways that it has."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from orchestrator.build.confined.confinement import Confinement
from orchestrator.build.confined.users import own_user
from orchestrator.confine.features import Features, of_this_machine
from orchestrator.confine.launch import HERE

CREDENTIALS = "credentials-of-the-builder-role"
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can confine")
EXECUTED, FORKED = "executed", "forked"
both_ways = pytest.mark.parametrize("way", [EXECUTED, FORKED])


def attack(
    folder: Path, code: str, way: str = EXECUTED, features: Features | None = None, *, fetches: bool = False
) -> "subprocess.CompletedProcess[str]":
    """Run Python code confined.

    Args:
        folder: an empty folder; its `scratch` is all that the code may write to.
        code: what it does.
        way: `EXECUTED` as another program, or `FORKED` in the launcher's own interpreter.
        features: what the kernel can do, when it plays an older one.
        fetches: whether it runs with the network of a tool that fetches.
    """
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    script = folder / "attack.py"
    script.write_text(code, encoding="utf-8")
    with own_user(features or of_this_machine()) as user:
        confinement = Confinement(scratch, user=user, features=features or of_this_machine())
        if fetches:
            confinement = replace(confinement, cache=folder / "cache", user=None)
        seen = confinement.variables({"PATH": "/usr/bin:/bin"})
        program: Sequence[str | Path] = [HERE] if way == FORKED else [Path(sys.executable), "-I", "-S"]
        command = confinement.command([*program, script], seen, 60, {})
        return subprocess.run(
            command, cwd=scratch, env=seen, capture_output=True, text=True, check=False, timeout=60, stdin=-3
        )


class _Metadata(BaseHTTPRequestHandler):
    """What stands for the service that hands out a role's credentials."""

    def do_GET(self) -> None:
        """Hand them out to whoever asks."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(CREDENTIALS.encode())

    def log_message(self, *_arguments: object) -> None:
        """Say nothing of requests."""


@contextmanager
def metadata_service() -> Iterator[int]:
    """The port of a service that hands out credentials over plain HTTP, as the real ones do."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Metadata) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
