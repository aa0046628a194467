"""Drift: what somebody changed by hand in an environment since the last deployment."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from orchestrator.aws.drift import Drift, DriftDetection, HandChange
from orchestrator.aws.stack import Stack
from orchestrator.aws.target import TargetAccount, Targets
from orchestrator.build.manifest import Manifest
from orchestrator.build.template_code import wheel_functions
from orchestrator.config.base import UnitName
from orchestrator.config.organization import Environment, Target
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.steps.contract import Document, Execution
from orchestrator.steps.deployment import ReleaseFiles

# CloudFormation takes some seconds to minutes, depending on how many resources there are.
_PATIENCE_SECONDS = 60.0
_LAMBDA = "AWS::Lambda::Function"
# Of anything else, nobody can say whose code should be there.
_CERTAIN = ("HEALTHY", "DEPLOYED", "ROLLED_BACK")


class DriftInput(Document):
    """What is looked at, and by whom."""

    unit: UnitName
    environment: Environment
    stack_name: str
    execution: Execution


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

    def result(self, files: ReleaseFiles, manifest: Manifest, status: str) -> TargetDrift:
        """What was found: by CloudFormation, and in the code of the functions, which CloudFormation never reads."""
        found = self.detection.result(_PATIENCE_SECONDS)
        known = {change.resource for change in found.changes}
        unchecked = [found.unchecked] if found.unchecked else []
        code: list[HandChange] = []
        if status in _CERTAIN:
            code = [change for change in self._code(files, manifest) if change.resource not in known]
        else:
            unchecked.append(f"The last deployment is {status}: nobody can say whose code should be there.")
        return TargetDrift(target=self.account.target, changes=(*found.changes, *code), unchecked=" ".join(unchecked))

    def _code(self, files: ReleaseFiles, manifest: Manifest) -> Iterator[HandChange]:
        template = json.loads(files.store.get(manifest.template.key, sha256=manifest.template.sha256))
        names = self.stack.functions()
        for resource in wheel_functions(template):
            if resource in names and (what := self._of_function(names[resource], manifest)):
                yield HandChange(resource=resource, type=_LAMBDA, what=what)

    def _of_function(self, name: str, manifest: Manifest) -> str | None:
        try:
            found = self.account.functions.get_function_configuration(FunctionName=name)["CodeSha256"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return "was deleted"
            raise
        sha256 = base64.b64decode(found).hex()
        if sha256 == manifest.wheel.sha256:
            return None
        return f"its code has SHA-256 {sha256[:12]}, that of {manifest.name} is {manifest.wheel.sha256[:12]}"


@dataclass(frozen=True)
class DriftFinder:
    """Looks into an environment when somebody asks.

    Args:
        ledger: tells what should run there.
        files: the artifacts of releases.
        targets: opens targets.
    """

    ledger: Ledger
    files: ReleaseFiles
    targets: Targets

    def __call__(self, step: DriftInput) -> DriftResult:
        """Look into every target of an environment, at the same time."""
        running = self.ledger.environments.running(step.unit, step.environment.name)
        if running.version is None:
            return DriftResult(version=None)
        accounts = [self.targets(step.environment, target, step.execution) for target in step.environment.targets]
        looks = [DriftLook.begin(one, one.stack(step.stack_name, step.environment)) for one in accounts]
        return DriftResult(version=running.version, targets=drift_of(looks, self.ledger, self.files, running))


def drift_of(looks: list[DriftLook], ledger: Ledger, files: ReleaseFiles, running: Running) -> tuple[TargetDrift, ...]:
    """What was found in each target, against the release that runs there."""
    if running.version is None:
        return ()
    manifest = files.manifest(ledger.releases.release(running.unit, running.version))
    return tuple(look.result(files, manifest, running.status) for look in looks)
