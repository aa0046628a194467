"""Where a repository is on GitHub, and where its API is."""

import re
from typing import Self
from urllib.parse import urlsplit

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass

SCHEME = "github"
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})")
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True)
class GitHubAddress:
    """One repository.

    Attributes:
        host: `github.com`, or the host of a GitHub Enterprise, with its port where it has one.
        owner: the user or organization.
        name: the repository's name.
    """

    host: str
    owner: str
    name: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `github://HOST/OWNER/NAME`.

        Raises:
            SourceError: it is none.
        """
        parts = urlsplit(url)
        path = parts.path.removesuffix("/").removesuffix(".git").split("/")
        host = parts.netloc.lower()
        is_plain = not parts.query and not parts.fragment and parts.scheme == SCHEME
        if is_plain and len(path) == 3 and _fits(host, path[1], path[2]):  # noqa: PLR2004  # The first part is empty.
            return cls(host, path[1], path[2])
        raise SourceError(
            f"The repository {url!r} cannot be opened: a repository on GitHub is written github://HOST/OWNER/NAME, "
            "for example github://github.com/acme/shop, without user name, password or anything behind it."
        )

    @property
    def url(self) -> str:
        """As it is written in `orchestrator.toml`."""
        return f"{SCHEME}://{self.host}/{self.full_name}"

    @property
    def full_name(self) -> str:
        """As GitHub writes it."""
        return f"{self.owner}/{self.name}"

    @property
    def rest(self) -> str:
        """Where the REST API begins, by GitHub's rules for its own host, for data residency and for servers."""
        if self.host == "github.com" or self.host.endswith(".ghe.com"):
            return f"https://api.{self.host}"
        return f"https://{self.host}/api/v3"

    @property
    def graphql(self) -> str:
        """The one URL of the GraphQL API."""
        return f"{self.rest.removesuffix('/v3')}/graphql"

    @property
    def repository(self) -> str:
        """Where the REST API of this repository begins."""
        return f"{self.rest}/repos/{self.full_name}"


def _fits(host: str, owner: str, name: str) -> bool:
    return bool(_HOST.fullmatch(host) and _OWNER.fullmatch(owner) and _NAME.fullmatch(name))
