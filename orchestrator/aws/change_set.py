"""What a change set says: whether it is ready, empty or refused, and what it would change."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

# CloudFormation says that nothing would change in either of two sentences, and calls both a failure.
_EMPTY = ("didn't contain changes", "No updates are to be performed")


class Readiness(StrEnum):
    """How far a change set is."""

    PENDING = "PENDING"
    READY = "READY"
    EMPTY = "EMPTY"
    REFUSED = "REFUSED"
    EXECUTING = "EXECUTING"
    EXECUTED = "EXECUTED"
    FAILED = "FAILED"
    OBSOLETE = "OBSOLETE"


class PropertyChange(BaseModel):
    """One property of a resource before and after; None where CloudFormation does not tell."""

    model_config = ConfigDict(frozen=True)

    property: str
    before: str | None = None
    after: str | None = None


class ResourceChange(BaseModel):
    """What would happen to one resource.

    Attributes:
        replacement: whether it is replaced for certain.
        conditional: whether it is replaced if a value that is not known yet turns out to be another one.
        policy_action: what becomes of the resource that goes, as CloudFormation names it, such as `Delete`, `Retain`,
            `Snapshot` or `ReplaceAndDelete`; empty where it says nothing.
    """

    model_config = ConfigDict(frozen=True)

    action: str
    logical_id: str
    type: str
    replacement: bool = False
    conditional: bool = False
    policy_action: str = ""
    properties: tuple[PropertyChange, ...] = ()


class ChangeSet(BaseModel):
    """A change set as described by CloudFormation."""

    model_config = ConfigDict(frozen=True)

    id: str
    readiness: Readiness
    reason: str = ""
    changes: tuple[ResourceChange, ...] = ()
    tags: dict[str, str] = {}


def parse_change_set(pages: list[dict[str, Any]]) -> ChangeSet:
    """Read the pages of a DescribeChangeSet answer."""
    first = pages[0]
    reason = first.get("StatusReason", "")
    changes = tuple(_resource_change(change["ResourceChange"]) for page in pages for change in page.get("Changes", ()))
    readiness = _readiness(first["Status"], first.get("ExecutionStatus", "AVAILABLE"), reason)
    tags = {one["Key"]: one["Value"] for one in first.get("Tags") or ()}
    return ChangeSet(id=first["ChangeSetId"], readiness=readiness, reason=reason, changes=changes, tags=tags)


def _readiness(status: str, execution_status: str, reason: str) -> Readiness:
    if status == "FAILED":
        return Readiness.EMPTY if any(sentence in reason for sentence in _EMPTY) else Readiness.REFUSED
    if status != "CREATE_COMPLETE":
        return Readiness.PENDING
    return {
        "AVAILABLE": Readiness.READY,
        "EXECUTE_IN_PROGRESS": Readiness.EXECUTING,
        "EXECUTE_COMPLETE": Readiness.EXECUTED,
        "EXECUTE_FAILED": Readiness.FAILED,
    }.get(execution_status, Readiness.OBSOLETE)


def _resource_change(change: dict[str, Any]) -> ResourceChange:
    return ResourceChange(
        action=change["Action"],
        logical_id=change["LogicalResourceId"],
        type=change["ResourceType"],
        replacement=change.get("Replacement") == "True",
        conditional=change.get("Replacement") == "Conditional",
        policy_action=change.get("PolicyAction", ""),
        properties=tuple(dict.fromkeys(_property_change(detail) for detail in change.get("Details", ()))),
    )


def _property_change(detail: dict[str, Any]) -> PropertyChange:
    target = detail.get("Target", {})
    name = target.get("Path", "").removeprefix("/Properties/") or target.get("Name") or target.get("Attribute", "")
    return PropertyChange(property=name, before=target.get("BeforeValue"), after=target.get("AfterValue"))
