"""Which templates are compared, and what is told where one cannot be read."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.change_set import ChangeSet, Readiness
from orchestrator.aws.stack_state import StackState
from orchestrator.steps.impact.templates import IamImpact, iam_impact

_READY = ChangeSet(id="arn", readiness=Readiness.READY)
_SAM = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {}}
_DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "GetTemplate")


def _role(action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    policy = {"PolicyDocument": {"Statement": [statement]}}
    return {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}}}


class _Stack:
    """A stack that answers with templates by change set and stage."""

    def __init__(self, templates: dict[tuple[str | None, str], Any], status: str = "UPDATE_COMPLETE") -> None:
        self._templates = templates
        self._status = status

    def state(self) -> StackState:
        return StackState(id="arn", status=self._status)

    def template(self, change_set: str | None, stage: str) -> Any:
        answer = self._templates[change_set, stage]
        if isinstance(answer, ClientError):
            raise answer
        return answer


def _impact(stack: Any, template: dict[str, Any], found: ChangeSet = _READY) -> IamImpact:
    return iam_impact(stack, found, template)


def _texts(impact: IamImpact) -> list[str]:
    return [f"{one.action} {one.text}" for one in impact.changes]


def test_what_a_transform_makes_is_compared_as_well() -> None:
    """SAM gives a function a role that no template of the repository shows."""
    stack = _Stack({(None, "Original"): _SAM, (None, "Processed"): _role("s3:Get*"), ("arn", "Processed"): _role("*")})
    assert _texts(_impact(stack, _SAM)) == ["add Allow * on *", "remove Allow s3:Get* on *"]


def test_a_template_without_transforms_is_what_is_deployed() -> None:
    """The release's own is asked of nobody."""
    assert _texts(_impact(_Stack({(None, "Original"): _role("a")}), _role("b"))) == [
        "add Allow b on *",
        "remove Allow a on *",
    ]


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "DELETE_COMPLETE"])
def test_a_first_deployment_adds_all_of_it(status: str) -> None:
    """There is nothing to compare with."""
    assert _texts(_impact(_Stack({}, status), _role("a"))) == ["add Allow a on *"]


@pytest.mark.parametrize(
    ("deployed", "says"), [("Resources: {}", "is not JSON"), (_DENIED, "cannot be read: An error")]
)
def test_where_the_deployed_one_cannot_be_read_all_is_shown(deployed: Any, says: str) -> None:
    """With the reason."""
    impact = _impact(_Stack({(None, "Original"): deployed}), _role("a"))
    assert _texts(impact) == ["add Allow a on *"]
    assert f"IAM: the deployed template {says}" in impact.unknown


def test_where_nothing_changes_nothing_is_asked() -> None:
    """Not even the stack."""
    assert _impact(None, _role("a"), ChangeSet(id="arn", readiness=Readiness.EMPTY)) == IamImpact()
