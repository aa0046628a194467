"""A server that answers as CodeCommit's API documents it, over a real git repository.

JSON 1.1: the operation is in `X-Amz-Target`, an error's name in `__type`. Faults can be put in front of the answers.
"""

import base64
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

NAME = "shop"
LARGEST_BLOB = 6_000_000
_PAGE = 2
_PREFIX = "CodeCommit_20150413."
_MODES = {"100644": "NORMAL", "100755": "EXECUTABLE", "120000": "SYMLINK"}

Document = dict[str, Any]


class RefusedError(Exception):
    """What the service says instead of an answer."""

    def __init__(self, kind: str, status: int = 400) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = status


@dataclass
class CodeCommitServer:
    """One repository.

    Attributes:
        folder: the git repository.
        faults: what is said to the next requests, the first one first.
        calls: the operations that were asked for, faults included.
        swap: what is given out in place of files' contents, by id.
    """

    folder: Path
    faults: list[RefusedError] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    swap: dict[str, bytes] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _said: dict[tuple[str, ...], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:  # The library's name.
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, document = server.answer(self.headers, asked)
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        """Stop."""
        self._http.shutdown()
        self._http.server_close()

    def answer(self, headers: Any, asked: Document) -> tuple[int, Document]:
        """Answer one request."""
        operation = headers["X-Amz-Target"].removeprefix(_PREFIX)
        with self._lock:
            self.calls.append(operation)
            fault = self.faults.pop(0) if self.faults else None
        try:
            self._check(headers, asked, fault)
            return 200, self._operations[operation](asked)
        except RefusedError as error:
            return error.status, {"__type": error.kind, "message": f"{error.kind} of {operation}"}

    @staticmethod
    def _check(headers: Any, asked: Document, fault: RefusedError | None) -> None:
        if fault:
            raise fault
        if not headers["Authorization"].startswith("AWS4-HMAC-SHA256 "):
            raise RefusedError("MissingAuthenticationTokenException")
        if asked.get("repositoryName") != NAME:
            raise RefusedError("RepositoryDoesNotExistException")

    @property
    def _operations(self) -> dict[str, Callable[[Document], Document]]:
        return {
            "GetBranch": self._get_branch,
            "ListBranches": self._list_branches,
            "GetCommit": self._get_commit,
            "GetFolder": self._get_folder,
            "GetBlob": self._get_blob,
        }

    def _get_branch(self, asked: Document) -> Document:
        name = asked["branchName"]
        if name not in self._branches():
            wrong = name.startswith("-") or any(one in name for one in " ~^:?*[\\") or ".." in name
            raise RefusedError("InvalidBranchNameException" if wrong else "BranchDoesNotExistException")
        found = self._git("rev-parse", f"refs/heads/{name}").decode().strip()
        return {"branch": {"branchName": name, "commitId": found}}

    def _list_branches(self, asked: Document) -> Document:
        first = int(asked.get("nextToken", 0))
        names = self._branches()
        following = {"nextToken": str(first + _PAGE)} if len(names) > first + _PAGE else {}
        return {"branches": names[first : first + _PAGE], **following}

    def _get_commit(self, asked: Document) -> Document:
        identity = asked["commitId"]
        form = "%T%x00%P%x00%an%x00%ae%x00%at +0000%x00%cn%x00%ce%x00%ct +0000%x00%B"
        try:
            told = self._known("show", "--no-patch", f"--format={form}", identity, "--").decode().rstrip("\n")
        except subprocess.CalledProcessError as error:
            raise RefusedError("CommitIdDoesNotExistException") from error
        tree, parents, name, mail, written, committer, address, committed, message = told.split("\0", 8)
        return {
            "commit": {
                "commitId": identity,
                "treeId": tree,
                "parents": parents.split(),
                "message": message,
                "author": {"name": name, "email": mail, "date": written},
                "committer": {"name": committer, "email": address, "date": committed},
                "additionalData": "",
            }
        }

    def _get_folder(self, asked: Document) -> Document:
        commit, path = asked["commitSpecifier"], asked["folderPath"].strip("/")
        try:
            self._known("cat-file", "-e", f"{commit}^{{commit}}")
        except subprocess.CalledProcessError as error:
            raise RefusedError("CommitDoesNotExistException") from error
        try:
            out = self._known("ls-tree", "-z", f"{commit}:{path}").decode()
            tree = self._known("rev-parse", f"{commit}:{path}").decode().strip()
        except subprocess.CalledProcessError as error:
            raise RefusedError("FolderDoesNotExistException") from error
        lists: dict[str, list[Document]] = {"subFolders": [], "files": [], "symbolicLinks": [], "subModules": []}
        for line in filter(None, out.split("\0")):
            meta, name = line.split("\t", 1)
            mode, _, identity = meta.split()
            paths = {"absolutePath": f"{path}/{name}".lstrip("/"), "relativePath": name}
            if mode == "040000":
                lists["subFolders"].append({"treeId": identity, **paths})
            elif mode == "160000":
                lists["subModules"].append({"commitId": identity, **paths})
            else:
                kind = "symbolicLinks" if mode == "120000" else "files"
                lists[kind].append({"blobId": identity, "fileMode": _MODES[mode], **paths})
        return {"commitId": commit, "folderPath": path, "treeId": tree, **lists}

    def _get_blob(self, asked: Document) -> Document:
        try:
            content = self._git("cat-file", "blob", asked["blobId"])
        except subprocess.CalledProcessError as error:
            raise RefusedError("BlobIdDoesNotExistException") from error
        content = self.swap.get(asked["blobId"], content)
        if len(content) > LARGEST_BLOB:
            raise RefusedError("FileTooLargeException")
        return {"content": base64.b64encode(content).decode()}

    def _branches(self) -> list[str]:
        return self._git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").decode().split()

    def _known(self, *arguments: str) -> bytes:
        """What git says of a commit, which never changes: asked for once."""
        if arguments not in self._said:
            self._said[arguments] = self._git(*arguments)
        return self._said[arguments]

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout
