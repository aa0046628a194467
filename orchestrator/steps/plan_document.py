"""The plan of a deployment: what it would change, and what it would overwrite."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.aws.change_set import ResourceChange
from orchestrator.aws.drift import HandChange
from orchestrator.config.environment import Target
from orchestrator.errors import ArtifactError
from orchestrator.releases.store import ArtifactStore

_VERBS = {"Add": "add", "Modify": "change", "Remove": "remove", "Dynamic": "decide", "Import": "import"}
_REPLACE = "replace"


class TargetPlan(BaseModel):
    """What would change in one target, and what was changed there by hand since the last deployment."""

    model_config = ConfigDict(frozen=True)

    target: Target
    change_set: str
    empty: bool
    resources: tuple[ResourceChange, ...]
    drift: tuple[HandChange, ...] = ()
    drift_unchecked: str = ""


class Plan(BaseModel):
    """The whole plan, as kept in S3.

    Attributes:
        undone: commits of the release that runs there which the new one does not have.
        authors: everybody whom the commits name, as git writes them.
        authors_complete: whether nobody else can have written what is new.
    """

    model_config = ConfigDict(frozen=True)

    release: str
    environment: str
    replaces: str | None
    targets: tuple[TargetPlan, ...]
    requirements_added: tuple[str, ...]
    requirements_removed: tuple[str, ...]
    commits: tuple[str, ...]
    commits_complete: bool = True
    undone: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    authors_complete: bool = False

    @property
    def hash(self) -> str:
        """SHA-256 over what would change; names of change sets do not count, nor why nobody could look for drift."""
        document = self.model_dump(mode="json", exclude={"targets": {"__all__": {"change_set", "drift_unchecked"}}})
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
        return f"{self.release} {since} in {self.environment}: {changes}; {commits}.{by_hand}"

    @property
    def lines(self) -> Iterator[str]:
        """The whole of it for a person to read; values of properties are left out, they may be secret."""
        for target in self.targets:
            yield f"In {target.target}:"
            yield from (f"  {_verb(one)} {one.logical_id} ({one.type}){_of(one)}" for one in target.resources)
            if not target.resources:
                yield "  no resource changes"
            yield from (f"  changed by hand: {change}" for change in target.drift)
            if target.drift_unchecked:
                yield f"  changes by hand are not known: {target.drift_unchecked}"
        yield from (f"Requirement removed: {one}" for one in self.requirements_removed)
        yield from (f"Requirement added: {one}" for one in self.requirements_added)
        yield from (f"Commit: {one}" for one in self.commits)
        yield from (f"Commit undone: {one}" for one in self.undone)
        if not self.commits_complete:
            yield "There may be other commits: the history that is known ends here."


def _altered(store: ArtifactStore, key: str) -> ArtifactError:
    return ArtifactError(
        f"s3://{store.bucket}/{key} is not the plan that was made: it was altered. Nobody is asked to decide on it; "
        "find out who writes to this bucket, then start the promotion anew."
    )


def _count(resources: list[ResourceChange]) -> Counter[str]:
    counted = Counter(_verb(one) for one in resources)
    return Counter({verb: counted[verb] for verb in (*_VERBS.values(), _REPLACE)})


def _verb(change: ResourceChange) -> str:
    return _REPLACE if change.replacement else _VERBS[change.action]


def _of(change: ResourceChange) -> str:
    names = ", ".join(dict.fromkeys(one.property for one in change.properties))
    return f": {names}" if names else ""
