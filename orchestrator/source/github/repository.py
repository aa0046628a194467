"""A repository on GitHub as a `SourceRepository`."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from orchestrator.errors import UnknownNameError
from orchestrator.source.github.address import GitHubAddress
from orchestrator.source.github.client import PAGE, GitHubClient, MissingError
from orchestrator.source.github.contents import Contents
from orchestrator.source.github.history import commit_of, history
from orchestrator.source.github.kept import Kept
from orchestrator.source.github.trees import TreeReader
from orchestrator.source.objects import CommitObject
from orchestrator.source.refs.branch import branch_of, full_ref
from orchestrator.source.repository import Commit, Commits
from orchestrator.source.trees import Listing, Trees

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_KEPT_COMMITS = 1000


class GitHubRepository:
    """A `SourceRepository` over GitHub's API. What never changes is kept, for as long as this object is.

    Args:
        address: the repository.
        client: asks GitHub.
    """

    def __init__(self, address: GitHubAddress, client: GitHubClient) -> None:
        self._address = address
        self._client = client
        self._read_trees = TreeReader(client)
        self._contents = Contents(client, self._read_trees.large)
        self._commits: Kept[str, CommitObject] = Kept(_MOST_KEPT_COMMITS, lambda _: 1)

    @property
    def url(self) -> str:
        """As it is written in `orchestrator.toml`."""
        return self._address.url

    def commit(self, revision: str) -> Commit:
        """Look up a branch or a full commit id: where a branch is costs nothing of the rate limit while it stays."""
        return self._read_commit(self._resolve(revision)).commit

    def branches(self) -> list[str]:
        """All of them, page by page."""
        return sorted(str(one["name"]) for page in self._client.pages(f"/branches?per_page={PAGE}") for one in page)

    def is_merged(self, commit: str, branch: str) -> bool:
        """Compare the two: GitHub shows commits of forks, too, but tells that the branch has not got them."""
        newest = self._resolve(full_ref(branch))
        if commit == newest:
            return True
        try:
            compared = self._client.json(f"/compare/{newest}...{commit}?per_page=1")
        except MissingError:
            # There is no such commit, or it has nothing in common with the branch.
            return False
        return str(compared["merge_base_commit"]["sha"]) == commit

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Listing]:
        """List folders: a hundred in one query, or everything below the folder that many of them are in."""
        return self._trees(commit).folders(paths)

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Read files, two hundred in one query; none again that is in a folder that has not changed since."""
        places = {path: path.rpartition("/")[::2] for path in paths}
        within = self._trees(commit).entries(folder for folder, _ in places.values())
        folders = {path: entry.id for path, entry in within.items() if entry.is_folder}
        names = {path: f"{folders[folder]}:{name}" for path, (folder, name) in places.items() if folder in folders}
        found = self._contents.named(names.values())
        return {path: found[name] for path, name in names.items() if name in found}

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """Compare the two, and ask for the commits that touch each folder."""
        return history(self._client, old, new, folders)

    def _trees(self, commit: str) -> Trees:
        return Trees(self._read_commit(commit).tree, self._read_trees)

    def _resolve(self, revision: str) -> str:
        if _ID.fullmatch(revision):
            return revision
        branch = branch_of(revision)
        if branch is None:
            raise self._unknown(revision)
        ref = full_ref(branch)
        try:
            found = self._client.changing(f"/git/{quote(ref.replace('refs/', 'ref/', 1))}")
        except MissingError as error:
            raise self._unknown(revision) from error
        if found["ref"] != ref:
            raise self._unknown(revision)
        return str(found["object"]["sha"])

    def _read_commit(self, identity: str) -> CommitObject:
        known = self._commits.get(identity)
        if known:
            return known
        try:
            document = self._client.json(f"/git/commits/{identity}")
        except MissingError as error:
            raise self._unknown(identity) from error
        return self._commits.keep(identity, CommitObject(commit_of(document), str(document["tree"]["sha"])))

    def _unknown(self, revision: str) -> UnknownNameError:
        hint = f"The repository is {self.url}; only these are its branches."
        return UnknownNameError("commit", revision, self.branches(), hint)
