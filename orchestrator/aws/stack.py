"""One CloudFormation stack, changed through change sets and nothing else.

Used for the orchestrator's own stacks, for the stacks with units' state machines, and for units in their targets.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_exponential_jitter

from orchestrator.aws.change_set import ChangeSet, Readiness, parse_change_set
from orchestrator.aws.errors import error_code
from orchestrator.aws.stack_state import StackState
from orchestrator.aws.template import Template
from orchestrator.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

Answer = TypeVar("Answer")
Sleep = Callable[[float], None]

_CAPABILITIES: list[Literal["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]] = [
    "CAPABILITY_IAM",
    "CAPABILITY_NAMED_IAM",
    "CAPABILITY_AUTO_EXPAND",
]
# A change set that was executed is kept too: a second try then sees that it is done.
_KEPT = (Readiness.PENDING, Readiness.READY, Readiness.EXECUTING, Readiness.EXECUTED)
_ROLLBACK_SECONDS = 60.0


class ChangeSetGoneError(DeploymentError):
    """A change set is gone that was being made: CloudFormation deletes those beside the one that is executed."""


class Stack:
    """One stack.

    Args:
        client: CloudFormation of the stack's account and region.
        name: the stack's name.
        where: account and region, for error messages.
        sleep: waits that many seconds.
        role_arn: what CloudFormation works with; the caller's own permissions when None.
    """

    def __init__(
        self, client: "CloudFormationClient", name: str, where: str, sleep: Sleep, role_arn: str | None = None
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._role_arn = role_arn
        self.name = name
        self.where = where

    def state(self) -> StackState | None:
        """The stack's state, None when there is no such stack."""
        try:
            stack = self._client.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise self._refused("describe it", error) from error
        return StackState(
            id=stack["StackId"],
            status=stack["StackStatus"],
            reason=stack.get("StackStatusReason", ""),
            change_set_id=stack.get("ChangeSetId", ""),
            outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
            parameters={one["ParameterKey"]: one.get("ParameterValue", "") for one in stack.get("Parameters", [])},
            tags={one["Key"]: one["Value"] for one in stack.get("Tags", [])},
        )

    def propose(self, change_set: str, template: Template) -> str:
        """Create a change set, or take the one of that name that is still good.

        Args:
            change_set: its name, deterministic, so that a second try finds the first one's.
            template: what the stack should become.

        Returns:
            The change set's ARN. It may not be ready yet.
        """
        state = self._continued(self._without_leftovers())
        known = self.change_set(change_set) if state else None
        if known and known.readiness in _KEPT:
            return known.id
        if known:
            self._client.delete_change_set(StackName=self.name, ChangeSetName=change_set)
        return self._create_change_set(change_set, template, is_new=state is None or not state.exists)

    def discard(self, change_set: str, *, and_stack: bool) -> None:
        """Delete a change set that is not to be carried out.

        Args:
            change_set: its name.
            and_stack: whether the stack came into being with it; it goes, too, if nothing was deployed meanwhile.
        """
        if self.change_set(change_set) is not None:
            self._client.delete_change_set(StackName=self.name, ChangeSetName=change_set)
        state = self.state() if and_stack else None
        if state is not None and state.status == "REVIEW_IN_PROGRESS":
            self._client.delete_stack(StackName=self.name, **self._role())  # type: ignore[arg-type]  # As above.

    def change_set(self, name_or_arn: str) -> ChangeSet | None:
        """Describe a change set, None when it is gone."""
        pages: list[dict[str, Any]] = []
        request: dict[str, Any] = {
            "StackName": self.name,
            "ChangeSetName": name_or_arn,
            "IncludePropertyValues": True,
        }
        try:
            while not pages or "NextToken" in pages[-1]:
                token = {"NextToken": pages[-1]["NextToken"]} if pages else {}
                pages.append(dict(self._client.describe_change_set(**request, **token)))
        except ClientError as error:
            missing = error_code(error) in ("ChangeSetNotFound", "ChangeSetNotFoundException")
            if missing or "does not exist" in str(error):
                return None
            raise self._refused("describe a change set of it", error) from error
        return parse_change_set(pages)

    def execute(self, change_set_id: str) -> None:
        """Start carrying a change set out; what it did is rolled back when it fails."""
        try:
            self._client.execute_change_set(StackName=self.name, ChangeSetName=change_set_id, DisableRollback=False)
        except ClientError as error:
            raise self._refused("execute a change set of it", error) from error

    def delete(self) -> None:
        """Start deleting the stack, with all that is in it."""
        try:
            self._client.delete_stack(StackName=self.name, **self._role())  # type: ignore[arg-type]  # Present or not.
        except ClientError as error:
            raise self._refused("delete it", error) from error

    def wait_for_change_set(self, change_set_id: str, seconds: float) -> ChangeSet:
        """Wait until a change set is ready, empty or refused; it is still pending when the time ran out.

        Raises:
            ChangeSetGoneError: it is no longer there.
        """

        def look() -> ChangeSet:
            found = self.change_set(change_set_id)
            if found is None:
                raise ChangeSetGoneError(
                    f"The change set {change_set_id} of stack {self.name} in {self.where} disappeared while it was "
                    "being made: another one of the stack was executed, or somebody deleted it. Try again."
                )
            return found

        return self.wait_for(look, lambda found: found.readiness == Readiness.PENDING, seconds)

    def wait_until_settled(self, seconds: float) -> StackState | None:
        """Wait until no operation is under way; the state is still busy when the time ran out."""
        return self.wait_for(self.state, lambda state: state is not None and state.busy, seconds)

    def wait_for(self, look: Callable[[], Answer], unfinished: Callable[[Answer], bool], seconds: float) -> Answer:
        """Look again and again, ever more slowly, until it is finished or the seconds are over."""
        retrying = Retrying(
            retry=retry_if_result(unfinished),
            wait=wait_exponential_jitter(multiplier=0.1, max=5, exp_base=1.6, jitter=0.1),
            stop=stop_after_delay(seconds),
            sleep=self._sleep,
            retry_error_callback=lambda attempt: attempt.outcome.result() if attempt.outcome else None,
        )
        return retrying(look)

    def failure(self) -> str:
        """Which resource failed first in the last operation, and why; the newest events come first."""
        reasons: list[str] = []
        for page in self._client.get_paginator("describe_stack_events").paginate(StackName=self.name):
            for event in page["StackEvents"]:
                is_stack = event.get("PhysicalResourceId") == event["StackId"]
                status = event.get("ResourceStatus", "")
                if is_stack and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"):
                    return reasons[-1] if reasons else "CloudFormation gave no reason"
                if status.endswith("_FAILED") and "cancelled" not in event.get("ResourceStatusReason", ""):
                    name, kind = event.get("LogicalResourceId", ""), event.get("ResourceType", "")
                    reasons.append(f"{name} ({kind}): {event.get('ResourceStatusReason', 'no reason given')}")
        return reasons[-1] if reasons else "CloudFormation gave no reason"

    def functions(self) -> dict[str, str]:
        """The Lambda functions in the stack: their logical names, and what they are called."""
        return self.resources("AWS::Lambda::Function")

    def resources(self, kind: str) -> dict[str, str]:
        """The resources of a type in the stack: their logical and their physical names."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [one for page in pages for one in page["StackResourceSummaries"] if one["ResourceType"] == kind]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def template(self, change_set: str | None = None, stage: str = "Original") -> Any:
        """The template that it was deployed with last, or that a change set would deploy.

        Args:
            change_set: its ARN.
            stage: `Original`, before any transform, or `Processed`.
        """
        which = {"ChangeSetName": change_set} if change_set else {}
        body: Any = self._client.get_template(StackName=self.name, TemplateStage=stage, **which)["TemplateBody"]  # type: ignore[arg-type]  # One of its two stages, and present or not.
        # botocore reads JSON; what is left as text is YAML.
        return json.loads(json.dumps(body))

    def _without_leftovers(self) -> StackState | None:
        state = self.state()
        if state is None or not state.only_deletable:
            return state
        self._client.delete_stack(StackName=self.name, **self._role())  # type: ignore[arg-type]  # Present or not.
        state = self.wait_for(self.state, lambda found: found is not None and found.exists, seconds=60)
        if state is not None and state.exists:
            raise DeploymentError(
                f"The stack {self.name} in {self.where} is left over from a failed creation ({state.status}) and "
                f"could not be deleted: {state.reason or self.failure()} Delete it, then try again."
            )
        return None

    def _continued(self, state: StackState | None) -> StackState | None:
        """Finish a rollback that failed: nothing else can be done with such a stack."""
        if state is None or state.status != "UPDATE_ROLLBACK_FAILED":
            return state
        try:
            self._client.continue_update_rollback(StackName=self.name, **self._role())  # type: ignore[arg-type]  # Present or not.
        except ClientError as error:
            raise self._refused("finish its rollback", error) from error
        settled = self.wait_until_settled(_ROLLBACK_SECONDS)
        if settled is not None and settled.status == "UPDATE_ROLLBACK_FAILED":
            raise DeploymentError(
                f"The stack {self.name} in {self.where} cannot finish its rollback: {self.failure()} Mend what keeps "
                "it from going back (or skip that resource with ContinueUpdateRollback), then try again."
            )
        return settled

    def _create_change_set(self, name: str, template: Template, *, is_new: bool) -> str:
        source: dict[str, str] = (
            {"TemplateURL": template.url} if template.url else {"TemplateBody": template.body or ""}
        )
        given: list[ParameterTypeDef] = [
            {"ParameterKey": key, "ParameterValue": one} for key, one in template.parameters.items()
        ]
        kept: list[ParameterTypeDef] = [{"ParameterKey": key, "UsePreviousValue": True} for key in template.kept]
        try:
            return self._client.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType="CREATE" if is_new else "UPDATE",
                Parameters=[*given, *kept],
                Tags=[{"Key": key, "Value": one} for key, one in template.tags.items()],
                Capabilities=_CAPABILITIES,
                **source,  # type: ignore[arg-type]  # One of two keys, chosen above.
                **self._role(),  # type: ignore[arg-type]  # Present or not, chosen below.
            )["Id"]
        except ClientError as error:
            raise self._refused("plan a change of it", error) from error

    def _role(self) -> dict[str, str]:
        return {"RoleARN": self._role_arn} if self._role_arn else {}

    def _refused(self, what: str, error: ClientError) -> DeploymentError:
        return DeploymentError(
            f"CloudFormation refused to {what}: stack {self.name} in {self.where}: "
            f"{error_code(error)}: {error.response.get('Error', {}).get('Message', '')}"
        )
