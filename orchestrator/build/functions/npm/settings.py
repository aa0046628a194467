"""Settings of npm: the worker's own, and the few that are taken out of a repository's `.npmrc`.

A repository's `.npmrc` could name another registry, a proxy, or programs that npm starts. Only what shapes the tree of
packages is taken from it, so that a lock file that was made with it holds.
"""

import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

NPMRC = ".npmrc"
PUBLIC = ("registry.npmjs.org", "registry.yarnpkg.com")
"""Hosts of the public registry: npm asks the worker's own registry for what locks name there."""
_SHAPE: Mapping[str, tuple[str, ...]] = {
    "legacy-peer-deps": ("true", "false"),
    "strict-peer-deps": ("true", "false"),
    "install-strategy": ("hoisted", "nested", "shallow"),
    "engine-strict": ("true", "false"),
    "optional": ("true", "false"),
    "omit": ("dev", "optional", "peer"),
}
# What is said of publishing and of how npm prints, and changes nothing that is built.
_IDLE = (
    *("access", "audit", "fund", "loglevel", "package-lock", "prefer-dedupe", "prefer-offline", "progress", "save"),
    *("save-exact", "save-prefix", "sign-git-tag", "tag-version-prefix", "update-notifier", "message", "provenance"),
    *("lockfile-version", "omit-lockfile-registry-resolved", "always-auth"),
)


@dataclass(frozen=True)
class Registries:
    """Where npm gets packages from on this machine.

    Attributes:
        default: the address of the registry.
        scoped: by scope, such as `@acme`, the address of its own.
    """

    default: str
    scoped: Mapping[str, str]

    @classmethod
    def of(cls, config: str) -> "Registries":
        """Those that `npm config list --json` printed."""
        settings: dict[str, object] = json.loads(config)
        scoped = {key.partition(":")[0]: str(value) for key, value in settings.items() if _is_scope(key)}
        return cls(str(settings.get("registry")), scoped)

    @property
    def hosts(self) -> frozenset[str]:
        """What locks may name."""
        own = (urlsplit(address).netloc.rpartition("@")[2] for address in (self.default, *self.scoped.values()))
        return frozenset((*PUBLIC, *own))

    @property
    def variables(self) -> dict[str, str]:
        """What tells npm of them, without the worker's settings and credentials."""
        scoped = {f"npm_config_{scope}:registry": _plain(address) for scope, address in self.scoped.items()}
        return {"npm_config_registry": _plain(self.default), **scoped}


@dataclass(frozen=True)
class RepositorySettings:
    """What a repository's `.npmrc` says.

    Attributes:
        shape: what is taken of it, by key.
        ignored: keys that are not.
    """

    shape: Mapping[str, str]
    ignored: tuple[str, ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        """What tells npm of it."""
        return {f"npm_config_{key.replace('-', '_')}": value for key, value in sorted(self.shape.items())}

    def warning(self, file: str) -> Iterator[str]:
        """A sentence on what is ignored."""
        if self.ignored:
            yield (
                f"{file} sets {', '.join(self.ignored)}, which builds ignore: the registry, its credentials and the "
                "programs that npm starts are those of the build machine."
            )


def read_npmrc(text: str, file: str) -> RepositorySettings:
    """Read a repository's `.npmrc`.

    Raises:
        ConfigurationError: a setting that is taken has no valid value.
    """
    shape, ignored = {}, []
    for line in text.splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        key = name.lower().replace("_", "-") if not name.startswith("//") else name
        if not key or key.startswith((";", "#")):
            continue
        value = value.strip("\"'") or "true"
        if key in _SHAPE:
            if value not in _SHAPE[key]:
                raise ConfigurationError(file, f"{key} = {value!r} is not valid; valid are {', '.join(_SHAPE[key])}.")
            shape[key] = value
        elif key not in _IDLE:
            ignored.append(name)
    return RepositorySettings(shape, tuple(dict.fromkeys(map(_without_secrets, ignored))))


def _without_secrets(name: str) -> str:
    """A key as it is told: one of credentials ends with what they are, such as `:_authToken`."""
    return name.partition("=")[0][:100]


def _is_scope(key: str) -> bool:
    return key.startswith("@") and key.endswith(":registry")


def _plain(address: str) -> str:
    """An address without a user and a password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
