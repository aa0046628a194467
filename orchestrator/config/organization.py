"""`orchestrator.toml`: the accounts, the environments in order, and how releases are built."""

from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from orchestrator.config.authority import ADMINISTRATOR, FREE
from orchestrator.config.base import (
    ExternalId,
    OpenHost,
    OrganizationId,
    Settings,
    worded,
)
from orchestrator.config.environment import Environment, Target
from orchestrator.config.infrastructure import BUILD_ACTIVITY, BUILD_PROJECT, function_name, may_be_own
from orchestrator.config.network import Host, Network
from orchestrator.config.people import KnownAs
from orchestrator.config.platform import Platform
from orchestrator.config.repository import Repository
from orchestrator.config.tags import Tags
from orchestrator.config.tooling import Tooling
from orchestrator.config.trains import MergedTrain, problems_of
from orchestrator.errors import UnknownNameError

FILE_NAME = "orchestrator.toml"
_LAST_PORT = 65_535

Prefix = Annotated[
    str,
    worded(
        r"^[a-z][a-z0-9-]{0,18}-$",
        "a prefix begins with a small letter, ends with '-' and has at most 20 small letters, digits and '-'",
    ),
]

StackPattern = Annotated[
    str,
    worded(
        r"^[a-zA-Z][-a-zA-Z0-9]{0,127}[*]?$",
        "a stack's name begins with a letter and has at most 128 letters, digits and '-'; '*' may stand at its end",
    ),
]


class Lambda(Settings):
    """The platform of the orchestrator's own functions; units' functions run on what their templates say."""

    python: Annotated[str, worded(r"^3\.(1[1-9])$", "a Python that Lambda runs is written such as '3.13'")] = Field(
        default="3.13",
        description="Python version; units' functions without a Runtime have it too, and so does the template's "
        "parameter `Runtime`.",
        json_schema_extra=FREE,
    )
    architecture: Literal["x86_64", "arm64"] = Field(
        default="x86_64",
        description="Processor; units' functions without Architectures run on x86_64, as Lambda has it.",
        json_schema_extra=FREE,
    )

    @property
    def runtime(self) -> str:
        """The runtime's identifier, such as `python3.13`."""
        return self.platform.runtime

    @property
    def platform(self) -> Platform:
        """Both, as builds take them."""
        return Platform(self.python, self.architecture)


class Build(Settings):
    """How a release is built."""

    runner: Literal["activity", "codebuild"] = Field(
        default="activity",
        description="'activity': workers of a Step Functions activity, on machines of one's own. 'codebuild': one "
        "CodeBuild project for all units, which bootstrap makes.",
        json_schema_extra=ADMINISTRATOR,
    )
    timeout_minutes: int = Field(
        default=60, ge=1, le=480, description="How long one build may take, all in all.", json_schema_extra=FREE
    )
    unconfined: bool = Field(
        default=False,
        description="Whether a machine may build that cannot confine the code of units as far as builds require: it "
        "may then do whatever the one may that builds. Workers and command lines say so, and so does each release.",
        json_schema_extra=ADMINISTRATOR,
    )
    network: tuple[OpenHost, ...] = Field(
        default=(),
        description="Hosts that units' own code may reach by https while it is built, through a proxy, each with its "
        "port where that is not 443; '*.example.org' is any one label before that name. Only public addresses are "
        "connected to, and those of private networks where 'private:' stands before the name. It takes a network "
        "namespace, or nothing is built. Another list makes other releases of the same sources.",
        examples=[["models.example.com", "*.example.org:8443", "private:artifacts.corp.example.com"]],
        json_schema_extra=ADMINISTRATOR,
    )
    network_units: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="Patterns of the names of the units for which `network` holds; others reach nothing.",
        examples=[["ml-*"]],
        json_schema_extra=ADMINISTRATOR,
    )
    publish_from_machines: bool = Field(
        default=False,
        description="Whether `orchestrator build` publishes releases from a person's machine, with that person's "
        "permissions. Their manifests name the person.",
        json_schema_extra=ADMINISTRATOR,
    )

    @property
    def opened(self) -> Network:
        """The hosts that are opened to units' code."""
        return Network(self.network, self.network_units)

    @model_validator(mode="after")
    def _hosts_have_ports(self) -> Self:
        for text in self.network:
            if Host.of(text).port > _LAST_PORT:
                raise ValueError(f"network: {text!r} names a port beyond {_LAST_PORT}")
        return self


class Adopt(Settings):
    """What was deployed before by other means, and is taken over."""

    stacks: tuple[StackPattern, ...] = Field(
        default=(),
        description="Names of stacks that units are to take over by their stack_name: roles in targets may touch "
        "these, and resources whose names begin with one and '-', besides those that begin with stack_prefix. "
        "'orders-*' is all that begin so: a role has room for about five names, divided by its account's regions.",
        json_schema_extra=ADMINISTRATOR,
    )

    @model_validator(mode="after")
    def _are_others(self) -> Self:
        """Whoever may change the orchestrator's own stacks may do what it may do."""
        own = [one for one in self.stacks if may_be_own(one)]
        if own:
            raise ValueError(f"stacks: {', '.join(map(repr, own))} would hold stacks of the orchestrator itself")
        return self

    def holds(self, stack: str) -> bool:
        """Whether a stack is one of these."""
        return stack in self._names or stack.startswith(self._beginnings)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(one for one in self.stacks if not one.endswith("*"))

    @cached_property
    def _beginnings(self) -> tuple[str, ...]:
        """What the names of stacks begin with that patterns stand for."""
        return tuple(one.removesuffix("*") for one in self.stacks if one.endswith("*"))


class Organization(Settings):
    """The whole of `orchestrator.toml`."""

    tooling: Tooling
    environments: tuple[Environment, ...] = Field(min_length=1, description="In the order of promotion.")
    units: tuple[str, ...] = Field(
        default=("projects/*",),
        description="Globs of what may be units: folders, or files in them such as */template.yaml; '.' is the root. "
        "Within a name, `*`, `?` and `[ab]` are as in a shell; `**` is any number of folders.",
        json_schema_extra=FREE,
    )
    exclude: tuple[str, ...] = Field(
        default=(),
        description="Globs, as in units, of folders and files in which no unit is looked for.",
        json_schema_extra=FREE,
    )
    unit: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="By folder, settings of units as in [tool.orchestrator] of a pyproject.toml, for folders that "
        "are not to be edited. Each is checked with its unit, so that a mistake keeps no other one back.",
        json_schema_extra=FREE,
    )
    repository: Repository = Repository()
    build: Build = Build()
    adopt: Adopt = Adopt()
    people: dict[KnownAs, tuple[str, ...]] = Field(
        default_factory=dict,
        description="By the address that git knows somebody by, and by github:<login> for who pushes to GitHub, "
        "patterns of that person's principals, such as arn:aws:iam::111111111111:user/ada; none for a machine that "
        "only commits or pushes what others wrote.",
        json_schema_extra=ADMINISTRATOR,
    )
    unit_folders: dict[str, str] = Field(
        default_factory=dict,
        description="By pattern of units' names, the glob of folders that may use them; the first pattern that matches "
        "decides, and names that none matches belong to whichever folder used them first.",
        examples=[{"pay-*": "payments/*"}],
        json_schema_extra=ADMINISTRATOR,
    )
    trains: tuple[MergedTrain, ...] = Field(
        default=(), description="Units that go together when a merge affects several of them.", json_schema_extra=FREE
    )
    train_parallel: int = Field(
        default=10,
        ge=1,
        le=40,
        description="How many members of a train are promoted at a time.",
        json_schema_extra=FREE,
    )
    lambda_: Lambda = Field(default=Lambda(), alias="lambda")
    tags: Tags = Field(
        default_factory=dict,
        description="Tags of all units' stacks, which CloudFormation gives to what is in them, such as a cost center. "
        "No unit can change one; [[environments]] can.",
        json_schema_extra=ADMINISTRATOR,
        examples=[{"CostCenter": "4711"}],
    )
    stack_prefix: Prefix = Field(
        default="app-",
        description="What the names of all units' stacks in the targets begin with; roles are limited to it.",
        json_schema_extra=ADMINISTRATOR,
    )
    external_id: ExternalId = Field(
        default="promotion-orchestrator",
        description="Asked for by the trust policy of every deployer role.",
        json_schema_extra=ADMINISTRATOR,
    )
    organization_id: OrganizationId | None = Field(
        default=None,
        description="The AWS organization's id: when given, deployers trust nobody outside of it.",
        json_schema_extra=ADMINISTRATOR,
    )

    @model_validator(mode="after")
    def _units_are_others(self) -> Self:
        """Roles in targets may change whatever carries the prefix: also themselves, were it the orchestrator's own."""
        if may_be_own(f"{self.stack_prefix}*"):
            raise ValueError(
                f"stack_prefix: {self.stack_prefix!r} is what names of the orchestrator itself begin with, so units "
                "could change it. Choose another prefix, such as 'app-'"
            )
        return self

    @model_validator(mode="after")
    def _roles_are_for_stacks_of_units(self) -> Self:
        """Roles in targets may touch what carries the prefix, and what was adopted by its name."""
        for environment in self.environments:
            for one in environment.cloudformation_roles:
                if not one.startswith(self.stack_prefix) or one == f"{self.stack_prefix}*":
                    raise ValueError(
                        f"environments: cloudformation_roles of {environment.name!r} names {one!r}: write what stacks "
                        f"of some units begin with, such as '{self.stack_prefix}billing-*'"
                    )
        return self

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [environment.name for environment in self.environments]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"environments: {', '.join(map(repr, twice))} is there more than once")
        return self

    @model_validator(mode="after")
    def _unmerged_commits_go_to_known_environments(self) -> Self:
        if unknown := sorted(set(self.repository.allow_unmerged) - set(self.environment_names)):
            raise ValueError(
                f"repository.allow_unmerged: {', '.join(map(repr, unknown))} is not an environment; valid are "
                f"{', '.join(self.environment_names)}"
            )
        return self

    @model_validator(mode="after")
    def _trains_can_be_told_apart(self) -> Self:
        if found := problems_of(self.trains, self.environment_names):
            raise ValueError(f"trains: {'; '.join(found)}")
        return self

    @model_validator(mode="after")
    def _accounts_have_one_pair_of_roles(self) -> Self:
        """Two environments may share an account, but then its roles are the same: they are made once."""
        roles: dict[str, Environment] = {}
        for environment in self.environments:
            for target in environment.targets:
                first = roles.setdefault(target.account, environment)
                if _roles(first) != _roles(environment):
                    raise ValueError(
                        f"environments: {first.name!r} and {environment.name!r} share the account {target.account}, "
                        "so their deployer_role, cloudformation_role, cloudformation_policies, cloudformation_roles "
                        "and permissions_boundary must be the same"
                    )
        return self

    @model_validator(mode="after")
    def _environments_have_stacks_of_their_own(self) -> Self:
        """Two environments in one account and region would overwrite each other's stacks."""
        there: dict[tuple[Target, str], Environment] = {}
        for environment in self.environments:
            for target in environment.targets:
                first = there.setdefault((target, environment.stack_suffix), environment)
                if first is not environment:
                    raise ValueError(
                        f"environments: {first.name!r} and {environment.name!r} both deploy to {target}, so that each "
                        "would overwrite the other's stacks: give one that deployed nothing yet a name of its own for "
                        f"them, such as stack_suffix = '-{environment.name}'"
                    )
        return self

    def stack_name(self, slug: str, environment: str) -> str:
        """What a unit's stack is called in an environment where the unit does not say."""
        return f"{self.stack_prefix}{slug}{self.environment(environment).stack_suffix}"

    def environment(self, name: str) -> Environment:
        """Look an environment up by name.

        Raises:
            UnknownNameError: there is none of that name.
        """
        for environment in self.environments:
            if environment.name == name:
                return environment
        raise UnknownNameError("environment", name, self.environment_names)

    def tagged_environment(self, name: str) -> Environment:
        """An environment with all tags of the stacks there; raises as `environment`."""
        environment = self.environment(name)
        return environment.model_copy(update={"tags": {**self.tags, **environment.tags}})

    def may_deploy(self, stack: str) -> bool:
        """Whether roles in targets may touch a stack of that name."""
        return stack.startswith(self.stack_prefix) or self.adopt.holds(stack)

    @property
    def environment_names(self) -> list[str]:
        """The environments' names in the order of promotion."""
        return [environment.name for environment in self.environments]

    @property
    def mandatory_names(self) -> frozenset[str]:
        """Names of the environments that no unit may leave out, and no promotion skip."""
        return frozenset(environment.name for environment in self.environments if environment.mandatory)

    @property
    def targets(self) -> list[Target]:
        """Every target once, in the order of promotion."""
        return list(dict.fromkeys(target for environment in self.environments for target in environment.targets))

    def function_arn(self, step: str) -> str:
        """ARN of the Lambda that carries out a step, given the step's name such as `smoke_test`."""
        return f"arn:aws:lambda:{self.tooling.region}:{self.tooling.account}:function:{function_name(step)}"

    @property
    def build_activity_arn(self) -> str:
        """ARN of the activity that build workers poll."""
        return f"arn:aws:states:{self.tooling.region}:{self.tooling.account}:activity:{BUILD_ACTIVITY}"

    @property
    def build_project_arn(self) -> str:
        """ARN of the CodeBuild project that builds all units."""
        return f"arn:aws:codebuild:{self.tooling.region}:{self.tooling.account}:project/{BUILD_PROJECT}"

    def state_machine_arn(self, name: str) -> str:
        """ARN of a state machine in the tooling account."""
        return f"arn:aws:states:{self.tooling.region}:{self.tooling.account}:stateMachine:{name}"

    def tooling_role_arn(self, name: str) -> str:
        """ARN of a role in the tooling account."""
        return f"arn:aws:iam::{self.tooling.account}:role/{name}"


def _roles(environment: Environment) -> tuple[object, ...]:
    return (
        environment.deployer_role,
        environment.cloudformation_role,
        environment.cloudformation_policies,
        environment.permissions_boundary,
        environment.cloudformation_roles,
    )
