"""Versions of units that have no project: their settings', else that of a `package.json`."""

import json
from typing import Annotated

from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator

PACKAGE_JSON = "package.json"
_LONGEST = 64


def _checked(text: str) -> str:
    version = _version_of(text)
    if version is None:
        raise ValueError(
            f"use a PEP 440 version of at most {_LONGEST} characters without a local part, such as '0.1.0'"
        )
    return version


UnitVersion = Annotated[str, AfterValidator(_checked)]


def package_version(text: bytes | None) -> str | None:
    """The version that a `package.json` declares; None when there is none that a release can have.

    What is wrong with the file, the build says.
    """
    try:
        document = json.loads((text or b"null").decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    declared = document.get("version") if isinstance(document, dict) else None
    return _version_of(declared) if isinstance(declared, str) else None


def _version_of(text: str) -> str | None:
    """A version as it is written in keys and names; None when no release can have it."""
    try:
        version = Version(text)
    except (InvalidVersion, ValueError):  # Also of numbers with thousands of digits.
        return None
    return None if version.local or len(str(version)) > _LONGEST else str(version)
