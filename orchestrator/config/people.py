"""How `[people]` names somebody: by the address that git knows, or by the login that GitHub proves."""

import re
from typing import Annotated

from pydantic import AfterValidator

GITHUB = "github:"
"""What a login on GitHub begins with, here and where pushes are noted."""

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\[bot\])?")


def _known_as(name: str) -> str:
    if name.lower().startswith(GITHUB) and not _LOGIN.fullmatch(name[len(GITHUB) :]):
        raise ValueError(
            f"{name!r} is not a login on GitHub. Write '{GITHUB}' and the login, such as '{GITHUB}ada' or "
            f"'{GITHUB}dependabot[bot]'; or the address that is in commits, such as 'ada@example.com'."
        )
    return name


KnownAs = Annotated[str, AfterValidator(_known_as)]
"""Any address, since git knows all kinds of them; what looks like a login must be one."""
