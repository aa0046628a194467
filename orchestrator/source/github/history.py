"""Which commits touch some folders, between two commits: GitHub compares, and lists by path, but does not do both."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from orchestrator.source.github.client import PAGE, GitHubClient, MissingError
from orchestrator.source.repository import MOST_COMMITS, Commit, Commits, people_of, subject_of

# A thousand commits are looked at; who decides on a promotion reads far fewer.
_MOST_PAGES = 10


def commit_of(document: Any) -> Commit:
    """A commit as the REST API shows it: by itself, or in a list, where most of it is one level deeper."""
    told = document.get("commit", document)
    author, committer = (f"{told[who]['name']} <{told[who]['email']}>" for who in ("author", "committer"))
    return Commit(
        id=str(document["sha"]),
        author=author,
        committed_at=datetime.fromisoformat(told["committer"]["date"]),
        subject=subject_of(told["message"]),
        parents=tuple(str(parent["sha"]) for parent in document["parents"]),
        people=people_of(author, committer, told["message"]),
    )


def history(client: GitHubClient, old: str | None, new: str, folders: Iterable[str]) -> Commits:
    """Commits in `new` but not in `old` that touch any of the folders or files, as `git log` tells them.

    Args:
        client: asks GitHub.
        old: full id, None for all commits; when GitHub does not know it, as after a forced push, the newest are told.
        new: full id.
        folders: folders or files.
    """
    if old is None:
        return _newest(client, new, folders, is_whole=True)
    try:
        between, is_whole = _compare(client, old, new)
    except MissingError:
        return _newest(client, new, folders)
    if not between:
        return Commits((), complete=is_whole)
    since = min(commit.committed_at for commit in between).strftime("%Y-%m-%dT%H:%M:%SZ")
    touching: set[str] = set()
    for folder in folders:
        for number, page in enumerate(_by_path(client, new, folder, {"since": since}), start=1):
            touching.update(commit.id for commit in page)
            if number == _MOST_PAGES:
                is_whole = is_whole and len(page) < PAGE
                break
    found = tuple(commit for commit in between if commit.id in touching)
    return Commits(found[:MOST_COMMITS], complete=is_whole and len(found) <= MOST_COMMITS)


def _compare(client: GitHubClient, old: str, new: str) -> tuple[list[Commit], bool]:
    """The newest commits in between, newest first, and whether they are all; GitHub tells the oldest first."""
    url = f"/compare/{old}...{new}?per_page={PAGE}&page="
    first = client.json(f"{url}1")
    total = int(first["total_commits"])
    pages = -(-total // PAGE)
    numbers = range(max(2, pages - _MOST_PAGES + 1), pages + 1)
    rest = [one for number in numbers for one in client.json(f"{url}{number}")["commits"]]
    is_whole = pages <= _MOST_PAGES
    return [commit_of(one) for one in reversed([*(first["commits"] if is_whole else []), *rest])], is_whole


def _newest(client: GitHubClient, new: str, folders: Iterable[str], *, is_whole: bool = False) -> Commits:
    """The newest commits that touch the folders, whatever was there before; `is_whole` says that this is asked for."""
    found: dict[str, Commit] = {}
    for folder in folders:
        for page in _by_path(client, new, folder, {}):
            found |= {commit.id: commit for commit in page}
            if len(found) > MOST_COMMITS:
                break
    newest = sorted(found.values(), key=lambda commit: commit.committed_at, reverse=True)
    return Commits(tuple(newest[:MOST_COMMITS]), complete=is_whole and len(newest) <= MOST_COMMITS)


def _by_path(client: GitHubClient, new: str, path: str, more: dict[str, str]) -> Iterator[list[Commit]]:
    query = urlencode({"sha": new, "path": path, "per_page": PAGE, **more})
    for page in client.pages(f"/commits?{query}"):
        yield [commit_of(one) for one in page]
