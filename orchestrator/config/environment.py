"""An environment of the ladder, and the accounts and regions that it deploys to."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from orchestrator.config.authority import ADMINISTRATOR, COMBINED, FREE
from orchestrator.config.base import (
    AccountId,
    EnvironmentName,
    PolicyName,
    Region,
    RoleName,
    Settings,
    StackPrefix,
    worded,
)
from orchestrator.config.infrastructure import bucket_name
from orchestrator.config.tags import Tags
from orchestrator.config.windows import Window
from orchestrator.identity.policy import Excluded, UnmappedAuthors

Hold = Literal["until_resumed", "until_newer"]
Suffix = Annotated[
    str,
    worded(
        r"^(-[a-z0-9]{1,20})?$", "a suffix is '-' and at most 20 small letters and digits, such as '-test', or nothing"
    ),
]


class Target(Settings):
    """One account and region that an environment deploys to."""

    account: AccountId
    region: Region

    @property
    def bucket(self) -> str:
        """Name of the bucket that the target's own copies of the artifacts lie in."""
        return bucket_name(self.account, self.region)

    def role_arn(self, role: str) -> str:
        """ARN of a role of this account."""
        return f"arn:aws:iam::{self.account}:role/{role}"

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


class Environment(Settings):
    """One step of the ladder, such as `test`: its targets and what guards it."""

    name: EnvironmentName = Field(examples=["dev"], json_schema_extra=ADMINISTRATOR)
    targets: tuple[Target, ...] = Field(
        min_length=1, description="At least one account and region.", json_schema_extra=ADMINISTRATOR
    )
    requires_approval: bool = Field(
        default=False, description="Whether a deployment waits for a person.", json_schema_extra=COMBINED
    )
    approval_timeout_hours: int = Field(
        default=168,
        ge=1,
        le=8_760,
        description="How long it waits before the promotion ends as timed out.",
        json_schema_extra=FREE,
    )
    approvers: tuple[str, ...] = Field(
        default=(),
        description="Patterns of ARNs of those who may decide, such as arn:aws:iam::111111111111:role/release-*; "
        "all who may start the gate when left out.",
        json_schema_extra=COMBINED,
    )
    required_approvals: int = Field(
        default=1, ge=1, le=10, description="How many different people must approve.", json_schema_extra=COMBINED
    )
    excluded_approvers: tuple[Excluded, ...] = Field(
        default=(),
        description="Who may not decide: an 'author' of the change, the 'starter' of the promotion.",
        json_schema_extra=COMBINED,
    )
    unmapped_authors: UnmappedAuthors = Field(
        default="one_more",
        description="Where authors are excluded and [people] does not name one of them, or not all are known: "
        "'one_more' asks for one approval more, 'refuse' for no less than an entry of [people].",
        json_schema_extra=COMBINED,
    )
    approver_accounts: tuple[AccountId, ...] = Field(
        default=(),
        description="AWS accounts whose principals may decide; the tooling account's alone when left out.",
        json_schema_extra=ADMINISTRATOR,
    )
    mandatory: bool = Field(
        default=False,
        description="Whether each unit that goes to a later environment has to pass this one, which --skip-gates does "
        "not skip either.",
        json_schema_extra=COMBINED,
    )
    rollback_approval: bool = Field(
        default=False,
        description="Whether going back to a release that worked here waits for a person too.",
        json_schema_extra=COMBINED,
    )
    hold: Hold = Field(
        default="until_resumed",
        description="When automatic promotions come in again after a rollback: when somebody says so, or with a "
        "newer release that passed the environments before; after a train, another release of any member will do.",
        json_schema_extra=COMBINED,
    )
    windows: tuple[Window, ...] = Field(
        default=(),
        description="The times of the week when it may be deployed to; always when left out.",
        json_schema_extra=COMBINED,
    )
    deployer_role: RoleName = Field(
        default="orchestrator-deployer",
        description="What the orchestrator's Lambdas assume.",
        json_schema_extra=ADMINISTRATOR,
    )
    cloudformation_role: RoleName = Field(
        default="orchestrator-cloudformation",
        description="What CloudFormation deploys with.",
        json_schema_extra=ADMINISTRATOR,
    )
    cloudformation_policies: tuple[str, ...] = Field(
        default=(),
        description="ARNs of managed policies that role has besides what Lambda and Glue units need.",
        json_schema_extra=ADMINISTRATOR,
    )
    cloudformation_roles: dict[StackPrefix, RoleName] = Field(
        default_factory=dict,
        description="By pattern of stacks, such as 'app-billing-*', the role that CloudFormation deploys these with, "
        "limited to their names; all others are deployed with cloudformation_role, which then cannot touch them.",
        json_schema_extra=ADMINISTRATOR,
        examples=[{"app-billing-*": "billing-cloudformation"}],
    )
    permissions_boundary: PolicyName | None = Field(
        default=None,
        description="Managed policy that every role of units must have as its permissions boundary: its name, which it "
        "has in each account of the environment, or its ARN. CloudFormation can then create and change no other roles.",
        json_schema_extra=ADMINISTRATOR,
        examples=["unit-boundary"],
    )
    tags: Tags = Field(
        default_factory=dict,
        description="Tags of all units' stacks here, besides those of [tags], which these override.",
        json_schema_extra=ADMINISTRATOR,
        examples=[{"Stage": "live"}],
    )
    stack_suffix: Suffix = Field(
        default="",
        description="What the names of units' stacks end with here, such as '-test': of environments that share an "
        "account and region, all but one have one, and each another.",
        json_schema_extra=ADMINISTRATOR,
    )

    @model_validator(mode="after")
    def _stacks_have_one_role(self) -> Self:
        """A stack is deployed with one role, and a role of some stacks is not that of all others."""
        prefixes = sorted(one.removesuffix("*") for one in self.cloudformation_roles)
        within = [(one, other) for one in prefixes for other in prefixes if one != other and other.startswith(one)]
        if within:
            outer, inner = within[0]
            raise ValueError(f"cloudformation_roles: '{outer}*' holds '{inner}*', and a stack has one role")
        own = {self.deployer_role, self.cloudformation_role} & set(self.cloudformation_roles.values())
        if own:
            raise ValueError(f"cloudformation_roles: {min(own)!r} is the deployer_role or cloudformation_role already")
        return self

    @model_validator(mode="after")
    def _boundary_is_in_each_account(self) -> Self:
        """A role's boundary is a policy of the same account, or one of AWS's."""
        boundary = self.permissions_boundary or ""
        others = [one.account for one in self.targets if boundary_arn(boundary, one.account) is None]
        if boundary and others:
            raise ValueError(
                f"permissions_boundary: {boundary!r} is not in the account {others[0]} of {self.name!r}. "
                f"Write its name alone, {boundary.partition(':policy/')[2]!r}, and make it in each account."
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _one_target_in_short(cls, values: Any) -> Any:
        """Accept `account` and `region` beside each other as the short form of a single target."""
        if isinstance(values, dict) and "targets" not in values and {"account", "region"} & values.keys():
            rest = {key: value for key, value in values.items() if key not in ("account", "region")}
            single = {key: values[key] for key in ("account", "region") if key in values}
            return {**rest, "targets": (single,)}
        return values

    def role_for(self, stack: str) -> str:
        """Name of the role that CloudFormation deploys a stack with."""
        # Of the names of what a stack holds, each begins with the stack's and a dash.
        found = (
            role for one, role in self.cloudformation_roles.items() if f"{stack}-".startswith(one.removesuffix("*"))
        )
        return next(found, self.cloudformation_role)

    def boundary_in(self, account: str) -> str | None:
        """ARN of the permissions boundary in an account of the environment; None where there is none."""
        return boundary_arn(self.permissions_boundary, account) if self.permissions_boundary else None


def boundary_arn(policy: str, account: str) -> str | None:
    """ARN of a managed policy, given its name or ARN; None where the ARN is of another account."""
    if not policy.startswith("arn:"):
        return f"arn:aws:iam::{account}:policy/{policy}"
    return policy if policy.split(":")[4] in (account, "aws") else None
