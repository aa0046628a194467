"""What the parameters and mappings of a template are worth before it is deployed, in one environment."""

from collections.abc import Mapping
from typing import Any

from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.frozen import dataclass

_PARAMETER_STORE = "AWS::SSM::Parameter::"
_LISTS = ("CommaDelimitedList", "List<")


class UnknownValueError(Exception):
    """A value is known in the deployed stack only; the text says why."""


@dataclass(frozen=True)
class Scope:
    """What is known of one template in one environment.

    Attributes:
        document: the template.
        given: parameters that get a value there.
        keeps: whether the stack was there before the unit: parameters that nothing gives a value keep their own.
        where: the file and the table that a parameter is given a value in, for messages.
    """

    document: Mapping[str, Any]
    given: Mapping[str, str]
    keeps: bool = False
    where: str = "the unit's parameters"

    def parameter(self, name: str) -> Any:
        """The value of a parameter; a list for one that holds several values.

        Raises:
            UnknownValueError: it has none that is known, or the name is another thing's.
        """
        declared = _mapping(_mapping(self.document.get("Parameters")).get(name))
        if not declared:
            raise UnknownValueError(f"{name} is not a parameter")
        kind, value = str(declared.get("Type")), self._value(name, declared)
        if kind.startswith(_PARAMETER_STORE):
            raise UnknownValueError(f"the parameter {name} is looked up in Parameter Store by each deployment")
        return [part.strip() for part in str(value).split(",")] if kind.startswith(_LISTS) else value

    def mapped(self, name: Any, first: Any, second: Any) -> Any:
        """A value of the section `Mappings`.

        Raises:
            UnknownValueError: there is none.
        """
        keys = _mapping(_mapping(_mapping(self.document.get("Mappings")).get(str(name))).get(str(first)))
        if str(second) not in keys:
            raise UnknownValueError(f"Mappings.{name}.{first}.{second} does not exist")
        return keys[str(second)]

    def _value(self, name: str, declared: Mapping[str, Any]) -> Any:
        if name in self.given:
            return self.given[name]
        if "Default" not in declared:
            raise UnknownValueError(f"the parameter {name} has neither a Default nor a value in {self.where}")
        if self.keeps:
            raise UnknownValueError(
                f"the stack existed before the unit and keeps its value of the parameter {name}, unless {self.where} "
                "gives it one"
            )
        return declared["Default"]


def unit_scope(document: Mapping[str, Any], unit: Unit, organization: Organization, environment: str) -> Scope:
    """What is known of a unit's template in an environment: what a deployment there will give its parameters."""
    known = {"Runtime": organization.lambda_.runtime, "Environment": environment, "Unit": unit.name}
    return Scope(
        document,
        {**known, **unit.parameters(environment)},
        keeps=unit.settings.stack_in(environment) is not None,
        where=f"{unit.settings_file} under [{unit.settings_table}.parameters.{environment}] (or .default)",
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
