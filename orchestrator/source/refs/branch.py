"""The one place that makes a ref of a branch's name. A bare name may be a tag's, a remote's or a file's."""

import re

_HEADS, _REFS = "refs/heads/", "refs/"
# By git's check-ref-format; what else git understands, such as main~1, names no branch.
_NAME = re.compile(r"(?![-./])(?!.*(?:\.\.|//|/\.|@\{))[^\s\x00-\x20\x7f~^:?*\[\\]{1,250}(?<![./])")


def full_ref(branch: str) -> str:
    """The ref of a branch, named in full."""
    return f"{_HEADS}{branch}"


def branch_of(revision: str) -> str | None:
    """The name of the branch that a revision stands for: its ref in full, or its bare name; None when it is neither."""
    name = revision.removeprefix(_HEADS)
    is_other_ref = name == revision and revision.startswith(_REFS)
    return name if _NAME.fullmatch(name) and not is_other_ref else None
