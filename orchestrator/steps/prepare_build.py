"""Prepare build: give one build the secret that it may publish with, and the hosts that may be opened to it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from orchestrator.config.base import UnitName
from orchestrator.frozen import dataclass
from orchestrator.guardrails.document import Guardrails
from orchestrator.ledger.builds import BuildRecords, PreparedBuild
from orchestrator.releases.sha256 import sha256_of
from orchestrator.steps.contract import Document, Execution, Status, StepResult

# For as long as a promotion that failed in Build may be redriven, and its build may take.
_KEPT = timedelta(days=30)


class PrepareBuildInput(Document):
    """What Prepare build is given."""

    unit: UnitName
    execution: Execution


class PrepareBuildResult(StepResult):
    """What Build passes on to the builder.

    Attributes:
        nonce: the secret; the ledger keeps its hash alone.
        network: the hosts that may be opened to the unit's code, at most.
    """

    nonce: str
    network: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildPreparer:
    """Carries out Prepare build.

    Args:
        builds: where the secret's hash is noted.
        new_secret: makes secrets that nobody can guess.
        clock: tells the time, in UTC.
        guardrails: reads what administrators recorded last.
    """

    builds: BuildRecords
    new_secret: Callable[[], str]
    clock: Callable[[], datetime]
    guardrails: Callable[[], Guardrails]

    def __call__(self, step: PrepareBuildInput) -> PrepareBuildResult:
        """Make the secret and note its hash; look up what the guardrails open to the unit."""
        nonce, expires_at = self.new_secret(), int((self.clock() + _KEPT).timestamp())
        self.builds.prepare(step.unit, step.execution.name, PreparedBuild(sha256_of(nonce.encode()), expires_at))
        network = self.guardrails().organization.build.opened.of(step.unit)
        message = f"{step.unit} may be built."
        return PrepareBuildResult(status=Status.SUCCEEDED, message=message, nonce=nonce, network=network)
