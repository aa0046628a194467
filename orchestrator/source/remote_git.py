"""A git repository elsewhere, of which only what is asked for is fetched: one commit, its trees, a unit's own files.

A merge into a repository of 50,000 files need not move 50,000 files to build one of its units. `git fetch` brings the
commit and its trees without any file (`--filter=blob:none`), and then exactly the files of the folders that are
wanted, in one request. A host that knows no filters sends everything, and all is the same but slower.
"""

import tempfile
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.git import Git
from orchestrator.source.local_git import LocalGitRepository
from orchestrator.source.objects import is_full_id
from orchestrator.source.refs.branch import branch_of, full_ref
from orchestrator.source.repository import Commit, Commits
from orchestrator.source.trees import Listing

# Objects that are made to do harm are refused, and nothing is asked for twice.
_SETTINGS = ["-c", "transfer.fsckObjects=true", "-c", "fetch.negotiationAlgorithm=noop", "-c", "maintenance.auto=false"]
# Nothing else is spoken.
_PROTOCOLS = {"GIT_ALLOW_PROTOCOL": "https:file"}
_FETCH = [*_SETTINGS, "fetch", "--quiet", "--no-tags", "--filter=blob:none", "--recurse-submodules=no"]
_SHALLOW = ["--depth=1"]
_COMMITS = ["fetch", "--quiet", "--no-tags", "--filter=tree:0", "--recurse-submodules=no"]


class RemoteGitRepository:
    """A `SourceRepository` over a URL that git can fetch from; not to be used by several threads at once.

    Args:
        url: such as `https://example.com/shop.git`.
        search_path: the PATH that `git` is looked up on.
        variables: those that name a proxy, when there is one in between.
    """

    def __init__(self, url: str, search_path: str, variables: Mapping[str, str] | None = None) -> None:
        self._url = url
        self._search_path = search_path
        self._variables = variables or {}
        self._fetched: set[str] = set()

    @property
    def url(self) -> str:
        """The URL."""
        return self._url

    def commit(self, revision: str) -> Commit:
        """Fetch the commit that a branch or a full commit id stands for, and look it up."""
        branch = None if is_full_id(revision) else branch_of(revision)
        if branch is None and not is_full_id(revision):
            raise self._unknown(revision)
        try:
            self._git(*_FETCH, *_SHALLOW, "origin", full_ref(branch) if branch else revision)
        except SourceError as error:
            if "couldn't find remote ref" in str(error) or "not our ref" in str(error):
                raise self._unknown(revision) from error
            raise
        identity, _, what = (self._folder / "FETCH_HEAD").read_text().split("\t", 2)
        if branch and not what.startswith(f"branch '{branch}' of "):
            # Where there is no such branch, git takes what else is called like its ref.
            raise self._unknown(revision)
        commit = self._local.commit(identity)
        self._fetched.add(commit.id)
        return commit

    def branches(self) -> list[str]:
        """Ask for the refs of branches."""
        prefix = full_ref("")
        out = self._git("ls-remote", "--quiet", "origin", f"{prefix}*").decode()
        refs = (line.split("\t", 1)[1] for line in out.splitlines())
        return sorted(ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix))

    def is_merged(self, commit: str, branch: str) -> bool:
        """Fetch all commits of the branch, without trees and files, unless it is the newest one."""
        newest = self.commit(full_ref(branch)).id
        if commit == newest:
            return True
        with tempfile.TemporaryDirectory(prefix="orchestrator-git-") as folder:
            git = self._made(Path(folder))
            git(*_SETTINGS, *_COMMITS, "origin", f"{newest}:{full_ref(branch)}")
            return LocalGitRepository(Path(folder), self._search_path, git).is_merged(commit, branch)

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Listing]:
        """List folders: with the commit, its trees are here."""
        self._fetch_commit(commit)
        return self._local.folders(commit, paths)

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Fetch some files, all at once, and read them."""
        self._fetch_commit(commit)
        wanted = tuple(paths)
        missing = set(self._local.at(commit).files(wanted).values()) - self._fetched
        if missing:
            request = "".join(f"{identity}\n" for identity in sorted(missing)).encode()
            self._git(*_FETCH, "--no-write-fetch-head", "--stdin", "origin", stdin=request)
            self._fetched |= missing
        return self._local.files(commit, wanted)

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """Fetch the commits and their trees, and ask for those that touch the folders."""
        self._git(*_FETCH, "--unshallow" if (self._folder / "shallow").exists() else "--refetch", "origin", new)
        return self._local.commits_between(old, new, folders)

    def _fetch_commit(self, commit: str) -> None:
        if commit not in self._fetched:
            self.commit(commit)

    @cached_property
    def _scratch(self) -> "tempfile.TemporaryDirectory[str]":
        """Goes when the repository is no longer used."""
        return tempfile.TemporaryDirectory(prefix="orchestrator-git-")

    @property
    def _folder(self) -> Path:
        return Path(self._scratch.name)

    @cached_property
    def _git(self) -> Git:
        return self._made(self._folder)

    def _made(self, folder: Path) -> Git:
        """A git directory of ours, that is empty."""
        git = Git(folder, self._url, self._search_path, {**self._variables, **_PROTOCOLS}, is_ours=True)
        git("init", "--quiet", "--bare", ".")
        git("config", "remote.origin.url", self._url)
        return git

    @cached_property
    def _local(self) -> LocalGitRepository:
        return LocalGitRepository(self._folder, self._search_path, self._git)

    def _unknown(self, revision: str) -> UnknownNameError:
        hint = f"The repository is {self.url}; only these are its branches, and commits are named by their full id."
        return UnknownNameError("commit", revision, self.branches(), hint)
