"""What a deployment does to permissions: the difference between what its template and the deployed one say of them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from orchestrator.aws.change_set import ResourceChange
from orchestrator.steps.impact.grants import NOT_UNDERSTOOD, Grant, concerns_iam, grants
from orchestrator.steps.impact.shown import shown


class IamChange(BaseModel):
    """One thing that a deployment does to permissions; all of it is text to be shown."""

    model_config = ConfigDict(frozen=True)

    action: Literal["add", "remove", "change"]
    resource: str
    type: str
    kind: str
    text: str
    is_wide: bool = False

    @property
    def line(self) -> str:
        """It in one line."""
        wide = " (with wildcards)" if self.is_wide else ""
        where = f"{self.resource} ({self.type})" if self.resource else "the template"
        return f"IAM: {self.action} in {where}, {self.kind}{wide}: {self.text}"


def iam_changes(
    old: Iterable[Any], new: Iterable[Any], resources: Iterable[ResourceChange] = ()
) -> tuple[IamChange, ...]:
    """Compare the permissions of what is deployed with those of what is to be deployed, the widest additions first.

    Args:
        old: the deployed template, as written and perhaps as processed.
        new: the one to be deployed, likewise.
        resources: what CloudFormation says that changes.
    """
    before, after = _counted(old), _counted(new)
    found = [
        *(_change("add", grant) for grant in after - before),
        *(_change("remove", grant) for grant in before - after),
    ]
    told = {change.resource for change in found}
    found += [
        IamChange(
            action="change",
            resource=shown(one.logical_id),
            type=shown(one.type),
            kind=NOT_UNDERSTOOD,
            text=f"by values of parameters or other resources: {_properties(one)}",
        )
        for one in resources
        if concerns_iam(one.type) and shown(one.logical_id) not in told
    ]
    return tuple(sorted(found, key=_rank))


def _counted(templates: Iterable[Any]) -> Counter[Grant]:
    """How often each is said: of several forms of one template, in that which says it most often."""
    counted: Counter[Grant] = Counter()
    for template in templates:
        counted |= Counter(grants(template))
    return counted


def _change(action: Literal["add", "remove"], grant: Grant) -> IamChange:
    return IamChange(action=action, **grant._asdict())


def _properties(change: ResourceChange) -> str:
    return ", ".join(dict.fromkeys(shown(one.property) for one in change.properties)) or "its properties"


def _rank(change: IamChange) -> tuple[Any, ...]:
    order = ("add", "change", "remove").index(change.action)
    return (order, not change.is_wide, change.kind != NOT_UNDERSTOOD, change.resource, change.kind, change.text)
