"""A small GitHub Enterprise: the REST and GraphQL API of one repository, answered out of a real one as documented."""

import base64
import gzip
import hashlib
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.github import graphql
from tests.github.git_objects import GitObjects

FULL_NAME = "acme/shop"
TOKEN = "github_pat_a-token-that-must-not-be-seen"

# How soon it notices that it is to stop.
_POLL_SECONDS = 0.02
# Longer answers are zipped.
_SHORT = 1000


@dataclass(frozen=True)
class Asked:
    """A request that came: method, path with query, headers by their names in small letters, and body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """An answer: a document becomes JSON, bytes stay what they are."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """How long each byte takes."""


Script = Callable[[Asked], Answer | None]
"""Answers in the API's place; None leaves it to the API."""


class GitHubServer:
    """Serves one repository over TLS.

    Args:
        folder: the git repository.
        certificate: and `key`: what it proves itself with.
        full_name: of the repository.
    """

    def __init__(self, folder: Path, certificate: Path, key: Path, full_name: str = FULL_NAME) -> None:
        self.full_name = full_name
        self.objects = GitObjects(folder)
        self.asked: list[Asked] = []
        """Every request, in order."""
        self.scripts: list[Script] = []
        """Each is asked before the API."""
        self.tokens = {TOKEN}
        """Those that are accepted."""
        self.most_entries = 100_000
        """How many entries a recursive tree has at most; the rest is left out."""
        self.remaining = 5000
        """Of the rate limit."""
        self.most_objects = 1000
        """How many objects may be asked for in one query, before that takes too long."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()

    @property
    def host(self) -> str:
        """Its host with its port."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """The repository as `orchestrator.toml` names it."""
        return f"github://{self.host}/{FULL_NAME}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def once(self, answer: Answer) -> None:
        """Answer the next request in the API's place."""
        self.scripts.append(_Once(answer))

    def alter(self, blob: str, content: bytes) -> None:
        """Tell something else of a file from now on."""
        self.objects.altered[blob] = content

    def paths(self) -> list[str]:
        """What was asked for, below the repository's own URL."""
        return [one.path.removeprefix(f"/api/v3/repos/{FULL_NAME}") for one in self.asked]

    def answer(self, asked: Asked) -> Answer:
        """Answer a request."""
        self.asked.append(asked)
        for script in list(self.scripts):
            answer = script(asked)
            if answer is not None:
                return answer
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer({"message": "Bad credentials", "status": "401"}, 401)
        if asked.path == "/api/graphql":
            return self._graphql(json.loads(asked.body))
        prefix = f"/api/v3/repos/{self.full_name}"
        if not asked.path.startswith(f"{prefix}/"):
            return missing()
        return self._rest(asked, asked.path.removeprefix(prefix))

    def _graphql(self, document: dict[str, Any]) -> Answer:
        if document["query"].count("object(") > self.most_objects:
            return Answer({"message": "We couldn't respond to your request in time."}, 502)
        return Answer(graphql.answer(document, self.objects, self.full_name))

    def _rest(self, asked: Asked, path: str) -> Answer:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind, _, rest = unquote(parts.path).removeprefix("/git").removeprefix("/").partition("/")
        routes: dict[str, Callable[[], Answer]] = {
            "ref": lambda: self._ref(asked, rest),
            "branches": lambda: self._page(asked, query, [{"name": name} for name in self.objects.branches()]),
            "commits": lambda: self._commits(asked, query, rest),
            "compare": lambda: self._compare(asked, query, rest),
            "trees": lambda: self._tree(rest, is_recursive="recursive" in query),
            "blobs": lambda: self._blob(asked, rest),
        }
        return routes.get(kind, missing)()

    def _commits(self, asked: Asked, query: Mapping[str, str], revision: str) -> Answer:
        if "/git/commits/" in asked.path:
            found = self.objects.commits("--no-walk", revision)
            return Answer({**found[0], **found[0]["commit"]}) if found else missing()
        if revision:
            return missing()
        if "sha" in query:
            since = [f"--since={query['since']}"] if "since" in query else []
            return self._page(asked, query, self.objects.commits(*since, query["sha"], "--", query["path"]))
        return missing()

    def _ref(self, asked: Asked, name: str) -> Answer:
        if not self.objects.branches():
            return Answer({"message": "Git Repository is empty.", "status": "409"}, 409)
        identity = self.objects.ref(f"refs/{name}")
        if identity is None:
            return missing()
        document = {"ref": f"refs/{name}", "object": {"type": "commit", "sha": identity}}
        return _conditional(asked, json.dumps(document).encode())

    def _compare(self, asked: Asked, query: Mapping[str, str], between: str) -> Answer:
        old, new = between.split("...")
        if self.objects.commit_id(old) is None or self.objects.commit_id(new) is None:
            return missing()
        bases = self.objects.git("merge-base", old, new)
        if not bases:
            return missing()
        commits = self.objects.commits("--reverse", f"{old}..{new}")
        page = self._page(asked, query, commits)
        base = {"sha": bases.decode().split()[0]}
        document = {"total_commits": len(commits), "commits": page.body, "merge_base_commit": base}
        return Answer(document, headers=page.headers)

    def _tree(self, identity: str, *, is_recursive: bool) -> Answer:
        found = self.objects.tree(identity, *(["-r", "-t"] if is_recursive else []))
        if found is None:
            return missing()
        most = self.most_entries if is_recursive else len(found)
        return Answer({"sha": identity, "tree": found[:most], "truncated": len(found) > most})

    def _blob(self, asked: Asked, identity: str) -> Answer:
        (found,) = self.objects.objects([identity])
        if found is None or found[1] != "blob":
            return missing()
        if "raw" in asked.headers["accept"]:
            return Answer(found[2])
        content = base64.encodebytes(found[2]).decode()
        return Answer({"sha": identity, "size": len(found[2]), "encoding": "base64", "content": content})

    def _page(self, asked: Asked, query: Mapping[str, str], items: list[Any]) -> Answer:
        size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
        shown = items[(page - 1) * size : page * size]
        if page * size >= len(items):
            return Answer(shown)
        base = asked.path.split("&page=")[0]
        pages = {"next": page + 1, "last": -(-len(items) // size)}
        links = [f'<https://{self.host}{base}&page={number}>; rel="{name}"' for name, number in pages.items()]
        return Answer(shown, headers={"Link": ", ".join(links)})


def missing() -> Answer:
    """What GitHub answers when something is not there, or not to be seen."""
    return Answer({"message": "Not Found", "status": "404"}, 404)


def _conditional(asked: Asked, body: bytes) -> Answer:
    etag = f'W/"{hashlib.sha256(body).hexdigest()}"'
    if asked.headers.get("if-none-match") == etag:
        return Answer(b"", 304, {"ETag": etag})
    return Answer(body, headers={"ETag": etag})


@dataclass
class _Once:
    answer: Answer
    is_over: bool = False

    def __call__(self, _asked: Asked) -> Answer | None:
        if self.is_over:
            return None
        self.is_over = True
        return self.answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, github: GitHubServer, *arguments: Any) -> None:
        self._github = github
        super().__init__(*arguments)

    def do_GET(self) -> None:  # The base class asks for this name.
        self._answer()

    def do_POST(self) -> None:  # The same.
        self._answer()

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        answer = self._github.answer(Asked(self.command, self.path, headers, body))
        content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        is_zipped = len(content) > _SHORT and "gzip" in headers.get("accept-encoding", "")
        content = gzip.compress(content, 1) if is_zipped else content
        self.send_response(answer.status)
        zipped = {"Content-Encoding": "gzip"} if is_zipped else {}
        limit = {"X-RateLimit-Remaining": str(self._github.remaining), "X-RateLimit-Reset": str(int(time.time()) + 60)}
        for name, value in {**limit, "Content-Length": str(len(content)), **zipped, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self._write(content, answer.seconds)

    def _write(self, content: bytes, seconds: float) -> None:
        try:
            for start in range(0, len(content), 1 if seconds else max(1, len(content))):
                time.sleep(seconds)
                self.wfile.write(content[start : start + 1] if seconds else content)
        except OSError:
            """Whoever asked did not wait for the end."""

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
