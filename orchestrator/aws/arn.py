"""ARNs, taken apart."""

import re


def role_of_session(arn: str) -> str:
    """The role's ARN behind an assumed role's session; any other ARN as it is."""
    found = re.fullmatch(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/.*", arn)
    return f"arn:aws:iam::{found[1]}:role/{found[2]}" if found else arn


def account_of(arn: str) -> str:
    """The account that an ARN names; empty where it names none."""
    return arn.split(":")[4] if arn.count(":") >= 5 else ""  # noqa: PLR2004  # The colons of an ARN.
