"""The web server that the releases of a company in moto answer on. It stands in for CloudTrail, too."""

import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from orchestrator.local.certificate import make_certificate

# Seconds until it is noticed that it shall stop; half a second unless told.
_EVERY = 0.1


def started_event(execution: str, who: str) -> dict[str, Any]:
    """What CloudTrail records of an execution that was started."""
    _, _, _, region, account, *_ = execution.split(":")
    return {
        "eventSource": "states.amazonaws.com",
        "eventName": "StartExecution",
        "awsRegion": region,
        "recipientAccountId": account,
        "userIdentity": {"arn": who},
        "responseElements": {"executionArn": execution},
    }


class Site:
    """A web server that answers 200 for every release that is not broken, and tells who started what.

    Args:
        folder: where its certificate is put.
    """

    def __init__(self, folder: Path) -> None:
        self.broken: set[str] = set()
        """Versions whose address answers 503."""
        self.starts: list[dict[str, Any]] = []
        """What CloudTrail has recorded."""
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        make_certificate(self.certificate, key)
        site = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # The base class asks for this name.
                self.send_response(503 if self.path.removeprefix("/") in site.broken else 200)
                self.end_headers()

            def do_POST(self) -> None:  # The same.
                events = [{"CloudTrailEvent": json.dumps(event)} for event in site.starts]
                body = json.dumps({"Events": events}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, args=(_EVERY,), daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
