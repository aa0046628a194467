"""What GitHub's API tells of a repository, read out of a real one with git."""

import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# An expression may have line ends in it, and then so has what git says of it.
_MISSING = re.compile(rb"(?![0-9a-f]{40} (?:blob|tree|commit|tag) \d+\n)[^\0]*? missing\n")
_COMMIT = "%H%x00%P%x00%T%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x01"


@dataclass(frozen=True)
class GitObjects:
    """The objects of one repository.

    Args:
        folder: where it is.
        altered: by id, other contents of files than they have.
    """

    folder: Path
    altered: dict[str, bytes] = field(default_factory=dict)

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes | None:
        """Run git; None when it fails."""
        command = ["git", "-C", str(self.folder), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def commit_id(self, revision: str) -> str | None:
        """The commit that a revision stands for."""
        out = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return out.decode().strip() if out else None

    def ref(self, name: str) -> str | None:
        """The commit that a ref names, which must be its whole name."""
        out = self.git("show-ref", "--verify", "--hash", name)
        return out.decode().strip() if out else None

    def commits(self, *selection: str) -> list[dict[str, Any]]:
        """Commits as the REST API's lists show them."""
        out = self.git("log", f"--format={_COMMIT}", *selection) or b""
        return [_shown(one.lstrip("\n")) for one in out.decode().split("\x01") if one.strip()]

    def tree(self, tree: str, *options: str) -> list[dict[str, Any]] | None:
        """A tree's entries as the REST API shows them."""
        out = self.git("ls-tree", "-z", "--long", *options, tree)
        if out is None:
            return None
        lines = [line.split("\t", 1) for line in out.decode().split("\0") if line]
        return [_entry(meta.split(), path) for meta, path in lines]

    def objects(self, expressions: list[str]) -> list[tuple[str, str, bytes] | None]:
        """Id, kind and content of what each expression names."""
        out = self.git("cat-file", "--batch", "-z", stdin="".join(f"{one}\0" for one in expressions).encode()) or b""
        found: list[tuple[str, str, bytes] | None] = []
        for _ in expressions:
            missing = _MISSING.match(out)
            if missing:
                found.append(None)
                out = out[missing.end() :]
                continue
            header, _, out = out.partition(b"\n")
            words = header.decode().split(" ")
            size = int(words[2])
            found.append((words[0], words[1], self.altered.get(words[0], out[:size])))
            out = out[size + 1 :]
        return found

    def branches(self) -> list[str]:
        """The branches' names."""
        return (self.git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads") or b"").decode().split()


def _shown(line: str) -> dict[str, Any]:
    sha, parents, tree, author, author_mail, authored, committer, mail, committed, message = line.split("\0")
    return {
        "sha": sha,
        "parents": [{"sha": parent} for parent in parents.split()],
        "commit": {
            "author": {"name": author, "email": author_mail, "date": _utc(authored)},
            "committer": {"name": committer, "email": mail, "date": _utc(committed)},
            "message": message.rstrip("\n"),
            "tree": {"sha": tree},
        },
    }


def _utc(time: str) -> str:
    """As GitHub writes times; git writes them in the committer's zone."""
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(meta: list[str], path: str) -> dict[str, Any]:
    mode, kind, identity, size = meta
    entry: dict[str, Any] = {"path": path, "mode": mode, "type": kind, "sha": identity}
    return entry if size == "-" else {**entry, "size": int(size)}
