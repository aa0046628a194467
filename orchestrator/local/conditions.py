"""Condition keys that the embedded cloud leaves out of what it evaluates policies with, although requests carry them.

Without them, a policy that limits a role to partitions of a table, or writes of objects to new ones, would refuse
everything or nothing there: attacks on the embedded cloud would show nothing.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core import iam_actions

Context = dict[str, Any]
_LEADING_KEYS = "dynamodb:LeadingKeys"
_IF_NONE_MATCH = "s3:if-none-match"
# The partition key's name in every table of the orchestrator that a policy limits so.
_PARTITION = "pk"
_EQUALS = re.compile(r"([#\w]+)\s*=\s*(:\w+)")


def complete_conditions() -> None:
    """Have the embedded cloud evaluate them, from now on and in this process."""
    iam_actions.dynamodb_service_context = _with_leading_keys(iam_actions.dynamodb_service_context)
    iam_actions.s3_service_context = _with_if_none_match(iam_actions.s3_service_context)


def leading_keys(request: Context) -> list[str]:
    """The partition keys that a request to DynamoDB names, of however many items it is about."""
    return sorted(set(_items(request)) | set(_queried(request)))


def _with_leading_keys(known: Callable[[bytes], Context]) -> Callable[[bytes], Context]:
    def context(body: bytes) -> Context:
        try:
            request = json.loads(body or b"{}")
        except (ValueError, TypeError):
            request = {}
        keys = leading_keys(request) if isinstance(request, dict) else []
        return {**known(body), **({_LEADING_KEYS: keys} if keys else {})}

    return context


def _with_if_none_match(known: Callable[..., Context]) -> Callable[..., Context]:
    def context(action: str, query: Context | None, path: str = "", headers: Context | None = None) -> Context:
        condition = (headers or {}).get("if-none-match", "")
        found = {_IF_NONE_MATCH: condition} if action == "s3:PutObject" and condition else {}
        return {**known(action, query, path, headers), **found}

    return context


def _items(value: Any) -> Iterator[str]:
    """The partition keys of items and of keys, wherever they are in a request."""
    if isinstance(value, list):
        for one in value:
            yield from _items(one)
    if not isinstance(value, dict):
        return
    for name, one in value.items():
        if name in ("Key", "Item") and isinstance(one, dict):
            yield from _text(one.get(_PARTITION))
        elif name == "Keys" and isinstance(one, list):
            for key in one:
                yield from _text(key.get(_PARTITION) if isinstance(key, dict) else None)
        elif name not in ("ExpressionAttributeValues", "ExclusiveStartKey"):
            yield from _items(one)


def _queried(request: Context) -> Iterator[str]:
    """The partition key that a query asks for."""
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    for name, value in _EQUALS.findall(str(request.get("KeyConditionExpression", ""))):
        if names.get(name, name) == _PARTITION:
            yield from _text(values.get(value))


def _text(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and isinstance(value.get("S"), str):
        yield value["S"]
