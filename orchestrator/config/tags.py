"""Tags of stacks, which CloudFormation gives to all that is in them."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator

MOST_TAGS = 50
"""How many a stack can have. Source, also of what follows: CloudFormation's documentation of resource tags."""
_LONGEST_KEY, _LONGEST_VALUE = 128, 256
_SIGNS = "_.:/=+-@ "
OWN_TAGS = 2
"""How many the orchestrator itself gives a stack: the unit and the environment."""
OWN_PREFIX = "orchestrator"
_RESERVED = {"aws:": "AWS sets these", OWN_PREFIX: "the orchestrator tells stacks apart by these"}


def _checked(tags: dict[str, str]) -> dict[str, str]:
    problems = [problem for key, value in tags.items() for problem in _problems(key, value)]
    if len(tags) > MOST_TAGS - OWN_TAGS:
        problems.append(f"a stack can have {MOST_TAGS} tags, {OWN_TAGS} are the orchestrator's, these are {len(tags)}")
    problems += [f"{', '.join(keys)} differ in case alone, which IAM does not tell apart" for keys in _alike(tags)]
    if problems:
        raise ValueError("; ".join(problems))
    return tags


Tags = Annotated[dict[str, str], AfterValidator(_checked)]
"""Keys and values that CloudFormation takes, none of them reserved."""


def is_own(key: str) -> bool:
    """Whether a tag is one that the orchestrator tells stacks apart by."""
    return key.casefold().startswith(OWN_PREFIX)


def same_keys(tags: Iterable[str], others: Mapping[str, str]) -> list[str]:
    """The keys that others have as well, which IAM compares without their case."""
    known = {key.casefold() for key in others}
    return sorted(key for key in tags if key.casefold() in known)


def _alike(tags: Iterable[str]) -> list[list[str]]:
    alike: dict[str, list[str]] = {}
    for key in tags:
        alike.setdefault(key.casefold(), []).append(repr(key))
    return [keys for keys in alike.values() if len(keys) > 1]


def _problems(key: str, value: str) -> Iterable[str]:
    for prefix, why in _RESERVED.items():
        if key.casefold().startswith(prefix):
            yield f"{key!r} begins with {prefix!r}: {why}"
    for what, text, longest in (("key", key, _LONGEST_KEY), ("value", value, _LONGEST_VALUE)):
        if not 1 <= len(text) <= longest:
            yield f"the {what} of {key[:_LONGEST_KEY]!r} must have 1 to {longest} characters"
        if not all(one.isalnum() or one in _SIGNS for one in text):
            yield f"the {what} of {key!r} may hold letters, digits, spaces and {_SIGNS.strip()}"
