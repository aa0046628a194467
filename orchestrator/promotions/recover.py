"""Brings a promotion that failed unexpectedly to its end, and stops one that must not go on."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.progress import BUILD
from orchestrator.promotions.start import Starter

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# Ends that were decided on, and requests that can never be carried out: trying again leads to the same end.
_MEANT = {"RequestError", "REJECTED", "TIMED_OUT", "HELD", "QUARANTINED", "FAILED", "ROLLED_BACK"}
_MISSING = ("ExecutionDoesNotExist", "InvalidArn")


@dataclass(frozen=True)
class Recovery:
    """Retries and stops executions.

    Args:
        stepfunctions: Step Functions of the tooling account.
        starter: starts a promotion anew where an execution cannot be redriven.
        follower: tells how far an execution came.
    """

    stepfunctions: "SFNClient"
    starter: Starter
    follower: Follower

    def retry(self, execution: str, environments: list[str]) -> str:
        """Go on where an execution failed.

        It is redriven: the failed step is carried out again, and what came before it is not. Where that cannot be
        (more than 14 days ago, or an engine that knows no redriving), the same release is promoted from there anew.

        Returns:
            The execution that goes on: the same one, or a new one.

        Raises:
            RequestError: there is no such execution, it has not failed, or it ended as it was meant to.
        """
        described = self._describe(execution)
        if described["status"] in ("RUNNING", "SUCCEEDED"):
            how = "is under way" if described["status"] == "RUNNING" else "has succeeded"
            raise RequestError(f"{described['name']} {how}: there is nothing to retry.")
        if described.get("error") in _MEANT:
            raise RequestError(
                f"{described['name']} ended as it was meant to ({described['error']}): {described.get('cause', '')} "
                "Start another promotion with 'orchestrator promote'."
            )
        if described.get("redriveStatus") == "REDRIVABLE":
            self.stepfunctions.redrive_execution(executionArn=execution)
            return execution
        return self._start_anew(execution, described, environments)

    def abort(self, execution: str, reason: str) -> None:
        """Stop an execution.

        Raises:
            RequestError: there is no such execution, or it has ended.
        """
        described = self._describe(execution)
        if described["status"] != "RUNNING":
            raise RequestError(f"{described['name']} has ended already ({described['status'].lower()}).")
        self.stepfunctions.stop_execution(executionArn=execution, error="ABORTED", cause=reason)

    def _describe(self, execution: str) -> dict[str, Any]:
        try:
            return dict(self.stepfunctions.describe_execution(executionArn=execution))
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            raise RequestError(f"There is no execution {execution}; 'orchestrator history UNIT' shows all.") from error

    def _start_anew(self, execution: str, described: dict[str, Any], environments: list[str]) -> str:
        # Who retries a merge's promotion asks for it by hand: what only a merge may say is left out.
        asked: dict[str, Any] = json.loads(described["input"])
        request = {key: value for key, value in asked.items() if key not in ("branch", "digest")}
        seen = self.follower.look(execution, environments)
        reached = [name for name in seen.cells if name != BUILD]
        if seen.version and reached:
            kept = {key: value for key, value in request.items() if key not in ("commit", "from")}
            request = {**kept, "version": seen.version, "from": reached[-1]}
        return self.starter.start(described["stateMachineArn"], "retry", {**request, "retry_of": described["name"]})
