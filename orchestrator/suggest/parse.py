"""What a Python file imports, read out of its source."""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 512 * 1024
"""Bytes of a file that is read; what is larger was written by a program."""
_MOST_PARTS = 64
# Where statements hold statements.
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")
# Python reads a dotted name in the square of its parts. Bytes from 0x80 on are of letters outside ASCII.
_LONG_NAME = re.compile(rb"(?<![\w\x80-\xff])[\w\x80-\xff]+(?:[\s\\]*\.[\s\\]*[\w\x80-\xff]+){%d}" % _MOST_PARTS)


class UnreadableError(Exception):
    """A file is not read; the text says why, as the rest of a sentence that its name begins."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name that is imported.

    Attributes:
        parts: of the dotted name; the last one may be a module, or what a module defines.
        level: how many dots a relative import begins with; 0 for any other.
        line: where.
    """

    parts: tuple[str, ...]
    level: int
    line: int

    def __str__(self) -> str:
        return "." * self.level + ".".join(self.parts)


def imports_of(source: bytes) -> tuple[Import, ...]:
    """All imports of a file but those for type checkers alone, line by line.

    Args:
        source: the file as it is; its encoding is what it says.

    Raises:
        UnreadableError: it is too large, is no Python of this version, or is made to keep its reader busy.
    """
    if len(source) > LARGEST:
        raise UnreadableError(f"has more than {LARGEST // 1024} KiB")
    if _LONG_NAME.search(source):
        raise UnreadableError(f"has a name of more than {_MOST_PARTS} parts")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise UnreadableError(f"is not valid Python: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise UnreadableError("is nested too deeply") from error
    return tuple(sorted(_imports(tree), key=lambda one: (one.line, one.parts)))


def _imports(tree: ast.Module) -> Iterator[Import]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Import(names=names):
                yield from (Import(tuple(one.name.split(".")), 0, node.lineno) for one in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = tuple(module.split(".")) if module else ()
                for one in names:
                    yield Import(base if one.name == "*" else (*base, one.name), level, node.lineno)
            case ast.If(test=test, orelse=orelse) if _is_for_types(test):
                waiting += orelse
            case _:
                # No expression holds an import.
                waiting += (child for name in _BLOCKS for child in getattr(node, name, ()))


def _is_for_types(test: ast.expr) -> bool:
    """Whether a condition holds for type checkers only: what is imported then is not needed by any release."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
    return False
