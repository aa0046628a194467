"""Writing an object of S3 only where there is none of its key."""

from collections.abc import Callable

from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code

TAKEN = {"PreconditionFailed", "412"}
"""What S3 says when a condition on what is there does not hold."""
CONFLICT = {"ConditionalRequestConflict", "409"}
"""What it says when somebody else writes the same key at this moment: it asks to send it again."""
_TRIES = 5


def create_once(put: Callable[[], object]) -> bool:
    """Put an object unless its key is taken; returns whether it was put.

    Args:
        put: puts it, with `IfNoneMatch="*"`.
    """
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            put()
        except ClientError as error:
            if error_code(error) in TAKEN:
                return False
            if last or error_code(error) not in CONFLICT:
                raise
        else:
            return True
    raise AssertionError  # The last try returns or raises.
