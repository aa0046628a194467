"""Imports of sources, well-meant and hostile."""

import pytest

from orchestrator.suggest.parse import LARGEST, UnreadableError, imports_of

SOURCE = b'''
"""A module."""
from __future__ import annotations
import a.b, c as d
from . import e
from ..f import g, h
from i.j import *
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import only.types
else:
    import k
def work():
    try:
        import l.m
    except ImportError:
        with x: from n import o
match y:
    case 1: import p
'''


def test_imports_are_found_wherever_they_stand() -> None:
    """In functions, conditions and handlers too, but not those for type checkers."""
    found = [str(one) for one in imports_of(SOURCE)]
    assert found == [
        "__future__.annotations",
        *("a.b", "c", ".e", "..f.g", "..f.h", "i.j", "typing.TYPE_CHECKING", "k", "l.m", "n.o", "p"),
    ]
    assert [one.line for one in imports_of(SOURCE) if str(one) == "l.m"] == [15]


def test_a_file_is_read_in_the_encoding_that_it_names() -> None:
    """As Python does."""
    (found,) = imports_of("# coding: latin-1\nimport größe".encode("latin-1"))
    assert str(found) == "größe"


def test_what_a_newer_python_warns_of_is_read_without_noise(recwarn: pytest.WarningsRecorder) -> None:
    """Escapes that mean nothing are common."""
    assert [str(one) for one in imports_of(rb'import a; x = "\d"')] == ["a"]
    assert not recwarn.list


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (b"import a\n" + b"#" * LARGEST, "has more than 512 KiB"),
        (b"import a" + b".b" * 200_000, "has a name of more than 64 parts"),
        ("import é" + ".é" * 100_000, "has a name of more than 64 parts"),
        (b"import a" + b" .\\\n b" * 50_000, "has a name of more than 64 parts"),
        (b"x=" + b"(" * 100_000, "is not valid Python: too many nested parentheses"),
        (b"x=" + b"-" * 100_000 + b"1", "is nested too deeply"),
        (b"x=1" + b"+1" * 50_000, "is nested too deeply"),
        (b"x=a" + b"()" * 50_000, "is nested too deeply"),
        (b"if 1:\n pass\n" + b"elif 1:\n pass\n" * 20_000, "is nested too deeply"),
        (b"import \xff", "is not valid Python"),
        (b"# coding: nonsense\nimport a", "is not valid Python: unknown encoding"),
        (b"import a\0", "is not valid Python"),
        (b"print 'hello'", "is not valid Python"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(source: bytes | str, why: str) -> None:
    """And at once."""
    with pytest.raises(UnreadableError, match=why):
        imports_of(source if isinstance(source, bytes) else source.encode())


def test_what_only_looks_like_trouble_is_read() -> None:
    """A file of one long word, of many spaces, or with long lines of data."""
    assert imports_of(b"x" * 400_000) == ()
    assert imports_of(b"import a\nx = (1," + b" " * 400_000 + b")")[0].parts == ("a",)
    assert imports_of(b"import a\nx = [" + b"1.5, " * 50_000 + b"]")[0].parts == ("a",)
