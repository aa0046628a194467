"""Which proxy leads to a host: the one that is configured, else the one that the environment names."""

from collections.abc import Mapping
from dataclasses import field
from urllib.parse import unquote, urlsplit

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass

_KINDS = ("http", "https")


@dataclass(frozen=True)
class Proxy:
    """A proxy that tunnels: it learns which host is asked, and nothing of what is said to it.

    Attributes:
        url: without credentials.
        credentials: what it wants to know, as `user:password`; None for nothing.
    """

    url: str
    credentials: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> "Proxy":
        """Read what an environment says; without a scheme, it is `http://`.

        Raises:
            SourceError: it is no proxy of a kind that is spoken.
        """
        parts = urlsplit(text if "://" in text else f"http://{text}")
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if parts.scheme not in _KINDS or not host:
            # What it says may hold a password.
            raise SourceError(
                "HTTPS_PROXY is no proxy: write http://<host>:<port> or https://<host>:<port>, with <user>:<password>@ "
                "before the host where it asks for them. Hosts that are reached without it are named in NO_PROXY."
            )
        place = f"[{host}]" if ":" in host else host
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
        return cls(f"{parts.scheme}://{place}{f':{port}' if port else ''}", credentials)


@dataclass(frozen=True)
class Proxies:
    """Chooses.

    Args:
        configured: URL of the proxy for all hosts; None leaves it to the environment.
        environment: may name one in `HTTPS_PROXY`, and in `NO_PROXY` which hosts are reached without it.
    """

    configured: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def to(self, host: str) -> Proxy | None:
        """The proxy that leads to a host, which may have a port; None where there is none in between.

        Raises:
            SourceError: the environment names something else than a proxy.
        """
        if self.configured:
            return Proxy.parse(self.configured)
        named, direct = self._variable("https_proxy"), self._variable("no_proxy")
        if not named or any(_is_of(host.lower(), one) for one in direct.lower().replace(",", " ").split()):
            return None
        return Proxy.parse(named)

    def _variable(self, name: str) -> str:
        """As other tools do: the name in small letters counts first."""
        return self.environment.get(name) or self.environment.get(name.upper()) or ""


def told_to_git(configured: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables by which git finds the way that `Proxies` would choose."""
    if configured:
        return {"https_proxy": configured}
    return {name: value for name, value in environment.items() if name.lower() in ("https_proxy", "no_proxy")}


def _is_of(host: str, named: str) -> bool:
    """Whether `NO_PROXY` names a host: itself, with or without its port, or a domain that it is in, or all by `*`."""
    domain = named.removeprefix("*").removeprefix(".")
    without_port = urlsplit(f"//{host}").hostname or host
    return not domain or any(one == domain or one.endswith(f".{domain}") for one in (host, without_port))
