"""Opens the accounts to install in: the caller's own as it is, others through their organization's role."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.aws.session import Assumer, RoleToAssume
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    import boto3

ORGANIZATION_ROLE = "OrganizationAccountAccessRole"


@dataclass(frozen=True)
class MemberAccounts:
    """Sessions for a bootstrap.

    Args:
        own: makes the caller's own session for a region: in the tooling or the organization's management account.
        own_account: the account it is in.
        assume: assumes a role with the caller's permissions.
        role: the role that every member account has.
    """

    own: "Callable[[str], boto3.Session]"
    own_account: str
    assume: Assumer
    role: str = ORGANIZATION_ROLE

    def __call__(self, account: str, region: str) -> "boto3.Session":
        """Open an account and region."""
        if account == self.own_account:
            return self.own(region)
        arn = f"arn:aws:iam::{account}:role/{self.role}"
        return self.assume(RoleToAssume(arn, "orchestrator-bootstrap"), region)
