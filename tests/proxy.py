"""A small proxy that tunnels (`CONNECT`), as those of companies do, and notes who wanted to go where."""

import base64
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_POLL_SECONDS = 0.02
_CHUNK = 65_536


class Proxy:
    """Tunnels to wherever it is asked to.

    Args:
        wants: the credentials that it asks for, as `user:password`; None for none.
    """

    def __init__(self, wants: str | None = None) -> None:
        self.tunnels: list[str] = []
        """The hosts and ports that it led to."""
        self.heard: list[bytes] = []
        """All that was sent through it, as far as it can read."""
        proxy = self
        expected = f"Basic {base64.b64encode(wants.encode()).decode()}" if wants else None

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:  # The library's name.
                if expected and self.headers["Proxy-Authorization"] != expected:
                    self.send_error(407)
                    return
                host, port = self.path.rsplit(":", 1)
                with socket.create_connection((host, int(port))) as there:
                    proxy.tunnels.append(self.path)
                    self.send_response(200)
                    self.end_headers()
                    back = Thread(target=_carry, args=(there, self.connection), daemon=True)
                    back.start()
                    _carry(self.connection, there, proxy.heard)
                    back.join()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()

    @property
    def host(self) -> str:
        """Its host with its port."""
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


def _carry(source: socket.socket, target: socket.socket, heard: list[bytes] | None = None) -> None:
    try:
        while data := source.recv(_CHUNK):
            if heard is not None:
                heard.append(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        # One of the two is gone, and so is the tunnel.
        target.close()
