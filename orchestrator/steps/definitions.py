"""Identifies what a unit's state machines look like, for thousands of units in a moment."""

import hashlib
import json
from dataclasses import field
from typing import Protocol

from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit, unit_for
from orchestrator.frozen import dataclass

_STAND_IN = "unit"


class UnitStackTemplate(Protocol):
    """Renders the template of a unit's stack; the pure function of the state machines."""

    def __call__(self, unit: Unit, organization: Organization) -> str:
        """Render it."""


@dataclass(frozen=True)
class Definitions:
    """Identifies state machines by rendering them once for all units with the same settings, under a stand-in's name.

    So every change of what is rendered shows, of the organization's and of the orchestrator's own code as well.

    Args:
        template: renders a unit's stack.
        organization: the environments.
    """

    template: UnitStackTemplate
    organization: Organization
    _known: dict[str, str] = field(default_factory=dict)
    _rendered: dict[str, str] = field(default_factory=dict)

    def of(self, pipeline: str) -> str:
        """What identifies a unit's state machines: equal for equal templates, but for the unit's name.

        Args:
            pipeline: the settings that they are made of, as JSON.
        """
        if pipeline not in self._known:
            self._known[pipeline] = self._identity(pipeline)
        return self._known[pipeline]

    def _identity(self, pipeline: str) -> str:
        settings = json.loads(pipeline)
        stack_name = settings.pop("stack_name", "")
        key = json.dumps(settings, sort_keys=True)
        if key not in self._rendered:
            self._rendered[key] = self.template(unit_for(_STAND_IN, key), self.organization)
        return hashlib.sha256(f"{stack_name}\0{self._rendered[key]}".encode()).hexdigest()
