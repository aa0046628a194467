"""Names that look legal and that no unit may have, because its gates or state machines would be taken for others.

Policies tell gates and promotions apart by their names alone: `promote-*` may be started by operators, and
`*-approve-*` by approvers. A unit's promotions are `promote-<unit>`, its gates `<unit>-approve-<environment>`, and
the gates of release trains `train-approve-<environment>`. So these must be disjoint, whatever units are called.
"""

import hashlib

from orchestrator.config.names import LONGEST_NAME
from orchestrator.config.told import Told, table_of
from orchestrator.errors import ConfigurationError

TRAINS = "train"
"""What the gates of trains are named after, as a unit's gates are after the unit."""

_PROMOTE, _APPROVE = "promote", "approve"
_HASH = 8


def reserved_because(name: str) -> str:
    """The reason why no unit may have a name; empty when one may.

    Args:
        name: legal in all other respects.
    """
    if name == TRAINS:
        return f"gates such as {name}-approve-prod are those of release trains"
    if name == _PROMOTE or name.startswith(f"{_PROMOTE}-"):
        return f"the gate {name}-approve-prod would be named like a promotion, which others may start"
    if f"-{_APPROVE}-" in f"-{name}-":
        return f"the promotion {_PROMOTE}-{name} or its gates would be named like gates of another unit"
    return ""


def unreserved(name: str) -> str:
    """A name that a unit may have: the given one, unless it is reserved."""
    if not reserved_because(name):
        return name
    words = ["approval" if word == _APPROVE else word for word in name.split("-")]
    free = "-".join(words if words[0] not in (TRAINS, _PROMOTE) else ["unit", *words])
    if len(free) <= LONGEST_NAME:
        return free
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH]
    # The cut may leave the reserved word of a longer one.
    beginning = free[: LONGEST_NAME - _HASH - 1].rstrip("-_").removesuffix(f"-{_APPROVE}")
    return f"{beginning.rstrip('-_')}-{digest}"


def refuse_reserved(name: str, folder: str, file: str, told: Told, *, plain: bool) -> None:
    """Refuse a unit whose gates or promotions would be taken for others: policies cannot tell them apart.

    Args:
        name: the unit's.
        folder: the unit's, which it is named after where nothing names it.
        file: the unit's `pyproject.toml`.
        told: what `orchestrator.toml` says of the unit.
        plain: whether the unit has no project, so that only `orchestrator.toml` can name it.

    Raises:
        ConfigurationError: it has such a name; the message says where that is set, or is to be set.
    """
    reason = reserved_because(name)
    if not reason:
        return
    if plain or "name" in (told.settings or {}):
        from orchestrator.config.organization import FILE_NAME  # noqa: PLC0415  # Names are asked for without models.

        file, key = FILE_NAME, f"{table_of(folder)}.name"
    else:
        key = "tool.orchestrator.name"
    raise ConfigurationError(
        file,
        f"{key} = {name!r} is not valid, be it set or the folder's own: {reason}. Set {key} to any other name, such "
        f"as {unreserved(name)!r}, and project.name to the same where there is one. A unit that was deployed before "
        "keeps its stacks with stack_name set to what they are called.",
    )
