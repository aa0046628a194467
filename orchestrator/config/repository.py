"""`[repository]` of `orchestrator.toml`: where merges come from, and which commits are promoted."""

from typing import Annotated

from pydantic import Field

from orchestrator.config.authority import ADMINISTRATOR
from orchestrator.config.base import EnvironmentName, Settings, worded

SecretName = Annotated[
    str, worded(r"^[A-Za-z0-9/_+=.@-]{1,256}$", "a secret's name has at most 256 letters, digits and /_+=.@-")
]
ProxyUrl = Annotated[
    str,
    worded(
        r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$",
        "a proxy is http://<host>:<port> or https://<host>:<port>; credentials have no place in a repository",
    ),
]


class Repository(Settings):
    """Where the merges come from."""

    url: str | None = Field(
        default=None,
        description="What the Lambdas and builds read: file:///path of a local git repository; builds also read "
        "https://host/path. github://HOST/OWNER/NAME is a repository on GitHub (github.com) or on a GitHub Enterprise, "
        "codecommit://REGION/NAME one in CodeCommit, s3://BUCKET/PREFIX what `orchestrator publish-source` puts there. "
        "Set by bootstrap when left out.",
        examples=["github://github.com/acme/shop"],
        json_schema_extra=ADMINISTRATOR,
    )
    branch: str = Field(
        default="main", description="The branch whose merges are promoted.", json_schema_extra=ADMINISTRATOR
    )
    allow_unmerged: tuple[EnvironmentName, ...] = Field(
        default=(),
        description="Environments that commits of other branches may be promoted to; those of forks never.",
        examples=[["dev"]],
        json_schema_extra=ADMINISTRATOR,
    )
    reconcile_minutes: int = Field(
        default=15,
        ge=0,
        le=1440,
        description="How often the branch is looked at without any event, in case one was lost; 0 for never.",
        json_schema_extra=ADMINISTRATOR,
    )
    secret: SecretName = Field(
        default="orchestrator/github",
        description="Of a repository on GitHub, the name of the secret in the tooling account with the credentials: "
        '{"token": "..."} or {"app_id": "...", "installation_id": "...", "private_key": "..."}.',
        json_schema_extra=ADMINISTRATOR,
    )
    proxy: ProxyUrl | None = Field(
        default=None,
        description="Of a repository on GitHub or at https://, the proxy that it is asked through. When left out, "
        "builds on machines of one's own go by their HTTPS_PROXY and NO_PROXY.",
        examples=["http://proxy.example.com:3128"],
        json_schema_extra=ADMINISTRATOR,
    )
    id: int | None = Field(
        default=None,
        description="Of a repository on GitHub, its number: when given, the webhook takes no deliveries of another "
        "one, not even of one that has got its name.",
        json_schema_extra=ADMINISTRATOR,
    )

    @property
    def on_github(self) -> bool:
        """Whether it is asked through GitHub's API, and GitHub tells of merges."""
        return (self.url or "").startswith("github://")
