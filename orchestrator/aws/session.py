"""Roles in other accounts: assumed for one step, under a name that says for which promotion."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.aws.arn import role_of_session
from orchestrator.errors import AccessError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

# CloudFormation throttles at a few calls a second and account: wait for it rather than fail.
CLIENT = Config(retries={"mode": "adaptive", "max_attempts": 10}, connect_timeout=10, read_timeout=70)
# Of a session that was assumed with another role's session, STS allows no longer.
_SECONDS = 3600
_SESSION_NAME_LIMIT = 64


@dataclass(frozen=True)
class RoleToAssume:
    """A role, and what its trust policy asks for.

    Attributes:
        arn: the role's ARN.
        session_name: who asks: letters, digits and `=,.@_-`; cut to 64 characters.
        external_id: what the trust policy wants to hear, None when it wants nothing.
    """

    arn: str
    session_name: str
    external_id: str | None = None

    @property
    def account(self) -> str:
        """The account the role is in."""
        return self.arn.split(":")[4]


def sessions_beside(session: boto3.Session) -> Callable[..., boto3.Session]:
    """Make sessions, as `boto3.Session` does, that share what a session has read of botocore's service models.

    Reading them is nearly all of the time that a new session's clients take, and every step opens new sessions.
    """
    loader = session._session.get_component("data_loader")  # noqa: SLF001  # boto3 has no way to share it.

    def make(**arguments: str) -> boto3.Session:
        core = botocore.session.Session()
        core.register_component("data_loader", loader)
        return boto3.Session(botocore_session=core, **arguments)

    return make


def lasting_session(
    new_session: Callable[..., boto3.Session], fetch: Callable[[], dict[str, str]], region: str
) -> boto3.Session:
    """A session whose credentials are fetched again before they expire.

    Args:
        new_session: makes a session out of keyword arguments, as `boto3.Session` does.
        fetch: fetches `access_key`, `secret_key`, `token` and `expiry_time`, ISO 8601; first called at once.
        region: the session's.
    """
    session = new_session(region_name=region)
    credentials = RefreshableCredentials.create_from_metadata(fetch(), fetch, "assume-role")
    # boto3 takes no credentials that are refreshed.
    session._session._credentials = credentials  # type: ignore[attr-defined]  # noqa: SLF001
    return session


@dataclass(frozen=True)
class Assumer:
    """Opens sessions with roles of other accounts.

    Args:
        sts: STS with the caller's own permissions.
        new_session: makes a session out of keyword arguments, as `boto3.Session` does.
    """

    sts: "STSClient"
    new_session: Callable[..., boto3.Session]

    def __call__(self, role: RoleToAssume, region: str) -> boto3.Session:
        """Assume a role for an hour at the most.

        Raises:
            AccessError: it cannot be assumed; says who asked, and what the role's trust policy must say.
        """
        credentials = self._credentials(role)
        return self.new_session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=region,
        )

    def lasting(self, role: RoleToAssume, region: str) -> boto3.Session:
        """Assume a role for as long as the session is used: it is assumed anew before its hour is over.

        Raises:
            AccessError: it cannot be assumed, now or later.
        """

        def assume() -> dict[str, str]:
            found = self._credentials(role)
            return {
                "access_key": found["AccessKeyId"],
                "secret_key": found["SecretAccessKey"],
                "token": found["SessionToken"],
                "expiry_time": found["Expiration"].isoformat(),
            }

        return lasting_session(self.new_session, assume, region)

    def _credentials(self, role: RoleToAssume) -> "CredentialsTypeDef":
        extra: dict[str, Any] = {"ExternalId": role.external_id} if role.external_id else {}
        name = re.sub(r"[^\w=,.@-]", "-", role.session_name)[:_SESSION_NAME_LIMIT]
        try:
            answer = self.sts.assume_role(RoleArn=role.arn, RoleSessionName=name, DurationSeconds=_SECONDS, **extra)
        except (ClientError, BotoCoreError) as error:
            raise AccessError(self._explain(role, error)) from error
        return answer["Credentials"]

    def _explain(self, role: RoleToAssume, error: Exception) -> str:
        caller = self._caller()
        condition = f" with the external id {role.external_id!r}" if role.external_id else ""
        return (
            f"The role {role.arn} in account {role.account} cannot be assumed: {error}. "
            f"Its trust policy must allow sts:AssumeRole to {caller}{condition}, and {caller} must be allowed "
            f"to assume it. 'orchestrator bootstrap' sets both up."
        )

    def _caller(self) -> str:
        try:
            arn = self.sts.get_caller_identity()["Arn"]
        except (ClientError, BotoCoreError):
            return "the caller"
        return role_of_session(arn)
