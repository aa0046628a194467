"""`[tooling]` of `orchestrator.toml`: the account that the orchestrator runs in, and its administrators."""

from typing import Annotated

from pydantic import Field

from orchestrator.config.authority import ADMINISTRATOR
from orchestrator.config.base import AccountId, Region, Settings, worded
from orchestrator.config.infrastructure import bucket_name

PrincipalPattern = Annotated[
    str,
    worded(
        r"^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9+=,.@_/*-]{1,512})$",
        "a principal is the ARN of a role or user, such as 'arn:aws:iam::111111111111:role/platform-*'",
    ),
]


class Tooling(Settings):
    """The account in which the orchestrator itself runs."""

    account: AccountId = Field(description="Twelve digits.", examples=["111111111111"], json_schema_extra=ADMINISTRATOR)
    region: Region = Field(
        description="The region of the state machines and the ledger.",
        examples=["eu-west-1"],
        json_schema_extra=ADMINISTRATOR,
    )

    administrators: tuple[PrincipalPattern, ...] = Field(
        default=(),
        description="Patterns of ARNs of the roles and users that may change the guardrails, such as "
        "arn:aws:iam::111111111111:role/platform-*; whoever runs the first bootstrap when left out.",
        json_schema_extra=ADMINISTRATOR,
    )

    @property
    def bucket(self) -> str:
        """Name of the bucket that releases are published to."""
        return bucket_name(self.account, self.region)
