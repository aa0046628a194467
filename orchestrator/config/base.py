"""The base of every configuration model: frozen, and refusing keys it does not know."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Settings(BaseModel):
    """A part of the configuration, immutable once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
OrganizationId = Annotated[str, StringConstraints(pattern=r"^o-[a-z0-9]{10,32}$")]
# The length is no part of the pattern, nor are all languages' letters: compiling it would take 0.1 s of each start.
ExternalId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+=,.@:/-]+$", min_length=2, max_length=128)]
# A role's name lies in an ARN and in policies: the characters IAM allows, without a path.
RoleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+=,.@_-]{1,64}$")]
# Names of environments go into the reference paths of state machines, which allow neither dashes nor dots.
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,19}$")]
StackName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][-a-zA-Z0-9]{0,127}$")]
# Names of units also go into "promote-<unit>" (80 characters at most, 64 to be safe) and into wheels.
UnitName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
