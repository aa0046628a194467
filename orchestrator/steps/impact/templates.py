"""The templates that a plan compares: what is deployed, and what is to be."""

from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from orchestrator.aws.change_set import ChangeSet, Readiness
from orchestrator.aws.stack import Stack
from orchestrator.steps.impact.compare import IamChange, iam_changes


class IamImpact(NamedTuple):
    """What a deployment does to permissions in one target.

    Attributes:
        changes: what is added, removed or changed.
        unknown: why more may change than that; empty where nothing else does.
    """

    changes: tuple[IamChange, ...] = ()
    unknown: str = ""


def iam_impact(stack: Stack, found: ChangeSet, template: dict[str, Any]) -> IamImpact:
    """Compare what is deployed with what a change set would make of it.

    Args:
        stack: what is deployed.
        found: the change set.
        template: the release's own, before any transform.
    """
    if found.readiness is Readiness.EMPTY:
        return IamImpact()
    unknown: list[str] = []
    new: list[Any] = [template]
    if _is_transformed(template):
        processed = _read(stack, found.id, "what its transforms make of the template", unknown)
        new += [] if processed is None else [processed]
    state = stack.state()
    old: list[Any] = []
    if state is not None and state.exists:
        written = _read(stack, None, "the deployed template", unknown, stage="Original")
        processed = _read(stack, None, "the deployed template", unknown) if _is_transformed(written) else None
        old = [one for one in (written, processed) if one is not None]
    return IamImpact(iam_changes(old, new, found.changes), " ".join(unknown))


def _read(stack: Stack, change_set: str | None, what: str, unknown: list[str], stage: str = "Processed") -> Any:
    """Read a template of a stack; None, with a sentence, where that is not possible."""
    try:
        template = stack.template(change_set, stage)
    except ClientError as error:
        unknown.append(f"IAM: {what} cannot be read: {error}.")
        return None
    if not isinstance(template, dict):
        unknown.append(f"IAM: {what} is not JSON: all permissions of the release are shown as if they were added.")
        return None
    return template


def _is_transformed(template: Any) -> bool:
    """Whether CloudFormation makes another template of it: by transforms at its top, or within it."""
    waiting = [template]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if any(str(key) in ("Transform", "Fn::Transform") or str(key).startswith("Fn::ForEach") for key in one):
                return True
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return False
