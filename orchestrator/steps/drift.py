"""Drift: what somebody changed by hand in an environment since the last deployment."""

from botocore.exceptions import ClientError
from pydantic import Field

from orchestrator.aws.drift import Drift, DriftDetection, HandChange
from orchestrator.aws.stack import Stack
from orchestrator.aws.target import TargetAccount, Targets
from orchestrator.config.base import UnitName
from orchestrator.config.environment import Target
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.guardrails.lookup import NamedEnvironment
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.ownership.claims import foreign_stack
from orchestrator.steps.contract import Document, Execution
from orchestrator.steps.deployed import Deployed
from orchestrator.steps.deployment import ReleaseFiles

# CloudFormation takes some seconds to minutes, depending on how many resources there are.
_PATIENCE_SECONDS = 60.0
# Of anything else, nobody can say whose code should be there.
_CERTAIN = ("HEALTHY", "DEPLOYED", "ROLLED_BACK")


class DriftInput(Document):
    """What is looked at, and by whom."""

    unit: UnitName
    environment: NamedEnvironment
    stack_name: str
    execution: Execution
    version: str | None = Field(default=None, description="What should be there; what the ledger says when left out.")


class TargetDrift(Drift):
    """What was found in one target."""

    target: Target


class DriftResult(Document):
    """What was found in an environment; no release when nothing was ever deployed there."""

    version: str | None
    targets: tuple[TargetDrift, ...] = ()


@dataclass(frozen=True)
class DriftLook:
    """A look at one target that CloudFormation carries out meanwhile."""

    account: TargetAccount
    stack: Stack
    detection: DriftDetection

    @classmethod
    def begin(cls, account: TargetAccount, stack: Stack) -> "DriftLook":
        """Begin to look."""
        return cls(account, stack, DriftDetection.begin(account.cloudformation, stack))

    def result(self, files: ReleaseFiles, deployed: Deployed, *, doubt: str = "") -> TargetDrift:
        """What was found: by CloudFormation, and in what it never looks at.

        Args:
            files: the artifacts of releases.
            deployed: the release that should be there.
            doubt: why nobody can say that it should; empty when it should.
        """
        found = self.detection.result(_PATIENCE_SECONDS)
        known = {change.resource for change in found.changes}
        more: list[HandChange] = []
        if not doubt:
            try:
                more = [one for one in deployed.differences(files) if one.resource not in known]
            except ClientError as error:
                # A promotion must not fail over this: the plan says that it does not know.
                doubt = f"It could not be compared with {deployed.manifest.name}: {error}"
        unchecked = " ".join(filter(None, [found.unchecked, doubt]))
        return TargetDrift(target=self.account.target, changes=(*found.changes, *more), unchecked=unchecked)


@dataclass(frozen=True)
class DriftFinder:
    """Looks into an environment when somebody asks.

    Args:
        ledger: tells what should run there, and which stacks are the unit's.
        files: the artifacts of releases.
        targets: opens targets.
    """

    ledger: Ledger
    files: ReleaseFiles
    targets: Targets

    def __call__(self, step: DriftInput) -> DriftResult:
        """Look into every target of an environment, at the same time.

        Raises:
            RequestError: the stack is not the unit's.
        """
        running = self.ledger.environments.running(step.unit, step.environment.name)
        if running.version is None and step.version is None:
            return DriftResult(version=None)
        claim = self.ledger.claims.of_unit(step.unit)
        if problem := foreign_stack(claim, step.unit, step.stack_name, step.environment):
            raise RequestError(problem)
        accounts = [self.targets(step.environment, target, step.execution) for target in step.environment.targets]
        looks = [DriftLook.begin(one, one.stack(step.stack_name, step.environment)) for one in accounts]
        found = drift_of(looks, self.ledger, self.files, running, step.version)
        return DriftResult(version=running.version, targets=found)


def drift_of(
    looks: list[DriftLook], ledger: Ledger, files: ReleaseFiles, running: Running, version: str | None = None
) -> tuple[TargetDrift, ...]:
    """What was found in each target, against the release that runs there, or against a version that is named."""
    wanted = version or running.version
    if wanted is None:
        return ()
    uncertain = not version and running.status not in _CERTAIN
    doubt = f"The last deployment is {running.status}: nobody can say whose code should be there." if uncertain else ""
    manifest = files.manifest(ledger.releases.release(running.unit, wanted))
    return tuple(
        look.result(files, Deployed(look.account, look.stack, manifest, running.environment), doubt=doubt)
        for look in looks
    )
