"""What a build gets to see of the environment of whoever runs it."""

import os
from collections.abc import Mapping

_KEPT = {
    "PATH",
    "HOME",
    "TMPDIR",
    "TMP",
    "TEMP",
    "LANG",
    "LC_ALL",
    "NO_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
}
_KEPT_PREFIXES = ("UV_", "PIP_", "SSL_")
_DROPPED_PREFIXES = ("UV_PUBLISH_",)


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a build gets to see of this process's environment: how to find programs and the package index.

    A build runs the code of the unit's build backend, and the repository may be hostile: credentials of AWS and of
    publishing stay out, and the AWS SDK is told to look for none in the home folder or the metadata service. What the
    build could find elsewhere, `Confinement` keeps away.
    """
    kept = {name: value for name, value in environment.items() if _is_kept(name)}
    return {
        **kept,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _is_kept(name: str) -> bool:
    upper = name.upper()
    return (upper in _KEPT or upper.startswith(_KEPT_PREFIXES)) and not upper.startswith(_DROPPED_PREFIXES)
