"""What a gate is started with, and the decision that is being made of it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from orchestrator.config.base import EnvironmentName, UnitName
from orchestrator.decisions.document import train_subject
from orchestrator.frozen import dataclass
from orchestrator.guardrails.rules import Tightening
from orchestrator.identity.policy import ApprovalPolicy
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.steps.contract import Document
from orchestrator.trains.names import EXECUTION_NAME


class DecideInput(Document):
    """What Decide is given: which gate it is, and what somebody started it with, which may be anything."""

    unit: UnitName | None = Field(default=None, description="None at the gate of trains.")
    environment: EnvironmentName
    gate: str = Field(description="ARN of the gate's execution.")
    started_at: datetime = Field(description="When that execution started.")
    decision: Any
    merged: Tightening = Tightening()


PLAN_DIGITS = 12
"""How many digits of a plan's hash a decision must name at least."""


class Given(Document):
    """What every gate is started with."""

    decision: Literal["approve", "reject"]
    plan: str = Field(
        default="",
        pattern=rf"^([0-9a-f]{{{PLAN_DIGITS},64}})?$",
        description="The first digits of the hash of the plan that was shown; a decision without any is refused.",
    )
    reason: str = ""
    proof: str | None = Field(default=None, repr=False, description="Attached by the command line.")


class GateInput(Given):
    """What the gate of a unit is started with."""

    release: str


class TrainGateInput(Given):
    """What the gate of trains is started with."""

    train: str = Field(pattern=EXECUTION_NAME, description="Also one that the console made up.")

    @property
    def release(self) -> str:
        """What is decided on: a train has no version but its name."""
        return self.train


@dataclass(frozen=True)
class Decided:
    """A decision being made: what was asked of which gate, and who asks, as far as that is known."""

    step: DecideInput
    given: GateInput | TrainGateInput
    policy: ApprovalPolicy
    who: str = ""
    evidence: str = ""

    @property
    def subject(self) -> str:
        """Whom it is about: a unit, or a train."""
        return subject_of(self.step.unit, self.given)

    @property
    def named(self) -> str:
        """The same, as people write it."""
        return self.step.unit or f"the train {self.given.release}"

    @property
    def look(self) -> str:
        """Where to look when nothing waits for the decision."""
        what = f"status {self.step.unit}" if self.step.unit else f"train status {self.given.release}"
        return f"See 'orchestrator {what}'."


def plan_prefix(shown: str) -> str:
    """What a decision names a plan by."""
    return shown[:PLAN_DIGITS]


def decision_of(subject: str, environment: str, given: Given) -> dict[str, str]:
    """What a proof of identity is bound to: all of the decision, and the gate it is for."""
    return {"unit": subject, "environment": environment, **given.model_dump(exclude={"proof"})}


def subject_of(unit: str | None, given: GateInput | TrainGateInput) -> str:
    """Whom a decision is about, as the ledger calls it."""
    return unit or train_subject(given.release)


def name_of(request: ApprovalRequest) -> str:
    """What is decided on, as people write it."""
    return f"The train {request.train}" if request.train else f"{request.unit}@{request.version}"
