"""A real git repository with everything that is awkward, written by `git fast-import`, and what git says of it."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

MANY = 3_000
"""How many files one of its folders has."""

LARGE = bytes(range(256)) * 8_192
"""Two MiB, with every byte there is."""

LIBRARY = "1f" * 20
"""The commit of another repository that a submodule names."""

BRANCHES = {"main": "last", "side/branch": "side", "hostile": "hostile", "refs/heads/main": "units"}
"""Its branches, and the names of their newest commits."""

NUISANCES = {
    "refs/tags/main": "first",
    "refs/remotes/origin/main": "first",
    "refs/tags/refs/heads/main": "first",
    "refs/tags/refs/heads/nothing": "first",
    "refs/main": "first",
    "refs/pull/7/head": "fork",
}
"""Other refs, and what they name: what is called like a branch is none; a fork's commits are in no branch."""

ODD_NAMES = (
    "with space/a file.txt",
    "größe/ünï cödé ✓.txt",
    "odd/new\nline.txt",
    "odd/tab\there.txt",
    'odd/quote"back\\slash.txt',
    "odd/-dash",
    "odd/#hash?query=1&percent%20.txt",
    "odd/:(glob)star*[x].txt",
)


@dataclass(frozen=True)
class Sample:
    """The repository.

    Attributes:
        folder: where it is; bare.
        commits: commits by the name that the sample gives them.
    """

    folder: Path
    commits: dict[str, str] = field(default_factory=dict)

    @property
    def own(self) -> list[str]:
        """The commits that are in a branch."""
        return [identity for name, identity in self.commits.items() if name != "fork"]

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run git in it, as nobody in particular."""
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, input=stdin, check=True, capture_output=True, env=environment).stdout

    def listed(self, commit: str, *options: str) -> dict[str, tuple[str, str]]:
        """Mode and id of what `git ls-tree` lists, by path."""
        lines = self.git("ls-tree", "-z", "--full-tree", *options, commit).decode().split("\0")
        entries = (line.split("\t", 1) for line in lines if line)
        return {path: (meta.split(" ")[0], meta.split(" ")[2]) for meta, path in entries}

    def log(self, *arguments: str) -> list[str]:
        """Ids that `git log` lists."""
        return self.git("log", "--format=%H", *arguments).decode().split()


def make_sample(folder: Path) -> Sample:
    """Write it."""
    sample = Sample(folder)
    folder.mkdir()
    sample.git("init", "--quiet", "--bare", "--initial-branch=main")
    for setting in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        sample.git("config", setting, "true")
    marks = folder / "marks"
    sample.git("fast-import", "--quiet", f"--export-marks={marks}", stdin=b"".join(_history()))
    ids = dict(line.split() for line in marks.read_text().splitlines())
    for number, name in enumerate(_NAMES, start=1):
        sample.commits[name] = ids[f":{number}"]
    marks.unlink()
    sample.git("update-ref", "refs/heads/refs/heads/main", sample.commits["units"])
    for ref, name in NUISANCES.items():
        sample.git("update-ref", ref, sample.commits[name])
    sample.git("update-ref", "-d", "refs/pull/7/base")
    return sample


# In the order in which they are written.
_NAMES = (
    "first",
    "units",
    "empty",
    "side",
    "other side",
    "merge",
    "orders",
    "elsewhere",
    "deleted",
    "last",
    "hostile",
    "fork",
)


def _history() -> Iterator[bytes]:
    yield _commit(1, "main", "Begin", [_file("README.md", b"# Shop\n"), _file("orchestrator.toml", b"[tooling]\n")])
    yield _commit(2, "main", "Add units\nin two lines\n\nAnd say more.\n", _units())
    yield _commit(3, "main", "Change nothing", [])
    yield _commit(
        4, "side/branch", "Price orders anew", [_file("projects/orders/price.py", b"PRICE = 2\n")], parents=[3]
    )
    yield _commit(5, "main", "Größe ändern", [_file("projects/größe/ünï cödé ✓.txt", b"2\n")], parents=[3])
    yield _commit(6, "main", "Merge side", [_file("projects/orders/price.py", b"PRICE = 2\n")], parents=[5, 4])
    yield _commit(7, "main", "Change orders", [_file("projects/orders/src/orders.py", b"ORDERS = 3\n")])
    yield _commit(8, "main", "Change something else", [_file("README.md", b"# The shop\n")])
    yield _commit(9, "main", "Delete one", [b"D projects/with space/gone.txt\n"])
    yield _commit(10, "main", "Change shared", [_file("projects/shared/money.py", b"CENTS = 1\n")])
    yield _commit(11, "hostile", "Lead out", _hostile(), parents=[10])
    yield _commit(12, "refs/pull/7/base", "Come from a fork", [_file("README.md", b"# Mine\n")], parents=[10])


def _units() -> Iterator[bytes]:
    yield _file("projects/orders/pyproject.toml", b"[project]\n")
    yield _file("projects/orders/src/orders.py", b"ORDERS = 1\r\n")
    yield _file("projects/orders/price.py", b"PRICE = 1\n")
    yield _file("projects/orders/run.sh", b"#!/bin/sh\n", mode="100755")
    yield _file("projects/orders/empty", b"")
    yield _file("projects/orders/latest", b"run.sh", mode="120000")
    yield _file("projects/orders/money", b"../shared/money.py", mode="120000")
    yield _file("projects/orders/missing", b"nowhere", mode="120000")
    yield _file("projects/orders.md", b"# Sorts between a folder and its files\n")
    yield _file("projects/shared/money.py", b"CENTS = 100\n")
    yield _file("projects/with space/gone.txt", b"")
    yield from (_file(f"projects/{name}", name.encode()) for name in ODD_NAMES)
    yield _file("a/b/c/d/e/f/deep.txt", b"deep\n")
    yield _file("large/data.bin", LARGE)
    yield from (_file(f"many/file{number:04}.txt", b"%d\n" % (number % 7)) for number in range(MANY))
    yield _file(".gitattributes", b"*.py export-ignore\n*.txt text eol=crlf\nREADME.md export-subst\n")
    yield _file("vendored/notes.txt", b"$Format:%H$\n")
    yield b"M 160000 " + LIBRARY.encode() + b" vendored/library\n"


def _hostile() -> Iterator[bytes]:
    yield _file("hostile/absolute/link", b"/etc/passwd", mode="120000")
    yield _file("hostile/relative/link", b"../../../outside", mode="120000")
    yield _file("hostile/chained/here", b"..", mode="120000")
    yield _file("hostile/chained/link", b"here/../../outside", mode="120000")


def _commit(mark: int, branch: str, message: str, changes: Iterable[bytes], parents: Iterable[int] = ()) -> bytes:
    """One commit; each is a minute younger than the one before."""
    who = f"Zoë Sample <zoe@example.com> {1_767_225_600 + 60 * mark} +0100"
    ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
    header = f"commit {ref}\nmark :{mark}\nauthor {who}\ncommitter {who}\n".encode()
    text = message.encode()
    links = [f"{word} :{one}\n".encode() for word, one in zip(("from", "merge"), parents, strict=False)]
    return header + b"data %d\n%s\n" % (len(text), text) + b"".join([*links, *changes]) + b"\n"


def _file(path: str, content: bytes, mode: str = "100644") -> bytes:
    quoted = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'M {mode} inline "{quoted}"\n'.encode() + b"data %d\n%s\n" % (len(content), content)
