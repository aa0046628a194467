"""The tags of a stack that a deployment changes, as CloudFormation says of the change set."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from orchestrator.config.tags import is_own
from orchestrator.steps.impact.shown import shown


class TagChange(BaseModel):
    """One tag before and after; None where the stack does not have it."""

    model_config = ConfigDict(frozen=True)

    key: str
    before: str | None
    after: str | None

    @property
    def line(self) -> str:
        """The change, for people."""
        if self.after is None:
            return f"remove tag {shown(self.key)}"
        what = "add" if self.before is None else "change"
        return f"{what} tag {shown(self.key)}: {shown(self.after)}"


def tag_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[TagChange, ...]:
    """Compare a stack's tags with those of a change set; the orchestrator's own do not count.

    Args:
        before: the stack's.
        after: the change set's; nothing is known where they are empty.
    """
    keys = sorted({*before, *after}) if after else ()
    return tuple(
        TagChange(key=key, before=before.get(key), after=after.get(key))
        for key in keys
        if not is_own(key) and before.get(key) != after.get(key)
    )
