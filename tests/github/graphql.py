"""GitHub's GraphQL API over a real repository: a part of its public schema, and a real GraphQL engine."""

from functools import cache
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, build_schema, execute, parse, validate

from tests.github.git_objects import GitObjects

# As in GitHub's public schema, of which it is a part.
_SCHEMA: GraphQLSchema = build_schema(
    """
    scalar GitObjectID
    interface GitObject { oid: GitObjectID! }
    type Commit implements GitObject { oid: GitObjectID! }
    type Tag implements GitObject { oid: GitObjectID! }
    type Blob implements GitObject {
      oid: GitObjectID!
      byteSize: Int!
      isBinary: Boolean
      isTruncated: Boolean!
      text: String
    }
    type Tree implements GitObject { oid: GitObjectID! entries: [TreeEntry!] }
    type TreeEntry { name: String! mode: Int! oid: GitObjectID! size: Int! type: String! }
    type Repository { object(expression: String, oid: GitObjectID): GitObject }
    type Query { repository(owner: String!, name: String!, followRenames: Boolean = true): Repository }
    """
)
_MOST_TEXT = 512_000


def answer(document: dict[str, Any], objects: GitObjects, full_name: str) -> dict[str, Any]:
    """Carry out a query as GitHub does."""
    variables = document["variables"]
    found = Repository(objects, [value for name, value in variables.items() if name not in ("owner", "name")])

    def repository(_info: object, owner: str, name: str, **_more: bool) -> Repository:
        if f"{owner}/{name}".lower() != full_name.lower():
            raise LookupError(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return found

    done = execute(_SCHEMA, _parsed(document["query"]), {"repository": repository}, variable_values=variables)
    assert isinstance(done, ExecutionResult)
    errors = [
        {"type": "NOT_FOUND" if isinstance(error.original_error, LookupError) else "INTERNAL", "message": error.message}
        for error in done.errors or []
    ]
    return {"data": done.data, **({"errors": errors} if errors else {})}


@cache
def _parsed(query: str) -> DocumentNode:
    """A query that the schema allows; what is not valid is a mistake of whoever wrote it."""
    document = parse(query)
    assert validate(_SCHEMA, document) == []
    return document


class Repository:
    """Resolves `object`, having read all that the query's variables name at once."""

    def __init__(self, objects: GitObjects, expressions: list[str]) -> None:
        self._objects = objects
        self._found = dict(zip(expressions, objects.objects(expressions), strict=True))

    def object(self, _info: object, expression: str) -> dict[str, Any] | None:
        """The object that an expression names."""
        found = self._found[expression]
        if found is None:
            return None
        oid, kind, content = found
        shown: dict[str, Any] = {"__typename": kind.capitalize(), "oid": oid}
        if kind == "blob":
            shown |= _blob(content)
        if kind == "tree":
            shown["entries"] = [_entry(one) for one in self._objects.tree(oid) or []]
        return shown


def _blob(content: bytes) -> dict[str, Any]:
    """A binary file has no text; what is not UTF-8 is made so; what is long is cut off."""
    is_binary = b"\0" in content[:8000]
    text = content[:_MOST_TEXT].decode(errors="replace")
    return {
        "byteSize": len(content),
        "isBinary": is_binary,
        "isTruncated": len(content) > _MOST_TEXT,
        "text": None if is_binary else text,
    }


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["path"],
        "mode": int(entry["mode"], 8),
        "oid": entry["sha"],
        "size": entry.get("size", 0),
        "type": entry["type"],
    }
