"""A repository in CodeCommit."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from orchestrator.errors import UnknownNameError
from orchestrator.source.codecommit.address import CodeCommitAddress
from orchestrator.source.codecommit.client import CodeCommitClient
from orchestrator.source.history import commits_between
from orchestrator.source.objects import is_full_id
from orchestrator.source.refs.ancestry import UnknownHistoryError, contains
from orchestrator.source.refs.branch import branch_of
from orchestrator.source.repository import Commit, Commits, Mode
from orchestrator.source.trees import Listing

_AT_ONCE = 8
# Each takes a call for itself and one for each folder.
_MOST_COMMITS = 100
# Each takes a call for itself, and what is looked for is rarely far from the newest.
_MOST_ANCESTORS = 500
_BLOBS = (Mode.FILE, Mode.PROGRAM, Mode.LINK)

Folder = tuple[str, Listing]


class CodeCommitRepository:
    """A `SourceRepository` over CodeCommit's API, which lists one folder a call and gives out one file a call.

    Args:
        client: asks.
        address: which repository.
        most_ancestors: how many commits are looked at for one that the branch may contain.
    """

    def __init__(
        self, client: CodeCommitClient, address: CodeCommitAddress, most_ancestors: int = _MOST_ANCESTORS
    ) -> None:
        self._most_ancestors = most_ancestors
        self._client = client
        self._address = address
        self._kept: dict[str, dict[str, Folder | None]] = {}

    @property
    def url(self) -> str:
        """Region and name."""
        return str(self._address)

    def commit(self, revision: str) -> Commit:
        """Look up a branch, or a commit by its full id."""
        identity = revision if is_full_id(revision) else self._newest(branch_of(revision))
        found = self._client.commit(identity) if identity else None
        if found is None:
            raise self._unknown("commit", revision)
        return found.commit

    def branches(self) -> list[str]:
        """All of them, page by page."""
        return self._client.branches()

    def is_merged(self, commit: str, branch: str) -> bool:
        """Walk from parent to parent, over a few hundred commits at most."""
        newest = self._newest(branch)
        if newest is None:
            raise self._unknown("branch", branch)
        asked = self._client.commit(commit)
        found = contains(_Graph(self._client), newest, asked.commit, self._most_ancestors) if asked else False
        if found is None:
            advice = f"it is not among the newest {self._most_ancestors} that were looked at. Merge it again."
            raise UnknownHistoryError(self.url, commit, branch, advice)
        return found

    def _newest(self, branch: str | None) -> str | None:
        return self._client.branch(branch) if branch else None

    def _unknown(self, kind: str, name: str) -> UnknownNameError:
        hint = f"The repository is {self.url}; only these are its branches, and commits are named by their full id."
        return UnknownNameError(kind, name, self.branches(), hint)

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Listing]:
        """List folders, several at once; those of the commit that was asked for last are kept."""
        return {path: found[1] for path, found in self._folders(commit, paths).items() if found}

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Find files in their folders, and read them by their ids, several at once."""
        wanted = list(dict.fromkeys(paths))
        listed = self.folders(commit, [path.rpartition("/")[0] for path in wanted])
        entries = {path: listed.get(path.rpartition("/")[0], {}).get(path.rpartition("/")[2]) for path in wanted}
        found = {path: entry.id for path, entry in entries.items() if entry and entry.mode in _BLOBS}
        blobs = {identity: path for path, identity in found.items()}
        with ThreadPoolExecutor(_AT_ONCE) as beside:
            contents = dict(zip(blobs, beside.map(self._client.blob, blobs, blobs.values()), strict=True))
        return {path: contents[identity] for path, identity in found.items()}

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """Walk from parent to parent, over at most a hundred commits."""
        return commits_between(_Graph(self._client), old, new, tuple(folders), _MOST_COMMITS)

    def _folders(self, commit: str, paths: Iterable[str]) -> dict[str, Folder | None]:
        wanted = list(dict.fromkeys(paths))
        if commit not in self._kept:
            self._kept = {commit: {}}
        kept = self._kept[commit]
        missing = [path for path in wanted if path not in kept]
        with ThreadPoolExecutor(_AT_ONCE) as beside:
            kept |= dict(zip(missing, beside.map(lambda path: self._client.folder(commit, path), missing), strict=True))
        return {path: kept[path] for path in wanted}


class _Graph:
    """Commits and the ids of some paths in them, as `history` asks for them."""

    def __init__(self, client: CodeCommitClient) -> None:
        self._client = client
        self._ids: dict[str, tuple[str, ...]] = {}

    def commit(self, identity: str) -> Commit | None:
        """By its full id."""
        found = self._client.commit(identity) if is_full_id(identity) else None
        return found.commit if found else None

    def touches(self, commit: Commit, parent: str | None, paths: tuple[str, ...]) -> bool:
        """By comparing the ids."""
        here = self._of(commit.id, paths)
        return here != self._of(parent, paths) if parent else any(here)

    def _of(self, commit: str, paths: tuple[str, ...]) -> tuple[str, ...]:
        if commit not in self._ids:
            with ThreadPoolExecutor(_AT_ONCE) as beside:
                self._ids[commit] = tuple(beside.map(lambda path: self._id(commit, path), paths))
        return self._ids[commit]

    def _id(self, commit: str, path: str) -> str:
        folder = self._client.folder(commit, path)
        if folder:
            return folder[0]
        # A file, or nothing.
        parent, _, name = path.rpartition("/")
        beside = self._client.folder(commit, parent) if path else None
        entry = beside[1].get(name) if beside else None
        return f"{entry.mode} {entry.id}" if entry else ""
