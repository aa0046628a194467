"""What planning, deploying and rolling back share: how a release becomes a change of a stack."""

import hashlib
import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from orchestrator.aws.change_set import ChangeSet, Readiness
from orchestrator.aws.stack import ChangeSetGoneError, Stack
from orchestrator.aws.target import TargetAccount
from orchestrator.aws.template import INLINE_TEMPLATE_BYTES, Template
from orchestrator.config.environment import Target
from orchestrator.config.tags import MOST_TAGS
from orchestrator.config.unit import EVERY_ENVIRONMENT
from orchestrator.errors import ArtifactError, DeploymentError
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.manifest import Manifest
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.adoption import ENVIRONMENT_TAG, UNIT_TAG, Kept, kept_of
from orchestrator.steps.contract import Execution, Release, StepInput

# How long a Lambda waits before it hands the waiting to a Wait state. Three more transitions cost as much as about
# 18 seconds of a 256 MB function ($0.000075 against $0.0000042 a second), so waiting longer than this is waste.
PATIENCE_SECONDS = 15.0
_TRIES = 3

Answer = TypeVar("Answer")


class Progress(StrEnum):
    """How far the change of one stack is."""

    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"
    STALE = "STALE"


class Change(BaseModel):
    """The state of one stack's change, with the reason when it failed."""

    model_config = ConfigDict(frozen=True)

    progress: Progress
    reason: str = ""


class StoreOf(Protocol):
    """Makes the artifact store of a target's own bucket, reached with the target's own client."""

    def __call__(self, account: TargetAccount) -> ArtifactStore:
        """Make it."""


@dataclass(frozen=True)
class ReleaseFiles:
    """The artifacts of releases: read from the tooling account, copied to targets, turned into change sets.

    Args:
        store: the tooling account's artifacts.
        store_of: makes the store of a target's own bucket.
    """

    store: ArtifactStore
    store_of: StoreOf

    def manifest(self, release: Release) -> Manifest:
        """Read a release's manifest; raises `ArtifactError` when it is not what was published.

        It must lie where a version's only manifest does, which nobody can overwrite: who names a release, be it an
        event or the ledger, may name any object.
        """
        text = self.store.get(release.manifest, sha256=release.manifest_sha256)
        location = self.store.location(release.manifest)
        manifest = Manifest.from_json(text, location)
        own = (release.unit, release.version, release.digest, release.commit)
        is_own = (manifest.unit, manifest.version, manifest.digest, manifest.commit) == own
        if not is_own or release.manifest != layout.manifest_key(release.unit, release.version):
            raise ArtifactError(
                f"{location} is not the manifest of {release.name}: somebody has named it as that. Nothing is "
                "deployed; find out who writes to the ledger, or who called this step."
            )
        foreign = [one.key for one in manifest.artifacts if not one.key.startswith(layout.unit_folder(release.unit))]
        if foreign:
            raise ArtifactError(
                f"The manifest of {release.name} names {foreign[0]}, which is not the unit's. Nothing is deployed; "
                "find out who published it, and build another release."
            )
        return manifest

    def template(self, manifest: Manifest, environment: str) -> dict[str, Any]:
        """Read a release's template; raises `ArtifactError` when it is not what was published."""
        stored = manifest.template_of(environment)
        document: dict[str, Any] = json.loads(self.store.get(stored.key, sha256=stored.sha256))
        return document

    def copy(self, manifest: Manifest, account: TargetAccount) -> None:
        """Copy a release into a target's bucket, once; every digest is checked, also of what is there already.

        All of it goes, not just what the template names: a rollback then needs nothing from the tooling account.
        """
        destination = self.store_of(account)
        for artifact in manifest.artifacts:
            there = destination.find(artifact.key)
            if there is None or there.sha256 != artifact.sha256:
                destination.put_new(artifact.key, self.store.get(artifact.key, sha256=artifact.sha256))

    def propose(self, manifest: Manifest, account: TargetAccount, step: StepInput) -> str:
        """Make the change set that turns a stack into a release; returns its ARN, perhaps not ready yet."""
        stored = manifest.template_of(step.environment.name)
        text = self.store.get(stored.key, sha256=stored.sha256)
        document: dict[str, Any] = json.loads(text)
        declared: dict[str, Any] = document.get("Parameters", {})
        stack = account.stack(step.stack_name, step.environment)
        given = parameters(manifest, declared, account.target, step.environment.name)
        adopted = manifest.settings.stack_in(step.environment.name) is not None
        kept = kept_of(manifest, document, given, stack, step) if adopted else Kept()
        template = Template(
            # CloudFormation reads a large one with the deployer's permissions: out of the target's own bucket.
            **template_source(self.store_of(account), stored.key, text),
            parameters=given,
            kept=kept.parameters,
            tags=_tags(manifest, kept, step),
        )
        return stack.propose(change_set_name(manifest.version, step.execution), template)


def _tags(manifest: Manifest, kept: Kept, step: StepInput) -> dict[str, str]:
    """The tags of a stack: those that it has, the unit's, the administrators', and what nobody can set but this.

    Raises:
        DeploymentError: they are more than a stack can have.
    """
    own = {UNIT_TAG: manifest.unit, ENVIRONMENT_TAG: step.environment.name}
    tags = {**kept.tags, **manifest.settings.tags, **step.environment.tags, **own}
    if len(tags) > MOST_TAGS:
        raise DeploymentError(
            f"The stack {step.stack_name} would have {len(tags)} tags, and CloudFormation allows {MOST_TAGS}: remove "
            f"some of {manifest.unit}, or of the stack itself, which keeps its own."
        )
    return tags


def template_source(store: ArtifactStore, key: str, text: bytes) -> dict[str, str]:
    """How CloudFormation is given a template: in the request, or out of a bucket when it is too large for that."""
    if len(text) <= INLINE_TEMPLATE_BYTES:
        return {"body": text.decode()}
    store.put_new(key, text)
    return {"url": store.object_url(key)}


def parameters(manifest: Manifest, declared: Iterable[str], target: Target, environment: str) -> dict[str, str]:
    """Values for the parameters that a template declares: the well-known ones, then the unit's own."""
    own = manifest.settings.parameters
    known = {
        "ArtifactsBucket": target.bucket,
        "SourceKey": manifest.wheel.key,
        **{name: layer.archive.key if layer else "" for name, layer in manifest.layer_parameters.items()},
        "Version": manifest.version,
        "Environment": environment,
        "Unit": manifest.unit,
        "Runtime": f"python{manifest.python}",
        **own.get(EVERY_ENVIRONMENT, {}),
        **own.get(environment, {}),
    }
    return {name: known[name] for name in declared if name in known}


def change_set_name(version: str, execution: Execution) -> str:
    """Name of the change set of a release in a promotion: the same at every try, and legal."""
    return f"release-{version.replace('.', '-').replace('!', '-')}-{execution_digest(execution)}"


def execution_digest(execution: Execution) -> str:
    """What tells the change sets of one promotion from those of others."""
    return hashlib.sha256(execution.id.encode()).hexdigest()[:12]


def is_ready(stack: Stack, change_set_id: str) -> bool:
    """Whether a change set waits to be executed; an earlier try may have done that."""
    found = stack.change_set(change_set_id)
    return found is not None and found.readiness is Readiness.READY


def anew_if_gone(act: Callable[[], Answer]) -> Answer:
    """Do what makes change sets; all of it again when one disappears meanwhile, twice at most.

    Raises:
        ChangeSetGoneError: it disappears each time.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(ChangeSetGoneError), stop=stop_after_attempt(_TRIES), reraise=True
    )
    return retrying(act)


def change_of(stack: Stack, change_set_id: str) -> Change:
    """How far a change set that was started is, judged by itself and by its stack."""
    found, state = stack.change_set(change_set_id), stack.state()
    if state is not None and state.busy:
        return Change(progress=Progress.PENDING)
    readiness = found.readiness if found else None
    if readiness is None and state is not None and state.change_set_id == change_set_id:
        # CloudFormation forgot the change set, but it is the one the stack was changed by last.
        readiness = Readiness.EXECUTED if state.healthy else Readiness.FAILED
    return _judged(readiness, found, stack)


def _judged(readiness: Readiness | None, found: ChangeSet | None, stack: Stack) -> Change:
    if readiness in (Readiness.EXECUTED, Readiness.EMPTY):
        return Change(progress=Progress.DONE)
    if readiness in (Readiness.PENDING, Readiness.READY, Readiness.EXECUTING):
        return Change(progress=Progress.PENDING)
    if readiness in (Readiness.FAILED, Readiness.REFUSED):
        refused = found.reason if found and readiness is Readiness.REFUSED else ""
        return Change(progress=Progress.FAILED, reason=refused or stack.failure())
    return Change(progress=Progress.STALE)
