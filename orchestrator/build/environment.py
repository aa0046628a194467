"""What a build gets to see of the environment of whoever runs it."""

import os
from collections.abc import Mapping

from orchestrator.confine import loopback

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
# Of uv, pip, npm and Go: where packages come from, and with which credentials and certificates.
_OF_INDEXES = (
    *("UV_", "PIP_", "NPM_", "NODE_AUTH_TOKEN", "NODE_EXTRA_CA_CERTS"),
    *("GOPROXY", "GONOPROXY", "GOPRIVATE", "GOSUMDB", "GONOSUMDB"),
)
_KEPT_PREFIXES = (*_OF_INDEXES, "SSL_")
_PROXY = "_PROXY"
_DROPPED_PREFIXES = ("UV_PUBLISH_",)


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a build gets to see of this process's environment: how to find programs and the package index.

    The repository may be hostile: credentials of AWS and of publishing stay out, and the AWS SDK is told to look for
    none in the home folder or the metadata service. What the build could find elsewhere, `Confinement` keeps away.
    """
    kept = {name: value for name, value in environment.items() if _is_kept(name)}
    return {
        **kept,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def without_indexes(environment: Mapping[str, str]) -> dict[str, str]:
    """What the unit's code gets to see of it: without credentials of indexes and proxies, which it does not reach."""
    return {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(_OF_INDEXES) and not name.upper().endswith(_PROXY)
    }


def through_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """The same with the proxy that leads to opened hosts; Node.js goes by these variables only when it is told to."""
    proxy = f"http://{loopback.ADDRESS}:{loopback.PORT}"
    return {
        **environment,
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), ""),
        "NODE_USE_ENV_PROXY": "1",
    }


def _is_kept(name: str) -> bool:
    upper = name.upper()
    return (upper in _KEPT or upper.startswith(_KEPT_PREFIXES)) and not upper.startswith(_DROPPED_PREFIXES)
