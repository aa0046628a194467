"""The base of every configuration model: frozen, and refusing keys it does not know."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from orchestrator.config.network import PRIVATE


class Settings(BaseModel):
    """A part of the configuration, immutable once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


WORDS: dict[str, str] = {}
"""What a pattern allows, in words: a person is told this, and not the pattern."""


def worded(pattern: str, words: str, longest: int | None = None) -> StringConstraints:
    """A constraint of a text whose violation is told in words.

    Args:
        pattern: what it must look like.
        words: the same in words.
        longest: how long it may be, where the pattern leaves that out because it would take long to compile.
    """
    WORDS[pattern] = words
    return StringConstraints(pattern=pattern, max_length=longest)


AccountId = Annotated[str, worded(r"^[0-9]{12}$", "an account has twelve digits, in quotes, such as '111111111111'")]
Region = Annotated[str, worded(r"^[a-z]{2}(-[a-z]+)+-[0-9]$", "a region is written such as 'eu-west-1'")]
OrganizationId = Annotated[
    str, worded(r"^o-[a-z0-9]{10,32}$", "an AWS organization's id is 'o-' and 10 to 32 small letters and digits")
]
# The length is no part of the pattern, nor are all languages' letters: compiling it would take 0.1 s of each start.
ExternalId = Annotated[
    str, worded(r"^[A-Za-z0-9_+=,.@:/-]{2,}$", "an external id has 2 to 128 letters, digits and +=,.@:/-_", 128)
]
# A role's name lies in an ARN and in policies: the characters IAM allows, without a path.
RoleName = Annotated[
    str, worded(r"^[A-Za-z0-9+=,.@_-]{1,64}$", "a role's name has at most 64 letters, digits and +=,.@_-, and no path")
]
# A policy's name, or its ARN; the path is part of what follows `policy/`.
PolicyName = Annotated[
    str,
    worded(
        r"^(arn:aws:iam::([0-9]{12}|aws):policy/)?([A-Za-z0-9+=,.@_-]+/)*[A-Za-z0-9+=,.@_-]{1,128}$",
        "a managed policy is named by its ARN, or by its path and name such as 'unit-boundary'",
        512,
    ),
]
# Names of environments go into the reference paths of state machines, which allow neither dashes nor dots.
EnvironmentName = Annotated[
    str,
    worded(
        r"^[a-z][a-z0-9]{0,19}$",
        "an environment's name begins with a small letter and has at most 20 small letters and digits",
    ),
]
StackName = Annotated[
    str,
    worded(
        r"^[a-zA-Z][-a-zA-Z0-9]{0,127}$",
        "a stack's name begins with a letter and has at most 128 letters, digits and '-'",
    ),
]
StackPrefix = Annotated[
    str,
    worded(r"^[a-zA-Z][-a-zA-Z0-9]{0,120}-[*]$", "a pattern of stacks ends with '-*', such as 'app-billing-*'"),
]
# Names, so that no address is among them: the last label begins with a letter.
OpenHost = Annotated[
    str,
    worded(
        rf"^([*][.]|{PRIVATE})?([a-z0-9-]+[.])+[a-z][a-z0-9-]*(:[1-9][0-9]{{0,4}})?$",
        "a host is a full name in small letters, with its port where that is not 443, such as 'models.example.com' or "
        "'*.example.org:8443', or a single one of a private network such as 'private:artifacts.corp.example.com'",
        270,
    ),
]
# Names of units also go into "promote-<unit>" (80 characters at most, 64 to be safe) and into wheels.
UnitName = Annotated[
    str,
    worded(
        r"^[a-z][a-z0-9_-]{0,39}$",
        "a unit's name begins with a small letter and has at most 40 small letters, digits, '_' and '-'",
    ),
]
