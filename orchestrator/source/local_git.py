"""A git repository on this machine, asked through the `git` command; nothing of it is ever run or checked out."""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from orchestrator.errors import SourceError, UnknownNameError
from orchestrator.source.cat_file import ObjectReader
from orchestrator.source.changes import Change
from orchestrator.source.git import Git
from orchestrator.source.objects import CommitObject, is_full_id, parse_changes, parse_commit, parse_tree
from orchestrator.source.refs.ancestry import UnknownHistoryError
from orchestrator.source.refs.branch import branch_of, full_ref
from orchestrator.source.repository import MOST_COMMITS, Commit, Commits
from orchestrator.source.trees import Listing, Trees

# What `git cat-file` reads is one line; the rest is for git to judge.
_HEAD = "HEAD"
_REVISION = re.compile(r"[^-\n\0:][^\n\0:]*")


class LocalGitRepository:
    """A `SourceRepository` over a folder with a git repository, bare or not.

    Args:
        folder: the repository's folder.
        search_path: the PATH that `git` is looked up on.
        git: runs it there; made of the other two when left out.
    """

    def __init__(self, folder: Path, search_path: str, git: Git | None = None) -> None:
        self._folder = folder
        self._git = git or Git(folder, self.url, search_path)
        self._objects = ObjectReader(self._git)
        self._trees: dict[str, Trees] = {}

    @property
    def url(self) -> str:
        """The folder as a URL."""
        return self._folder.absolute().as_uri()

    def commit(self, revision: str) -> Commit:
        """Look up a branch, tag or commit id."""
        found = self.commit_object(revision)
        if found is None:
            raise self._unknown("commit", revision)
        return found.commit

    def branches(self) -> list[str]:
        """Ask for the refs of branches."""
        prefix = full_ref("")
        out = self._git("for-each-ref", "--format=%(refname)", prefix)
        return sorted(ref.removeprefix(prefix) for ref in out.decode().splitlines())

    def is_merged(self, commit: str, branch: str) -> bool:
        """Ask `git rev-list` for commits that the branch does not contain."""
        found = self.contains(full_ref(branch), commit)
        if found is None and self._ref(full_ref(branch)) is None:
            raise self._unknown("branch", branch)
        if found is None:
            advice = "this is a shallow clone, and 'git fetch --unshallow' brings what came before."
            raise UnknownHistoryError(self.url, commit, branch, advice)
        return found

    def contains(self, ref: str, commit: str) -> bool | None:
        """Tell whether a ref's history contains a commit; None when there is no such ref, or a shallow clone ends.

        Args:
            ref: named in full; `HEAD` is what is checked out.
            commit: full id.
        """
        newest = self.commit(ref).id if ref == _HEAD else self._ref(ref)
        if newest is None:
            return None
        # A file that tells parents more quickly might tell others than the commits do.
        asked = ("-c", "core.commitGraph=false", "rev-list", "--max-count=1", commit, f"^{newest}")
        if self._is_known(commit) and not self._git(*asked):
            return True
        return None if self._is_shallow() else False

    def head(self) -> str | None:
        """The ref of the branch that is checked out, in full; None when none is."""
        ref = self._git("rev-parse", "--symbolic-full-name", _HEAD).decode().strip()
        return None if ref == _HEAD else ref

    def commit_object(self, revision: str) -> CommitObject | None:
        """The same with its tree, which is read along; None when there is none."""
        if not _REVISION.fullmatch(revision):
            return None
        name = self._in_full(revision)
        commit, tree = self._objects.read([f"{name}^{{commit}}", f"{name}^{{tree}}"]) if name else (None, None)
        if commit is None:
            return None
        found = parse_commit(commit.id, commit.content)
        # git looks a branch up for each line anew: it may have moved in between, and the tree be another commit's.
        known = {tree.id: parse_tree(tree.content, like=tree.id)} if tree else {}
        self._trees = {commit.id: Trees(found.tree, partial(_trees, self._objects), known)}
        return found

    def folders(self, commit: str, paths: Iterable[str]) -> Mapping[str, Listing]:
        """List any number of folders, level by level, as far as they were not read yet."""
        return self.at(commit).folders(paths)

    def files(self, commit: str, paths: Iterable[str]) -> Mapping[str, bytes]:
        """Read any number of files."""
        found = self.at(commit).files(paths)
        contents = {one.id: one.content for one in self._objects.present(set(found.values()))}
        return {path: contents[identity] for path, identity in found.items()}

    def sizes(self, commit: str, paths: Iterable[str]) -> Mapping[str, int]:
        """How many bytes any number of files have; their content is not read."""
        found = self.at(commit).files(paths)
        names = list(dict.fromkeys(found.values()))
        request = "".join(f"{name}\n" for name in names).encode()
        out = self._git("cat-file", "--batch-check=%(objectsize)", stdin=request).split(b"\n") if names else []
        known = {name: int(line) for name, line in zip(names, out, strict=False) if line.isdigit()}
        return {path: known[name] for path, name in found.items() if name in known}

    def trees(self, identities: Iterable[str]) -> Mapping[str, Listing]:
        """Read trees by their ids."""
        return _trees(self._objects, identities)

    def changes(self, old: str, new: str) -> Mapping[str, Change]:
        """All paths that differ between two commits, as `git diff-tree` tells them."""
        return parse_changes(self._git("diff-tree", "-r", "-t", "-z", "--no-renames", "--end-of-options", old, new))

    def at(self, commit: str) -> Trees:
        """The trees of a commit; those of the one that was asked for last are kept."""
        if commit not in self._trees and not self.commit_object(commit):
            raise SourceError(f"{self.url} has no commit {commit!r}.")
        return self._trees[commit]

    def commits_between(self, old: str | None, new: str, folders: Iterable[str]) -> Commits:
        """Ask `git log old..new`; where the old one is not known, the newest of the history."""
        known = old is None or self._is_known(old)
        what = [f"^{old}"] if old and known else []
        most = f"--max-count={MOST_COMMITS + 1}"
        out = self._git("log", most, "--format=%H", "--end-of-options", new, *what, "--", *folders).decode().split()
        shallow = self._is_shallow()
        # Read as they are written: in a shallow clone, `git log` knows nothing of the oldest's parents.
        found = (parse_commit(one.id, one.content).commit for one in self._objects.read(out[:MOST_COMMITS]) if one)
        return Commits(tuple(found), complete=known and not shallow and len(out) <= MOST_COMMITS)

    def _is_known(self, commit: str) -> bool:
        return b" commit " in self._git("cat-file", "--batch-check", stdin=f"{commit}\n".encode())

    def _is_shallow(self) -> bool:
        return self._git("rev-parse", "--is-shallow-repository").strip() == b"true"

    def _in_full(self, revision: str) -> str | None:
        """What git is asked for, which would prefer tags to a branch; None when there is no such branch."""
        branch = branch_of(revision)
        if branch is None or revision == _HEAD or is_full_id(revision):
            return revision
        return self._ref(full_ref(branch)) or (revision if branch == revision else None)

    def _ref(self, ref: str) -> str | None:
        """The id of what a ref names, which must be its whole name."""
        out = self._git("for-each-ref", "--format=%(objectname) %(refname)", ref).decode()
        found = (line.split(" ", 1) for line in out.splitlines())
        return next((identity for identity, name in found if name == ref), None)

    def _unknown(self, kind: str, name: str) -> UnknownNameError:
        hint = f"The repository is {self.url}; only these are its branches."
        if self._is_shallow():
            hint += " It is a shallow clone: 'git fetch --unshallow' brings what came before."
        return UnknownNameError(kind, name, self.branches(), hint)


def _trees(objects: ObjectReader, identities: Iterable[str]) -> dict[str, Listing]:
    """Read trees. What does so must not hold the repository: git is to end as soon as nobody uses that any more."""
    return {one.id: parse_tree(one.content, like=one.id) for one in objects.read(identities) if one}
