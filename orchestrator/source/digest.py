"""A unit's digest: what it is built from, as one hash over git's own ids, so that no file is ever read for it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.config.organization import Lambda


@dataclass(frozen=True)
class Input:
    """A folder that a unit is built from.

    Attributes:
        path: from the repository's root.
        id: git's id of its content at the commit.
        via: the folders whose `depends_on` led here, from the unit's own onwards; empty for the unit's own.
    """

    path: str
    id: str
    via: tuple[str, ...] = ()


def unit_digest(inputs: Iterable[Input], platform: Lambda) -> str:
    """Hash the inputs and the platform they are built for; their order does not matter.

    The platform counts because another Python version or architecture makes other bytes of the same sources.

    Returns:
        64 hexadecimal digits.
    """
    lines = sorted(f"{one.path}\0{one.id}\n" for one in inputs)
    text = "".join([f"platform\0{platform.python}/{platform.architecture}\n", *lines])
    return hashlib.sha256(text.encode()).hexdigest()
