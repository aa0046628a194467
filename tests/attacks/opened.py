"""Runs hostile code as a build runs the code of a unit to which hosts are opened, and serves one of these hosts."""

import ssl
import sys
from collections.abc import Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from orchestrator.build.confined.confinement import Confinement
from orchestrator.build.confined.users import own_user
from orchestrator.build.network.reach import Bounds, Reach
from orchestrator.build.run import Commands, Outcome
from orchestrator.confine.features import of_this_machine
from orchestrator.confine.launch import HERE
from orchestrator.local.certificate import make_certificate
from tests.attacks.confined import EXECUTED, FORKED

HOST = "models.example.com"
"""The host that is opened."""
MODEL = "a model of the world"
_LOOPBACK = "127.0.0.1"


class OpenedHost:
    """The host: a TLS server at this machine's loopback.

    Args:
        folder: gets its certificate.
    """

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        """What it was asked for."""
        self.certificate = folder / "certificate.pem"
        host = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # The base class asks for this name.
                host.asked.append(f"{self.headers['Host']}{self.path}")
                self.send_response(200)
                self.end_headers()
                self.wfile.write(MODEL.encode())

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        make_certificate(self.certificate, folder / "key.pem", HOST)
        self._server = ThreadingHTTPServer((_LOOPBACK, 0), Answers)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "key.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def opened(self) -> tuple[str, ...]:
        """How an administrator opens it."""
        return (f"{HOST}:{self.port}",)

    @property
    def reach(self) -> Reach:
        """How it is reached: as if its address was public."""
        return Reach(lambda _name, _port: [_LOOPBACK], frozenset({(_LOOPBACK, self.port)}))

    def bounded(self, bounds: Bounds) -> Reach:
        """The same, where a command may have less of it."""
        return replace(self.reach, bounds=bounds)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a build machine that trusts its certificate."""
        return {"PATH": "/usr/bin:/bin", "SSL_CERT_FILE": str(self.certificate)}

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def attack(folder: Path, code: str, host: OpenedHost, way: str = EXECUTED, landlock: int | None = None) -> Outcome:
    """Run Python code to which a host is opened, as a build does.

    Args:
        folder: an empty folder.
        code: what it does; `PORT` is the host's.
        host: what is opened.
        way: `EXECUTED` as another program, or `FORKED` in the launcher's own interpreter.
        landlock: the version that the kernel has, when it plays an older one.
    """
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    script = folder / "attack.py"
    script.write_text(f"HOST, PORT = {HOST!r}, {host.port}\n{code}", encoding="utf-8")
    features = of_this_machine()
    if landlock is not None:
        features = features._replace(landlock=landlock)
    with own_user(features) as user:
        confinement = Confinement(scratch, user=user, features=features, hosts=host.opened, reach=host.reach)
        commands = Commands("orders", folder / "log", host.environment, 60, confinement)
        program: Sequence[str | Path] = [HERE] if way == FORKED else [Path(sys.executable), "-I", "-S"]
        return commands.attempt("attack", [*program, script], scratch)
