"""A git repository on this machine, asked through the `git` command; nothing of it is ever run or checked out."""

import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.git import Git
from orchestrator.source.repository import Commit, Entry

_SUBMODULE = "160000 "
_FOLDER = "040000"
_FORMAT = "%H%x00%an <%ae>%x00%ct%x00%s"


class LocalGitRepository:
    """A `SourceRepository` over a folder with a git repository, bare or not.

    Args:
        folder: the repository's folder.
        search_path: the PATH that `git` is looked up on.
    """

    def __init__(self, folder: Path, search_path: str) -> None:
        self._folder = folder
        self._git = Git(folder, self.url, search_path)

    @property
    def url(self) -> str:
        """The folder as a URL."""
        return self._folder.absolute().as_uri()

    def commit(self, revision: str) -> Commit:
        """Look up a branch, tag or commit id."""
        try:
            out = self._git("log", "-1", f"--format={_FORMAT}", "--end-of-options", revision, "--")
        except SourceError as error:
            if not (self._folder / "HEAD").exists() and not (self._folder / ".git").exists():
                raise
            raise UnknownNameError(
                "commit",
                revision,
                self._branches(),
                f"The repository is {self.url}; only these are its branches.",
            ) from error
        return _commit(out.decode().rstrip("\n"))

    def entries(self, commit: str, folder: str) -> Mapping[str, Entry]:
        """List a folder with one `git ls-tree`."""
        below = [f"{folder}/"] if folder else []
        out = self._git("ls-tree", "-z", "--end-of-options", commit, *below)
        return dict(_entry(line) for line in out.decode().split("\0") if line)

    def listings(self, commit: str, folders: Iterable[str]) -> Mapping[str, Mapping[str, Entry]]:
        """List any number of folders with one `git cat-file`."""
        size = len(commit) // 2
        return {path: dict(_tree(content, size)) for path, content in self._objects(commit, folders, b"tree")}

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Read any number of files with one `git cat-file`."""
        return dict(self._objects(commit, paths, b"blob"))

    def _objects(self, commit: str, paths: Iterable[str], kind: bytes) -> Iterator[tuple[str, bytes]]:
        """Those of the paths that are there and of a kind, with what git keeps of them."""
        wanted = [path for path in paths if "\n" not in path]
        request = "".join(f"{commit}:{path}\n" for path in wanted).encode()
        out = io.BytesIO(self._git("cat-file", "--batch", stdin=request))
        for path, (found, content) in zip(wanted, _batch(out), strict=True):
            if found == kind:
                yield path, content

    def commits_between(self, old: str, new: str, folders: Iterable[str]) -> list[Commit]:
        """Ask `git log old..new`."""
        out = self._git("log", "-z", f"--format={_FORMAT}", "--end-of-options", f"{old}..{new}", "--", *folders)
        fields = out.decode().split("\0")
        # Records and fields are both separated by NUL: four fields make a record.
        return [_commit("\0".join(fields[at : at + 4])) for at in range(0, len(fields) - 3, 4)]

    def export(self, commit: str, folders: Iterable[str], into: Path) -> None:
        """Unpack a `git archive` of each below `into`; links that lead out of it and submodules are refused."""
        folders = tuple(folders)
        self._refuse_submodules(commit, folders)
        time = int(self.commit(commit).committed_at.timestamp())
        try:
            for folder in folders:
                with tarfile.open(fileobj=io.BytesIO(self._archive(commit, folder))) as tar:
                    for member in tar.getmembers():
                        member.mtime = time
                    tar.extractall(into, filter="data")
        except tarfile.TarError as error:
            raise SourceError(f"{self.url} at {commit[:12]} cannot be exported safely: {error}") from error

    def _archive(self, commit: str, path: str) -> bytes:
        """A tar of one folder, or of one file: git looks at nothing beside it, so nothing else need be there."""
        parent, _, name = path.rpartition("/")
        entry = self.entries(commit, parent).get(name)
        if entry is None or entry.is_folder:
            return self._git("archive", "--format=tar", f"--prefix={path}/", f"{commit}:{path}")
        return self._git(
            "archive", "--format=tar", *([f"--prefix={parent}/"] if parent else []), f"{commit}:{parent}", "--", name
        )

    def _refuse_submodules(self, commit: str, folders: Iterable[str]) -> None:
        """A submodule's files are another repository's: a build without them would be another one."""
        listed = self._git("ls-tree", "-r", "-z", "--end-of-options", commit, "--", *folders).decode().split("\0")
        found = [line.split("\t", 1)[1] for line in listed if line.startswith(_SUBMODULE)]
        if found:
            raise SourceError(
                f"{self.url} at {commit[:12]} cannot be exported: {', '.join(found)} is a submodule, whose files are "
                "not in this repository. Bring them in, for example with git subtree, or depend on them as a package."
            )

    def _branches(self) -> list[str]:
        out = self._git("for-each-ref", "--format=%(refname:short)", "refs/heads")
        return sorted(out.decode().split())


def _commit(line: str) -> Commit:
    identity, author, time, subject = line.split("\0", 3)
    return Commit(identity, author, datetime.fromtimestamp(int(time), UTC), subject)


def _entry(line: str) -> tuple[str, Entry]:
    meta, path = line.split("\t", 1)
    mode, kind, identity = meta.split(" ")
    return path.rsplit("/", 1)[-1], Entry(identity, kind == "tree", mode)


def _tree(content: bytes, id_bytes: int) -> Iterator[tuple[str, Entry]]:
    """The entries of a tree as git keeps it: mode, name and the bytes of an id, one after the other."""
    at = 0
    while at < len(content):
        space, end = content.index(b" ", at), content.index(b"\0", at)
        mode, name = content[at:space].decode().zfill(6), content[space + 1 : end].decode(errors="surrogateescape")
        at = end + 1 + id_bytes
        yield name, Entry(content[end + 1 : at].hex(), mode == _FOLDER, mode)


def _batch(out: io.BytesIO) -> Iterator[tuple[bytes, bytes]]:
    """Kinds and contents in the order asked for; of what is not there, git says so in place of the kind."""
    while header := out.readline():
        words = header.split()
        if words[-1] in (b"missing", b"ambiguous", b"submodule"):
            yield words[-1], b""
            continue
        content = out.read(int(words[-1]))
        out.read(1)
        yield words[-2], content
