"""What a builder asks `begin_publish`, and what it is given."""

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from orchestrator.steps.contract import Document

_SECRET_BYTES = 32
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""A secret, as `new_secret` writes it."""


def new_secret() -> str:
    """Make a secret that nobody can guess."""
    return secrets.token_urlsafe(_SECRET_BYTES)


class Purpose(StrEnum):
    """What a session is for.

    Attributes:
        READ: to look at what was published of the unit before.
        PUBLISH: to publish, too.
    """

    READ = "read"
    PUBLISH = "publish"


class BeginPublishInput(Document):
    """A builder's request for a session."""

    execution: str = Field(max_length=512, description="ARN of the promotion that waits for the build.")
    nonce: Secret = Field(description="The secret that the build's task carries.")
    key: Secret = Field(description="A secret of the builder's own: the nonce is redeemed for whoever has it.")
    purpose: Purpose
    worker: str = Field(default="", max_length=80, description="The worker's name, as GetActivityTask was told.")
    build: str = Field(default="", max_length=255, description="CodeBuild's id of the build.")


class SessionCredentials(Document):
    """A session of `orchestrator-publisher`, limited to one unit."""

    unit: str
    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: datetime = Field(description="At most an hour from now; until the build's end, ask again.")
