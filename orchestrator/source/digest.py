"""A unit's digest: what it is built from, as one hash over git's own ids, so that few files are read for it."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple


class Input(NamedTuple):
    """A folder that a unit is built from.

    Attributes:
        path: from the repository's root.
        id: what identifies its content at the commit: git's id, or `content_id` where a project file lies in it.
        via: the folders whose `depends_on` led here, from the unit's own onwards; empty for the unit's own.
    """

    path: str
    id: str
    via: tuple[str, ...] = ()


def unit_digest(inputs: Iterable[Input], platform: str) -> str:
    """Hash the inputs and the platform they are built for; their order does not matter.

    The platform counts because another Python version or architecture makes other bytes of the same sources, as may
    other hosts that the build reaches.

    Returns:
        64 hexadecimal digits.
    """
    lines = sorted(f"{one.path}\0{one.id}\n" for one in inputs)
    text = "".join([f"platform\0{platform}\n", *lines])
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
