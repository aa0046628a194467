"""A registry of npm packages on this machine, as npm's own clients know it."""

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote


class NpmRegistry:
    """Packages by name and version. `asked` lists the paths that were asked for."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.answers: dict[str, bytes] = {}
        self._packages: dict[str, dict[str, Any]] = {}

    def lock(self, name: str, version: str) -> str:
        """A `package-lock.json` with one package."""
        dist = self._packages[name]["versions"][version]["dist"]
        entry = {"version": version, "resolved": dist["tarball"], "integrity": dist["integrity"]}
        packages = {"": {"dependencies": {name: version}}, f"node_modules/{name}": entry}
        return json.dumps({"lockfileVersion": 3, "packages": packages})

    def publish(
        self,
        name: str,
        version: str,
        files: Mapping[str, str],
        *,
        at: str = "2026-01-01T00:00:00.000Z",
        **about: Any,
    ) -> None:
        """Publish a version, with what its `package.json` says besides."""
        manifest = {"name": name, "version": version, **about}
        content = _packed({"package.json": json.dumps(manifest), **files})
        path = f"/{name}/-/{name}-{version}.tgz"
        digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
        self.answers[path] = content
        dist = {"tarball": f"{self.address}{path}", "integrity": f"sha512-{digest}"}
        scripts = about.get("scripts", {})
        package = self._packages.setdefault(name, {"name": name, "dist-tags": {}, "versions": {}, "time": {}})
        package["dist-tags"]["latest"] = version
        package["versions"][version] = {**manifest, "dist": dist, "hasInstallScript": "install" in scripts}
        package["time"][version] = at
        self.answers[f"/{name}"] = json.dumps(package).encode()


@contextmanager
def npm_registry() -> Iterator[NpmRegistry]:
    """A registry that answers as long as this lasts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        _Handler.registries[server.server_port] = registry = NpmRegistry(server.server_port)
        Thread(target=server.serve_forever, daemon=True).start()
        yield registry
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    registries: dict[int, NpmRegistry] = {}  # noqa: RUF012  # One for each server of this process.

    def do_GET(self) -> None:
        """Answer what is published."""
        registry = self.registries[self.server.server_address[1]]  # type: ignore[index]  # Of a TCP server.
        path = unquote(self.path)
        registry.asked.append(path)
        content = registry.answers.get(path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing of requests."""


def _packed(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()
