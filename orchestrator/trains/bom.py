"""The bill of materials: which releases a train carries, how far, and what becomes of it when one of them fails."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from orchestrator.config.base import EnvironmentName, Settings, UnitName, worded
from orchestrator.config.load import validated
from orchestrator.config.trains import ON_FAILURE, OnFailure
from orchestrator.errors import ConfigurationError, RequestError
from orchestrator.trains.names import is_retry

FILE_NAME = "train.toml"
LATEST = "latest"
_EXAMPLE = '{"units": ["orders@0.2.1", "invoices@latest"]}'

# A train's name is its execution's, and a part of the name of each member's: 80 characters at the most.
TrainName = Annotated[
    str,
    worded(
        r"^[a-z][a-z0-9-]{0,46}[a-z0-9]$",
        "a train's own name begins with a small letter and has 2 to 48 small letters, digits and '-'",
    ),
]
ReleaseName = Annotated[
    str,
    worded(
        r"^[a-z][a-z0-9_-]{0,39}@[0-9A-Za-z.!+-]{1,64}$",
        "a release is written unit@version, such as orders@0.2.1, or orders@latest for the one published last",
    ),
]


class Bom(Settings):
    """A bill of materials, as `train.toml` and the execution's input have it."""

    units: tuple[ReleaseName, ...] = Field(
        default=(), description="What goes along: unit@version, or unit@latest for the release published last."
    )
    from_: EnvironmentName | None = Field(
        default=None, alias="from", description="The environment to begin with; the first when left out."
    )
    to: EnvironmentName | None = Field(default=None, description="The environment to end with; the last otherwise.")
    on_failure: OnFailure = Field(default="stop", description=ON_FAILURE)
    reason: str | None = Field(default=None, description="Kept in the ledger.")
    override_freeze: bool = Field(default=False, description="Deploy in spite of freezes and windows; with a reason.")

    @field_validator("units")
    @classmethod
    def _each_unit_once(cls, units: tuple[str, ...]) -> tuple[str, ...]:
        names = [one.split("@")[0] for one in units]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is there more than once: a train carries one release of a unit")
        return units

    @model_validator(mode="after")
    def _exceptions_have_reasons(self) -> Self:
        if self.override_freeze and not (self.reason or "").strip():
            raise ValueError("override_freeze must come with a 'reason': it is kept in the ledger")
        return self

    @property
    def versions(self) -> dict[str, str]:
        """By unit, the version that is asked for."""
        return {unit: version for unit, _, version in (one.partition("@") for one in self.units)}

    @property
    def members(self) -> tuple[str, ...]:
        """All units that go along."""
        return tuple(sorted(self.versions))


class TrainFile(Bom):
    """`train.toml`: a bill of materials, and perhaps the train's name."""

    name: TrainName | None = Field(default=None, description="Unique; made up when left out.")

    @field_validator("name")
    @classmethod
    def _is_no_retry(cls, name: str | None) -> str | None:
        if name and is_retry(name):
            raise ValueError("names that end with '-r' and a number are those of trains that carry on others")
        return name


class TrainRequest(Bom):
    """What a train is started with: releases that are there, or a merge's commit that they are built from."""

    commit: str | None = Field(default=None, description="Set by a merge.")
    branch: str | None = Field(default=None, description="Set by a merge.")
    digests: dict[UnitName, str] = Field(default_factory=dict, description="By unit; set by a merge.")
    retry_of: str | None = Field(
        default=None, description="The merge's train that this one goes on for: 'commit' and 'digests' must be those."
    )

    @model_validator(mode="after")
    def _releases_or_a_commit(self) -> Self:
        if bool(self.units) == bool(self.digests) or bool(self.digests) != bool(self.commit):
            raise ValueError("it must name either releases ('units'), or a merge's 'commit' and 'digests'")
        return self

    @property
    def members(self) -> tuple[str, ...]:
        """All units that go along, also those that are built first."""
        return tuple(sorted(self.digests or self.versions))


def read_bom(values: dict[str, Any], file: Path | None) -> TrainFile:
    """Read a bill of materials: what a `train.toml` says, and what the command line says.

    Raises:
        ConfigurationError: a key or value of the file is not valid.
        RequestError: one of the command line is not, or no release is named.
    """
    try:
        bom = validated(TrainFile, values, str(file))
    except ConfigurationError as error:
        if file is not None:
            raise
        raise RequestError(f"The train is not valid: {' '.join(error.problems)}") from error
    if not bom.units:
        raise RequestError("A train must name at least one release, such as orders@0.2.1 or invoices@latest.")
    return bom


def parse_train_request(request: Any) -> TrainRequest:
    """Read the input of a train's execution.

    Raises:
        RequestError: it is not what a train can be started with.
    """
    try:
        return validated(TrainRequest, request, "")
    except ConfigurationError as error:
        problems = " ".join(error.problems)
        raise RequestError(f"The train's input is not valid: {problems} An example: {_EXAMPLE}") from error
