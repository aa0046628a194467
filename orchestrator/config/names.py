"""Names of units, derived from the names of folders that were never made for it.

A name is a part of stacks and state machines, so it must never change by itself: it follows from the folder's own name
alone, and not from what lies beside it. Letters outside ASCII are spelled by what Unicode calls them, which its
stability policy fixes for ever; tables of transliteration get better with each version.
"""

import hashlib
import re
import unicodedata

LONGEST_NAME = 40
_HASH = 8
# Such as LATIN SMALL LETTER O WITH STROKE, CYRILLIC CAPITAL LETTER KA.
_SPELLED = re.compile(r"LETTER (?:\w+ )*?(\w+)(?: WITH .*)?$")
_BEGINNING = "unit"


def unit_name(folder: str) -> str:
    """The legal name of the unit in a folder: the folder's own name where that is legal.

    `OrderService` becomes `orderservice`, `größe` becomes `grosse`, `Tax 2024` becomes `tax-2024`, `2024` becomes
    `unit-2024`. What is too long is cut, and gets a hash of the whole name.

    Args:
        folder: the folder's name, without those above it.
    """
    spelled = "".join(_spelled(one) for one in unicodedata.normalize("NFKD", folder.casefold()))
    words = re.sub(r"[^a-z0-9_]+", "-", spelled).strip("-_") if _is_foreign(folder) else spelled
    if not words:
        return f"{_BEGINNING}-{_hash_of(folder)}"
    name = words if words[0].isalpha() else f"{_BEGINNING}-{words}"
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - _HASH - 1].rstrip('-_')}-{_hash_of(folder)}"


def qualified_name(folder: str) -> str:
    """A name that also tells the folders above, for one of several folders with the same name.

    Args:
        folder: its path from the repository's root.
    """
    return unit_name(folder.replace("/", "-"))


def _is_foreign(folder: str) -> bool:
    """Whether a folder's name holds what a unit's may not: one that is only too long keeps all of its characters."""
    return re.fullmatch(r"[a-z][a-z0-9_-]*", folder) is None


def _spelled(character: str) -> str:
    """A character as itself in ASCII, a letter of another script as its name, a mark as nothing."""
    if character.isascii():
        return character
    kind = unicodedata.category(character)
    if kind.startswith("M"):
        return ""
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if not kind.startswith("L"):
        return "-"
    found = _SPELLED.search(unicodedata.name(character, ""))
    return found[1].lower() if found else f"{ord(character):x}"


def _hash_of(folder: str) -> str:
    return hashlib.sha256(folder.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH]
