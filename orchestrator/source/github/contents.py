"""Files by the hundred: as text through GraphQL, and one by one where that does not give the very bytes.

Five thousand `pyproject.toml` are 25 queries. Whatever comes is hashed and compared with git's id of it: GraphQL's text
is not what is in a file that is not UTF-8, or is long; and nothing between GitHub and here can have changed it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from orchestrator.errors import SourceError
from orchestrator.source.github.calls import OverloadedError
from orchestrator.source.github.client import RAW, GitHubClient
from orchestrator.source.github.kept import Kept
from orchestrator.source.objects import object_id

LARGE = 200_000
"""Bytes of a file from which on it is worth a request of its own; GraphQL cuts off longer texts."""

# So many in one query.
_FILES = 200
_BLOB = "__typename oid ... on Blob { text }"
_MOST_KEPT_BYTES = 32_000_000


class Contents:
    """Contents of files.

    Args:
        client: asks GitHub.
        large: tells the id of a file that is known to be large.
    """

    def __init__(self, client: GitHubClient, large: Callable[[str], str | None]) -> None:
        self._client = client
        self._large = large
        self._kept: Kept[str, bytes | None] = Kept(_MOST_KEPT_BYTES, lambda content: len(content or b"") + 200)

    def named(self, names: Iterable[str]) -> dict[str, bytes]:
        """Files by git's own name for them, `<tree id>:<file>`: such a name always means the same.

        Returns:
            By name, those that are files.
        """
        wanted = list(dict.fromkeys(names))
        found = {name: self._kept.get(name) for name in wanted if name in self._kept}
        large = {name: identity for name in wanted if name not in found and (identity := self._large(name))}
        found |= {name: self._raw(identity) for name, identity in large.items()}
        missing = [name for name in wanted if name not in found]
        for start in range(0, len(missing), _FILES):
            batch = missing[start : start + _FILES]
            for name, answer in zip(batch, objects(self._client, batch, _BLOB), strict=True):
                found[name] = self._kept.keep(name, self._content(answer))
        return {name: content for name, content in found.items() if content is not None}

    def _content(self, answer: Any) -> bytes | None:
        """The text that was answered if it is what is in the file, and otherwise the file."""
        if answer is None or answer["__typename"] != "Blob":
            return None
        identity, text = str(answer["oid"]), answer["text"]
        content = str(text).encode(errors="replace")
        is_whole = text is not None and object_id("blob", content, identity) == identity
        return content if is_whole else self._raw(identity)

    def _raw(self, identity: str) -> bytes:
        content = self._client.get(f"/git/blobs/{identity}", RAW)
        if object_id("blob", content, identity) != identity:
            raise SourceError(f"What came as the file {identity} is another one; ask again.")
        return content


def objects(client: GitHubClient, expressions: Sequence[str], fragment: str) -> list[Any]:
    """Ask for many of git's objects in one query, in as many as it takes when that is too much for GitHub.

    Args:
        client: asks GitHub.
        expressions: what `git rev-parse` understands, such as ids.
        fragment: what is asked about each, in GraphQL.

    Returns:
        What is known of each, None for what is not there.
    """
    numbers = range(len(expressions))
    parameters = "".join(f", $e{number}: String!" for number in numbers)
    asked = " ".join(f"o{number}: object(expression: $e{number}) {{ {fragment} }}" for number in numbers)
    repository = f"repository(owner: $owner, name: $name) {{ {asked} }}"
    query = f"query($owner: String!, $name: String!{parameters}) {{ {repository} }}"
    try:
        answer = client.query(query, {f"e{number}": expressions[number] for number in numbers})
    except OverloadedError:
        if len(expressions) == 1:
            raise
        middle = len(expressions) // 2
        halves = (expressions[:middle], expressions[middle:])
        return [one for half in halves for one in objects(client, half, fragment)]
    return [answer[f"o{number}"] for number in numbers]
