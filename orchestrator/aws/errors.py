"""What AWS refuses with."""

from botocore.exceptions import ClientError


def error_code(error: ClientError) -> str:
    """The code of an error, such as `AccessDenied`; empty when there is none."""
    return str(error.response.get("Error", {}).get("Code", ""))
