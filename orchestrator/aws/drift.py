"""Whether a stack's resources still are as CloudFormation deployed them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from orchestrator.aws.stack import Stack
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        DescribeStackDriftDetectionStatusOutputTypeDef as StatusTypeDef,
    )
    from mypy_boto3_cloudformation.type_defs import StackResourceDriftTypeDef


class HandChange(BaseModel):
    """One resource that somebody changed past CloudFormation.

    It says which properties differ and not how: a value may be a secret.
    """

    model_config = ConfigDict(frozen=True)

    resource: str
    type: str
    what: str

    def __str__(self) -> str:
        return f"{self.resource} ({self.type}): {self.what}"


class Drift(BaseModel):
    """What was found in one stack; `unchecked` says why nothing, or not all, could be looked at."""

    model_config = ConfigDict(frozen=True)

    changes: tuple[HandChange, ...] = ()
    unchecked: str = ""


@dataclass(frozen=True)
class DriftDetection:
    """One detection, which CloudFormation carries out on its own: begun first, asked for later.

    Args:
        client: CloudFormation of the stack's account and region.
        stack: what is looked at.
        id: the detection's, None when CloudFormation refused it.
        refusal: why it did.
    """

    client: "CloudFormationClient"
    stack: Stack
    id: str | None
    refusal: str = ""

    @classmethod
    def begin(cls, client: "CloudFormationClient", stack: Stack) -> "DriftDetection":
        """Ask CloudFormation to look; a refusal is part of the result."""
        try:
            begun = client.detect_stack_drift(StackName=stack.name)
        except ClientError as error:
            # A stack in the middle of something, or an engine that knows no drift: worth a word, and no failure.
            return cls(client, stack, None, str(error.response.get("Error", {}).get("Message") or error))
        return cls(client, stack, begun["StackDriftDetectionId"])

    def result(self, seconds: float) -> Drift:
        """What was found, waiting for it for some seconds."""
        if self.id is None:
            return Drift(unchecked=f"CloudFormation does not look for changes: {self.refusal}")
        detection = self.id

        def look() -> "StatusTypeDef":
            return self.client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)

        status = self.stack.wait_for(look, _is_under_way, seconds)
        if _is_under_way(status):
            return Drift(unchecked=f"CloudFormation still looked for changes after {seconds:.0f} seconds.")
        failed = status["DetectionStatus"] == "DETECTION_FAILED"
        reason = status.get("DetectionStatusReason", "no reason given") if failed else ""
        # What could be looked at is told even when the rest could not.
        return Drift(changes=tuple(self._changes()), unchecked=reason)

    def _changes(self) -> Iterator[HandChange]:
        request: dict[str, Any] = {
            "StackName": self.stack.name,
            "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"],
        }
        while True:
            page = self.client.describe_stack_resource_drifts(**request)
            for drift in page["StackResourceDrifts"]:
                yield HandChange(resource=drift["LogicalResourceId"], type=drift["ResourceType"], what=_what(drift))
            if "NextToken" not in page:
                return
            request["NextToken"] = page["NextToken"]


def _is_under_way(status: "StatusTypeDef") -> bool:
    return status["DetectionStatus"] == "DETECTION_IN_PROGRESS"


def _what(drift: "StackResourceDriftTypeDef") -> str:
    if drift["StackResourceDriftStatus"] == "DELETED":
        return "was deleted"
    paths = sorted(difference["PropertyPath"] for difference in drift.get("PropertyDifferences", []))
    return f"{', '.join(paths) or 'something'} was changed"
