"""What a command of the command line asks AWS for, recorded as requests that a policy must allow."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from boto3.dynamodb.conditions import And

from orchestrator.cli.context import Context

# Services whose name in IAM is not that in boto3.
_PREFIXES = {"stepfunctions": "states"}
# Calls that everybody may make.
_FREE = {"sts:GetCallerIdentity"}
# Calls that IAM knows by another name.
_OTHER_NAMES = {
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "lambda:Invoke": "lambda:InvokeFunction",
}
_ARNS = ("stateMachineArn", "executionArn", "FunctionName")


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        action: as IAM calls it.
        resource: ARN of what it is about; `*` where the call names nothing.
        context: the condition keys that it carries.
    """

    action: str
    resource: str
    context: Mapping[str, list[str]] = field(default_factory=dict)


class RecordingContext(Context):
    """Where a command runs; keeps what is asked of AWS, and answers some of it.

    Args:
        context: the same, without recording.
        answers: by operation, such as `lambda.Invoke`, what answers in AWS's place, as botocore's events want it.

    Attributes:
        calls: what was asked.
    """

    calls: list[Call]
    _answers: Mapping[str, Callable[..., Any]]

    def __init__(self, context: Context, answers: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(context.folder, context.profile, context.region)
        # Contexts are frozen.
        object.__setattr__(self, "calls", [])
        object.__setattr__(self, "_answers", answers)

    def session(self, region: str | None = None) -> boto3.Session:
        """A session whose calls are recorded."""
        session = super().session(region)
        session.events.register("provide-client-params", self._record)
        for operation, answer in self._answers.items():
            session.events.register(f"before-call.{operation}", answer)
        return session

    def _record(self, params: dict[str, Any], model: Any, **_arguments: object) -> None:
        service = str(model.service_model.service_name)
        action = f"{_PREFIXES.get(service, service)}:{model.name}"
        if action not in _FREE:
            self.calls.extend(self._described(_OTHER_NAMES.get(action, action), params))

    def _described(self, action: str, params: Mapping[str, Any]) -> Iterator[Call]:
        where = f"{self.organization.tooling.region}:{self.organization.tooling.account}"
        if action.startswith("dynamodb:"):
            table = f"arn:aws:dynamodb:{where}:table/{params['TableName']}"
            yield Call(action, table, {"dynamodb:LeadingKeys": [_partition(params)]})
        elif action.startswith("s3:"):
            key = f"/{params['Key']}" if "Key" in params else ""
            yield Call(action, f"arn:aws:s3:::{params['Bucket']}{key}")
        elif action == "events:PutEvents":
            entries = params["Entries"]
            told = {"events:source": "Source", "events:detail-type": "DetailType"}
            context = {key: [entry[name] for entry in entries] for key, name in told.items()}
            yield Call(action, f"arn:aws:events:{where}:event-bus/default", context)
        else:
            yield Call(action, next((str(params[name]) for name in _ARNS if name in params), "*"))


def _partition(params: Mapping[str, Any]) -> str:
    """The partition that a call of DynamoDB is about."""
    key = params.get("Key") or params.get("Item")
    if key:
        return str(key["pk"])
    condition = params["KeyConditionExpression"]
    if isinstance(condition, And):
        condition = condition.get_expression()["values"][0]
    return str(condition.get_expression()["values"][1])
