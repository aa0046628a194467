"""The plan of a deployment: what it would change, and what it would overwrite."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.aws.change_set import ResourceChange
from orchestrator.aws.drift import HandChange
from orchestrator.config.environment import Target
from orchestrator.config.network import listed
from orchestrator.errors import ArtifactError
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.impact.circumstances import Circumstances
from orchestrator.steps.impact.compare import IamChange
from orchestrator.steps.impact.grants import NOT_UNDERSTOOD
from orchestrator.steps.impact.shown import shown
from orchestrator.steps.impact.stateful import losses
from orchestrator.steps.impact.tags import TagChange

_VERBS = {"Add": "add", "Modify": "change", "Remove": "remove", "Dynamic": "decide", "Import": "import"}
_REPLACE, _MAY_REPLACE = "replace", "perhaps replace"
_POLICIES = {
    "Delete": "it is deleted",
    "Retain": "it is kept",
    "Snapshot": "a snapshot of it is kept",
    "ReplaceAndDelete": "the old one is deleted",
    "ReplaceAndRetain": "the old one is kept",
    "ReplaceAndSnapshot": "a snapshot of the old one is kept",
}
# Parts that plans have had only since later: without them, a plan has the hash that it had before.
_LATER = (
    "circumstances",
    "iam",
    "iam_unknown",
    "conditional",
    "network",
    "policy_action",
    "pushers",
    "stack_name",
    "tags",
)


class TargetPlan(BaseModel):
    """What would change in one target, and what was changed there by hand since the last deployment."""

    model_config = ConfigDict(frozen=True)

    target: Target
    change_set: str
    empty: bool
    resources: tuple[ResourceChange, ...]
    drift: tuple[HandChange, ...] = ()
    drift_unchecked: str = ""
    iam: tuple[IamChange, ...] = ()
    iam_unknown: str = ""
    tags: tuple[TagChange, ...] = ()


class Plan(BaseModel):
    """The whole plan, as kept in S3.

    Attributes:
        stack_name: the stack that would change in each target; empty in plans of earlier versions.
        undone: commits of the release that runs there which the new one does not have.
        authors: everybody whom the commits name, as git writes them.
        authors_complete: whether nobody else can have written what is new.
        network: the hosts that the release's own code could reach while it was built.
        pushers: everybody who pushed or merged what is new, as the branch's host proves it.
    """

    model_config = ConfigDict(frozen=True)

    release: str
    environment: str
    stack_name: str = ""
    replaces: str | None
    targets: tuple[TargetPlan, ...]
    requirements_added: tuple[str, ...]
    requirements_removed: tuple[str, ...]
    commits: tuple[str, ...]
    commits_complete: bool = True
    circumstances: Circumstances | None = None
    undone: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    authors_complete: bool = False
    network: tuple[str, ...] = ()
    pushers: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over what is shown; names of change sets do not count, nor what was only not known yet."""
        unknown: Any = {"targets": {"__all__": {"change_set", "drift_unchecked"}}, "circumstances": {"starter"}}
        document = _without_later(self.model_dump(mode="json", exclude=unknown))
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    @classmethod
    def read(cls, store: ArtifactStore, key: str, plan_hash: str) -> Self:
        """Read a plan back.

        Raises:
            ArtifactError: it is missing, or not the plan with that hash.
        """
        try:
            plan = cls.model_validate_json(store.get(key))
        except ValidationError as error:
            raise _altered(store, key) from error
        if plan.hash != plan_hash:
            raise _altered(store, key)
        return plan

    @property
    def summary(self) -> str:
        """One sentence for a person."""
        resources = [resource for target in self.targets for resource in target.resources]
        counts = [f"{count} to {verb}" for verb, count in _count(resources).items() if count]
        since = f"replaces {self.replaces}" if self.replaces else "is the first there"
        changes = ", ".join(counts) or "no resource changes"
        drifted = sorted({change.resource for target in self.targets for change in target.drift})
        by_hand = f" Changed by hand since the last deployment: {', '.join(drifted)}." if drifted else ""
        number = len(self.commits)
        commits = f"{'' if self.commits_complete else 'at least '}{number} commit{'' if number == 1 else 's'}"
        return f"{self.release} {since} in {self.environment}: {changes}; {commits}.{by_hand}{self._warnings}"

    @property
    def _warnings(self) -> str:
        """What nobody may miss, in sentences after the first one; empty where there is nothing of the kind."""
        iam = list(dict.fromkeys(change for target in self.targets for change in target.iam))
        unclear = sum(change.kind == NOT_UNDERSTOOD for change in iam)
        wide = sum(change.is_wide and change.action == "add" for change in iam)
        counts = [f"{sum(one.action == action for one in iam)} to {action}" for action in ("add", "change", "remove")]
        more = [f"{wide} with wildcards"] * bool(wide) + [f"{unclear} not understood"] * bool(unclear)
        lost = dict.fromkeys(one.logical_id for target in self.targets for one in losses(target.resources))
        said = [
            *(self.circumstances.warnings if self.circumstances else ()),
            *([f"IAM: {', '.join([*counts, *more])}."] if iam else []),
            *([f"Data at risk: {', '.join(map(shown, lost))}."] if lost else []),
            *([f"Its build could reach {listed(map(shown, self.network))}."] if self.network else []),
        ]
        return "".join(f" {sentence}" for sentence in said)

    @property
    def lines(self) -> Iterator[str]:
        """The whole of it for a person to read; values of properties are left out, they may be secret."""
        yield from self.circumstances.lines if self.circumstances else ()
        for target in self.targets:
            yield f"In {target.target}{f', stack {self.stack_name}' if self.stack_name else ''}:"
            yield from (f"  data at risk: {_line(one)}" for one in losses(target.resources))
            yield from (f"  {change.line}" for change in target.iam)
            if target.iam_unknown:
                yield f"  {target.iam_unknown}"
            yield from (f"  {_line(one)}" for one in target.resources)
            if not target.resources:
                yield "  no resource changes"
            yield from (f"  {change.line}" for change in target.tags)
            yield from (f"  changed by hand: {change}" for change in target.drift)
            if target.drift_unchecked:
                yield f"  changes by hand are not known: {target.drift_unchecked}"
        yield from (f"Reachable while it was built: {shown(one)}" for one in self.network)
        yield from (f"Requirement removed: {one}" for one in self.requirements_removed)
        yield from (f"Requirement added: {one}" for one in self.requirements_added)
        yield from (f"Pushed by: {shown(one)}" for one in self.pushers)
        yield from (f"Commit: {one}" for one in self.commits)
        yield from (f"Commit undone: {one}" for one in self.undone)
        if not self.commits_complete:
            yield "There may be other commits: the history that is known ends here."


def _without_later(document: Any) -> Any:
    if isinstance(document, list):
        return [_without_later(one) for one in document]
    if not isinstance(document, dict):
        return document
    return {key: _without_later(value) for key, value in document.items() if value or key not in _LATER}


def _altered(store: ArtifactStore, key: str) -> ArtifactError:
    return ArtifactError(
        f"s3://{store.bucket}/{key} is not the plan that was made: it was altered, or another one is meant. "
        "Nobody decides on it, and it is not deployed: find out who writes to this bucket, or who called this step, "
        "then start the promotion again."
    )


def _count(resources: list[ResourceChange]) -> Counter[str]:
    counted = Counter(_verb(one) for one in resources)
    verbs = dict.fromkeys((*_VERBS.values(), _REPLACE, _MAY_REPLACE, *counted))
    return Counter({verb: counted[verb] for verb in verbs})


def _verb(change: ResourceChange) -> str:
    if change.replacement or change.conditional:
        return _REPLACE if change.replacement else _MAY_REPLACE
    return _VERBS.get(change.action, shown(change.action))


def _line(change: ResourceChange) -> str:
    policy = change.policy_action and f" ({_POLICIES.get(change.policy_action, shown(change.policy_action))})"
    return f"{_verb(change)} {change.logical_id} ({change.type}){policy}{_of(change)}"


def _of(change: ResourceChange) -> str:
    names = ", ".join(dict.fromkeys(one.property for one in change.properties))
    return f": {names}" if names else ""
