"""Text of what a template says, for people: of anything, in one line, and without characters that a terminal obeys."""

import hashlib
import json
from typing import Any

_LONGEST = 400
_KEPT_OF_LONG = 300
_DIGITS = 16


def shown(value: Any) -> str:
    """Show a value of a template.

    What is too long is cut, with its length and a hash, so that texts differ wherever values do.
    """
    if isinstance(value, str) and value.isascii() and value.isprintable() and value.strip() == value != "":
        text = value
    else:
        try:
            text = json.dumps(value, sort_keys=True, separators=(", ", ": "), default=repr)
        except (RecursionError, TypeError, ValueError):
            text = f"{type(value).__name__} that cannot be shown, SHA-256 {_digest(value)}"
    if len(text) <= _LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    return f"{text[:_KEPT_OF_LONG]}... ({len(text):,} characters, SHA-256 {digest})"


def _digest(value: Any) -> str:
    """A hash of a value that is nested too deeply to be written."""
    digest = hashlib.sha256()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        inner = [part for pair in one.items() for part in pair] if isinstance(one, dict) else one
        if isinstance(inner, list):
            waiting += inner
        digest.update(f"{type(one).__name__} {len(inner) if isinstance(inner, list) else one!r}\0".encode())
    return digest.hexdigest()[:_DIGITS]
