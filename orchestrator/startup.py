"""What every process does first, since most of its start is importing."""

import gc
import os

# Importing makes many objects and hardly any garbage: Python would look through all of them again and again.
_OBJECTS_UNTIL_COLLECTED = 100_000


def prepare() -> None:
    """Make imports quick that come after this."""
    gc.set_threshold(_OBJECTS_UNTIL_COLLECTED)
    # pydantic would look through all that is installed for plugins of its own; here are none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
