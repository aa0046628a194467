"""ARNs that people's policies are limited to: those of all units, or of the units whose names begin alike."""

from dataclasses import dataclass
from typing import Any

from infra.tooling.conditions import ONLY_MERGES
from infra.tooling.names import Names
from orchestrator.config.unit import gate_name
from orchestrator.trains.names import TRAIN_MACHINE, train_gate_name

Statement = dict[str, Any]
_ANY = "*"


@dataclass(frozen=True)
class Scope:
    """The units and environments that a policy is for.

    Args:
        names: the ARNs of an installation.
        units: what the units' names begin with; empty for all units.
        environment: the only environment whose gates may be started; None for all environments.
    """

    names: Names
    units: str = ""
    environment: str | None = None

    @property
    def promotions(self) -> list[str]:
        """State machines that promote the units."""
        return [self._machine(f"promote-{self.units}*")]

    @property
    def trains(self) -> list[str]:
        """The state machine of trains; none for some units alone, because a train moves any unit."""
        return [] if self.units else [self._machine(TRAIN_MACHINE)]

    @property
    def gates(self) -> list[str]:
        """Gates of the units and, for all units, of trains: their names are like those of units' gates."""
        return [self._machine(gate_name(f"{self.units}*", self.environment or _ANY))]

    @property
    def foreign_gates(self) -> list[str]:
        """Gates of trains, where the units' prefix covers their name as well: a train moves any unit."""
        trains = train_gate_name("")
        return [self._machine(f"{trains}*")] if self.units and trains.startswith(self.units) else []

    @property
    def roles(self) -> str:
        """Roles of the tooling account."""
        return self.names.organization.tooling_role_arn(_ANY)

    def _machine(self, name: str) -> str:
        return self.names.organization.state_machine_arn(name)


def executions(machines: list[str]) -> list[str]:
    """Executions of some state machines."""
    return [f"{arn.replace(':stateMachine:', ':execution:')}:*" for arn in machines]


def allow(actions: list[str], resources: list[str], conditions: dict[str, Any] | None = None) -> list[Statement]:
    """A statement that allows some actions on some resources; none where there are no resources."""
    if not resources:
        return []
    condition = {"Condition": conditions} if conditions else {}
    return [{"Effect": "Allow", "Action": actions, "Resource": resources, **condition}]


def deny(actions: list[str], resources: list[str]) -> list[Statement]:
    """A statement that denies some actions, whatever other policies allow; none where there are no resources."""
    return [{"Effect": "Deny", "Action": actions, "Resource": resources}] if resources else []


def announce_merges(scope: Scope) -> list[Statement]:
    """A statement that allows putting merge events on the bus, and no other events."""
    return allow(["events:PutEvents"], [scope.names.event_bus], ONLY_MERGES)
