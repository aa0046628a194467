"""A repository as it was published into S3, of which only what is asked for is read."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.history import commits_between
from orchestrator.source.objects import is_full_id
from orchestrator.source.refs.ancestry import UnknownHistoryError, contains
from orchestrator.source.refs.branch import branch_of
from orchestrator.source.repository import Commit, Commits
from orchestrator.source.snapshots.bucket import SnapshotBucket
from orchestrator.source.snapshots.document import Document, read_document
from orchestrator.source.snapshots.packs import LARGEST_FILE, PACK_BYTES
from orchestrator.source.snapshots.past import PastCommit, read_past
from orchestrator.source.snapshots.stream import read_stream
from orchestrator.source.trees import Listing

_AT_ONCE = 16
# What git's headers may take besides the files.
_LIMIT = LARGEST_FILE + PACK_BYTES
# Each tells of 250 commits, or of one where the CI made a shallow clone.
_MOST_HISTORIES = 30
_MOST_ANCESTORS = 10_000


class SnapshotRepository:
    """A `SourceRepository` over snapshots that `orchestrator publish-source` has put into a bucket.

    Args:
        bucket: where they are.
    """

    def __init__(self, bucket: SnapshotBucket) -> None:
        self._bucket = bucket
        self._last: tuple[str, Document] | None = None

    @property
    def url(self) -> str:
        """Bucket and prefix."""
        return str(self._bucket.place)

    def commit(self, revision: str) -> Commit:
        """Look up a branch, or a commit by its full id."""
        branch = None if is_full_id(revision) else branch_of(revision)
        pointer = self._bucket.pointer(branch) if branch else None
        found = self.document(pointer.commit if pointer else revision)
        if found is None:
            raise self._unknown("commit", revision)
        return found.commit.commit

    def branches(self) -> list[str]:
        """Those that were published."""
        return self._bucket.branches()

    def is_merged(self, commit: str, branch: str) -> bool:
        """Walk through what is known of the history; where that ends, what was noted when it was published counts."""
        pointer = self._bucket.pointer(branch)
        if pointer is None:
            raise self._unknown("branch", branch)
        if commit == pointer.commit:
            return True
        past = _Past(self, self._bucket)
        document = self.document(commit)
        asked = document.commit.commit if document else past.commit(commit)
        found = contains(past, pointer.commit, asked, _MOST_ANCESTORS) if asked else None
        if found is None and self._bucket.was_newest(branch, commit):
            return True
        if found is None:
            advice = "publish the branch's newest commit from a clone with its history ('git fetch --unshallow')."
            raise UnknownHistoryError(self.url, commit, branch, advice)
        return found

    def _unknown(self, kind: str, name: str) -> UnknownNameError:
        hint = f"At {self.url} only these branches are published; 'orchestrator publish-source' publishes a commit."
        return UnknownNameError(kind, name, self.branches(), hint)

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Listing]:
        """List folders: all trees are stored with the commit."""
        return self._document(commit).trees.folders(paths)

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Read files out of their packs, several packs at once."""
        document = self._document(commit)
        found = document.trees.files(paths)
        contents = dict(document.blobs)
        wanted: dict[str, set[str]] = {}
        for path, identity in found.items():
            if identity not in contents:
                wanted.setdefault(document.pack_of(path) or self._not_there(document, path), set()).add(identity)
        with ThreadPoolExecutor(_AT_ONCE) as beside:
            for pack in beside.map(self._pack, wanted, wanted.values()):
                contents |= pack
        return {path: contents[identity] for path, identity in found.items()}

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """Walk through what is known: a shallow clone knows little more than the commits that were published."""
        known = _Past(self, self._bucket)
        found = commits_between(known, old, new, tuple(folders))
        return Commits(found.found, found.complete and not known.guessed)

    def document(self, commit: str) -> Document | None:
        """What is stored of a commit; None when it was not published."""
        if self._last and self._last[0] == commit:
            return self._last[1]
        content = self._bucket.get(f"commits/{commit}") if is_full_id(commit) else None
        if content is None:
            return None
        try:
            self._last = commit, read_document(commit, content)
        except SourceError as error:
            raise self._damaged(f"commits/{commit}", error) from error
        return self._last[1]

    def _document(self, commit: str) -> Document:
        found = self.document(commit)
        if found is None:
            raise SourceError(f"The commit {commit} was not published to {self.url}.")
        return found

    def _pack(self, name: str, wanted: set[str]) -> dict[str, bytes]:
        content = self._bucket.get(f"packs/{name}")
        if content is None:
            raise SourceError(f"{self.url}/packs/{name} is missing: publish the commit anew.")
        like = next(iter(wanted))
        try:
            found = {one.id: one.content for one in read_stream(content, like, _LIMIT) if one.id in wanted}
        except SourceError as error:
            raise self._damaged(f"packs/{name}", error) from error
        if wanted - found.keys():
            raise self._damaged(f"packs/{name}", SourceError("It does not hold the files that git's ids name."))
        return found

    def _not_there(self, document: Document, path: str) -> NoReturn:
        if path in document.left_out:
            raise SourceError(
                f"{path!r} has more than {LARGEST_FILE:,} bytes, so it is not in the snapshot at {self.url}. Keep such "
                "files out of units, for example with git LFS."
            )
        raise SourceError(f"{self.url} does not say which pack {path!r} is in: publish the commit anew.")

    def _damaged(self, name: str, error: SourceError) -> SourceError:
        return SourceError(
            f"{self.url}/{name} was altered, and is not used. {error} Find out who writes to this bucket, delete the "
            "object, and publish the commit anew."
        )


class _Past:
    """What is known of earlier commits, as `history` asks for it; more of it is read as the walk goes back.

    Attributes:
        guessed: whether it is not known of some commit what it changed: such a commit counts as one that touches.
    """

    def __init__(self, repository: SnapshotRepository, bucket: SnapshotBucket) -> None:
        self._repository = repository
        self._bucket = bucket
        self._known: dict[str, PastCommit] = {}
        self._left = _MOST_HISTORIES
        self.guessed = False

    def commit(self, identity: str) -> Commit | None:
        """A commit, if it was published, or is among those before one that was."""
        if identity not in self._known and self._left and is_full_id(identity):
            self._left -= 1
            content = self._bucket.get(f"history/{identity}")
            read = read_past(identity, content) if content else {}
            self._known |= {key: one for key, one in read.items() if self._says_more(key, one)}
        found = self._known.get(identity)
        return found.commit if found else None

    def touches(self, commit: Commit, parent: str | None, paths: tuple[str, ...]) -> bool:
        """As it was noted when it was published; else by comparing what was published of both."""
        noted = self._known[commit.id].touches(parent, paths)
        if noted is not None:
            return noted
        here, there = (tuple(self._ids(one, paths)) for one in (commit.id, parent or ""))
        if here and there:
            return here != there
        self.guessed = True
        return True

    def _says_more(self, key: str, one: PastCommit) -> bool:
        return key not in self._known or None not in one.changed

    def _ids(self, commit: str, paths: tuple[str, ...]) -> Iterator[str]:
        document = self._repository.document(commit)
        if document:
            entries = document.trees.entries(paths)
            yield from (f"{entries[path].mode} {entries[path].id}" if path in entries else "" for path in paths)
