"""A unit: a folder's `[project]` and `[tool.orchestrator]` tables, every key of the latter optional."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from orchestrator.config import organization as organization_file
from orchestrator.config.authority import COMBINED, FREE
from orchestrator.config.base import EnvironmentName, Settings, StackName, UnitName
from orchestrator.config.organization import Organization
from orchestrator.config.tags import Tags
from orchestrator.config.told import table_of
from orchestrator.config.versions import UnitVersion

FILE_NAME = "pyproject.toml"
EVERY_ENVIRONMENT = "default"


class InvokeTest(Settings):
    """Invokes a Lambda named by an output of the unit's stack, and matches its answer."""

    invoke: str = Field(description="The stack output that holds the function's name or ARN.")
    payload: Any = Field(default_factory=dict, description="The event, any JSON.")
    match: str | None = Field(default=None, description="A JMESPath expression that must be true of the answer.")
    expect: Any = Field(default=None, description="A document that must be a subset of the answer.")


class UrlTest(Settings):
    """Calls a URL, and checks the status and optionally a part of the body."""

    url: str = Field(
        description="An https URL, or the stack output that holds one. It must lead to public addresses; redirects are "
        "not followed."
    )
    status: int = Field(default=200, ge=100, le=599)
    contains: str | None = Field(default=None, description="Text that the body must contain.")


SmokeTest = InvokeTest | UrlTest


class BuildCommand(Settings):
    """A command of the unit that makes what its template names, in the place of the tool chains that are known."""

    command: tuple[str, ...] = Field(
        min_length=1,
        description="The program and its arguments; it runs in the unit's folder without shell and network.",
    )
    artifacts: dict[str, str] = Field(
        default_factory=dict,
        description="By logical id of the template, the file or folder that stands in for its local path.",
    )

    @model_validator(mode="after")
    def _paths_stay_inside(self) -> Self:
        program = self.command[0]
        if not program.strip() or program.startswith("/") or ".." in program.split("/"):
            raise ValueError(f"command: {program!r} must be the name of a program, or its path in the unit's folder")
        for name, path in self.artifacts.items():
            if path.startswith("/") or ".." in path.split("/") or not path.strip():
                raise ValueError(f"artifacts.{name}: {path!r} must be a relative path without '..'")
        return self


class UnitSettings(Settings):
    """`[tool.orchestrator]` of a unit's `pyproject.toml`."""

    name: UnitName | None = Field(
        default=None,
        description="The unit's name; made of its folder's when left out, see orchestrator.config.names.",
        json_schema_extra=FREE,
    )
    library: bool = Field(
        default=False,
        description="True for shared code: never deployed, but its own depends_on counts.",
        json_schema_extra=FREE,
    )
    version: UnitVersion | None = Field(
        default=None,
        description="Of a unit without a project; its package.json's when left out, else the day of the commit.",
        json_schema_extra=FREE,
    )
    template: str = Field(
        default="template.yaml",
        description="The CloudFormation template, within the folder; a folder with a cdk.json needs none.",
        json_schema_extra=FREE,
    )
    stack: str | None = Field(
        default=None, description="Of a CDK app with several stacks, the one that is deployed.", json_schema_extra=FREE
    )
    build: BuildCommand | None = Field(
        default=None,
        description="The unit's own build command; left out, each function is built by the tool chain of its runtime.",
        json_schema_extra=FREE,
    )
    depends_on: tuple[str, ...] = Field(
        default=(),
        description="Folders outside the unit that are inputs of its build, from the repository's root.",
        json_schema_extra=FREE,
    )
    shared_code: tuple[str, ...] = Field(
        default=(),
        description="Folders outside the unit, from the repository's root, that its functions in Python import: inputs "
        "like those of depends_on, packaged in a layer that these functions get. A folder with an __init__.py is "
        "imported by its own name, any other one has modules in it.",
        json_schema_extra=FREE,
    )
    after: tuple[UnitName, ...] = Field(
        default=(),
        description="Units that a train promotes before this one, in every environment.",
        json_schema_extra=FREE,
    )
    environments: tuple[EnvironmentName, ...] | None = Field(
        default=None, description="The environments it goes to; all when left out.", json_schema_extra=FREE
    )
    requires_approval: tuple[EnvironmentName, ...] | None = Field(
        default=None,
        description="The environments that wait for a person, besides those of the organization.",
        json_schema_extra=COMBINED,
    )
    approvers: dict[EnvironmentName, tuple[str, ...]] = Field(
        default_factory=dict,
        description="By environment, patterns of ARNs of those who may decide, out of those the organization names.",
        json_schema_extra=COMBINED,
    )
    required_approvals: dict[EnvironmentName, Annotated[int, Field(ge=1, le=10)]] = Field(
        default_factory=dict,
        description="By environment, how many must approve; the organization's when that is more.",
        json_schema_extra=COMBINED,
    )
    parameters: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="Template parameters by environment; those under 'default' hold in all of them.",
        json_schema_extra=FREE,
    )
    smoke_tests: tuple[SmokeTest, ...] = Field(default=(), json_schema_extra=FREE)
    stack_name: StackName | dict[EnvironmentName, StackName] | None = Field(
        default=None,
        description="Name of the stack in the targets, in all environments or by environment, such as one that is "
        "there already and named in [adopt] stacks; '<stack_prefix><unit><stack_suffix>' when left out.",
        json_schema_extra=FREE,
    )
    tags: Tags = Field(
        default_factory=dict,
        description="Tags of the unit's stacks, none of which the organization or an environment sets.",
        json_schema_extra=FREE,
        examples=[{"CostCenter": "4711"}],
    )
    concurrency: Literal["superseded", "queued"] = Field(
        default="superseded",
        description="What happens when two promotions meet: the older one ends, or the newer one waits behind it.",
        json_schema_extra=FREE,
    )

    def stack_in(self, environment: str) -> str | None:
        """The name that is given to the stack in an environment: it may be there already."""
        return self.stack_name.get(environment) if isinstance(self.stack_name, dict) else self.stack_name

    @model_validator(mode="after")
    def _paths_stay_inside(self) -> Self:
        folders = {"depends_on": self.depends_on, "shared_code": self.shared_code}
        named = [(key, path) for key, paths in folders.items() for path in paths]
        for key, path in [("template", self.template), *named]:
            if path.startswith("/") or ".." in path.split("/") or not path.strip():
                raise ValueError(f"{key}: {path!r} must be a relative path without '..'")
        return self


class Unit(Settings):
    """A deployment unit at one commit."""

    name: UnitName
    folder: str = Field(description="From the repository's root, such as `projects/orders`.")
    version: str = Field(description="`[project] version`, PEP 440; without a project, what the commit gives.")
    settings: UnitSettings
    plain: bool = Field(default=False, description="Whether it has no `[project]`: a template, and perhaps code.")
    told: bool = Field(default=False, description="Whether `orchestrator.toml` holds settings of it.")

    def path(self, name: str) -> str:
        """A file of the unit, from the repository's root."""
        return f"{self.folder}/{name}" if self.folder else name

    @property
    def settings_file(self) -> str:
        """The file that settings of this unit are written into."""
        return organization_file.FILE_NAME if self.plain or self.told else self.path(FILE_NAME)

    @property
    def settings_table(self) -> str:
        """The table of that file."""
        return table_of(self.folder) if self.plain or self.told else "tool.orchestrator"

    @property
    def slug(self) -> str:
        """The name with what CloudFormation allows in the name of a stack."""
        return slug_of(self.name)

    @property
    def promotion_stack_name(self) -> str:
        """Name of the stack, in the tooling account, that carries the unit's state machines."""
        return f"promote-{self.slug}"

    @property
    def state_machine_name(self) -> str:
        """Name of the state machine whose executions are this unit's promotions."""
        return f"promote-{self.name}"

    def gate_name(self, environment: str) -> str:
        """Name of the gate: the state machine that is started to approve or reject."""
        return gate_name(self.name, environment)

    def stack_name(self, environment: str, organization: Organization) -> str:
        """Name of the unit's stack in the targets of an environment."""
        return self.settings.stack_in(environment) or organization.stack_name(self.slug, environment)

    def environments(self, organization: Organization) -> list[str]:
        """The names of the environments the unit is promoted through, in the organization's order."""
        wanted = self.settings.environments
        names = organization.environment_names
        if wanted is None:
            return names
        last = max((names.index(name) for name in wanted), default=-1)
        mandatory = {one.name for one in organization.environments[:last] if one.mandatory}
        return [name for name in names if name in wanted or name in mandatory]

    def parameters(self, environment: str) -> dict[str, str]:
        """The unit's own template parameters in an environment."""
        own = self.settings.parameters
        return {**own.get(EVERY_ENVIRONMENT, {}), **own.get(environment, {})}


def slug_of(name: str) -> str:
    """A unit's name with what CloudFormation allows in the name of a stack."""
    return name.replace("_", "-")


def gate_name(unit: str, environment: str) -> str:
    """Name of a unit's gate, which is there as long as its state machines are, also when its folder is gone."""
    return f"{unit}-approve-{environment}"


def unit_for(name: str, pipeline: str) -> Unit:
    """As much of a unit as its state machines are made of: the settings of `source.facts.PIPELINE`, as JSON."""
    return Unit(name=name, folder=name, version="0", settings=UnitSettings.model_validate_json(pipeline))
