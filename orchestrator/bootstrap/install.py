"""The flow of a bootstrap: artifacts bucket, guardrails, code of the Lambdas, tooling stacks, then every target."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orchestrator.aws.change_set import Readiness
from orchestrator.aws.session import CLIENT
from orchestrator.aws.stack import Stack
from orchestrator.aws.stack_state import StackState
from orchestrator.aws.template import INLINE_TEMPLATE_BYTES, Template
from orchestrator.bootstrap.bundle import make_builder, make_bundle
from orchestrator.bootstrap.guardrails import (
    administrators_of,
    caller_of,
    drafted,
    find_guardrails,
    record,
    records_of,
    with_administrators,
)
from orchestrator.config.infrastructure import (
    ADMINISTRATORS_PARAMETER,
    ARTIFACTS_STACK,
    BUILD_ACTIVITY,
    BUILDS_STACK,
    DECISIONS_STACK,
    GUARDRAILS_STACK,
    LEDGER_TABLE,
    TARGET_STACK,
    TOOLING_STACK,
    TRAIN_GATES_STACK,
    TRAINS_STACK,
)
from orchestrator.config.organization import Lambda, Organization
from orchestrator.config.stacks import stacked_targets, target_template
from orchestrator.errors import DeploymentError
from orchestrator.frozen import dataclass
from orchestrator.ledger.migration import copy_items, migrate
from orchestrator.releases import layout
from orchestrator.releases.sha256 import sha256_of_file
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.deployment import Change, Progress, change_of
from orchestrator.wiring.wiring import now

if TYPE_CHECKING:
    import boto3

_STACK_SECONDS = 900.0


class Effect(StrEnum):
    """What a bootstrap did to one thing."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Installed:
    """One thing that is in place now."""

    what: str
    where: str
    effect: Effect


class Sessions(Protocol):
    """Opens an account and region with permissions to install there."""

    def __call__(self, account: str, region: str) -> "boto3.Session":
        """Open it; raises `AccessError` when it cannot be."""


@dataclass(frozen=True)
class Bootstrap:
    """Installs everything static.

    Args:
        organization: the accounts and environments; `repository.url` is set.
        sessions: opens accounts.
        templates: the synthesized templates, by name.
        sleep: waits that many seconds.
        clock: tells the time, in UTC.
        bundle: writes the zip with the Lambdas' code for a platform to a file.
        builder: writes the zip that builds on CodeBuild run, likewise; asked only where CodeBuild builds.
    """

    organization: Organization
    sessions: Sessions
    templates: dict[str, str]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = now
    bundle: Callable[[Lambda, Path], None] = make_bundle
    builder: Callable[[Lambda, Path], None] = make_builder

    def install(self) -> Iterator[Installed]:
        """Install, telling of each thing when it is in place. Running it again changes nothing.

        Raises:
            AccessError: an account could not be opened.
            DeploymentError: CloudFormation refused or failed; says where, and which resource failed first.
        """
        tooling = self.organization.tooling
        self._open_all()
        yield self._stack(tooling.account, tooling.region, ARTIFACTS_STACK, ARTIFACTS_STACK)
        yield from self._guardrails()
        parameters = {}
        for parameter, what, make in self._bundles():
            parameters[parameter], uploaded = self._upload_bundle(what, make)
            yield uploaded
        yield self._stack(tooling.account, tooling.region, DECISIONS_STACK, DECISIONS_STACK)
        ledger = self.sessions(tooling.account, tooling.region).resource("dynamodb", config=CLIENT).Table(LEDGER_TABLE)
        copy_items(ledger)
        yield self._stack(tooling.account, tooling.region, TOOLING_STACK, TOOLING_STACK, parameters)
        bundle = {"BundleKey": parameters["BundleKey"]}
        for name in (BUILDS_STACK, TRAINS_STACK):
            yield self._stack(tooling.account, tooling.region, name, name, bundle)
        yield self._stack(tooling.account, tooling.region, TRAIN_GATES_STACK, TRAIN_GATES_STACK)
        if moved := migrate(ledger):
            where = f"{tooling.account}/{tooling.region}"
            yield Installed(f"{moved} items of the ledger, by who writes them", where, Effect.UPDATED)
        yield self._activity()
        for target in stacked_targets(self.organization):
            yield self._stack(target.account, target.region, TARGET_STACK, target_template(target))

    def _guardrails(self) -> Iterator[Installed]:
        """Make their table, and record what the organization says where nothing is recorded yet."""
        tooling = self.organization.tooling
        session = self.sessions(tooling.account, tooling.region)
        caller = caller_of(session)
        organization = with_administrators(self.organization, administrators_of(self.organization, caller))
        named = {ADMINISTRATORS_PARAMETER: ",".join(organization.tooling.administrators)}
        yield self._stack(tooling.account, tooling.region, GUARDRAILS_STACK, GUARDRAILS_STACK, named)
        records = records_of(session, self.clock)
        known = find_guardrails(records)
        first = drafted(organization, None, caller, self.clock())
        current = known or record(records, first, session.client("iam", config=CLIENT))
        effect = Effect.UNCHANGED if known else Effect.CREATED
        yield Installed(f"guardrails, version {current.version}", f"{tooling.account}/{tooling.region}", effect)

    def _open_all(self) -> None:
        """Find out before anything is changed whether an account cannot be opened."""
        for target in stacked_targets(self.organization):
            self.sessions(target.account, target.region)

    def _store(self) -> ArtifactStore:
        tooling = self.organization.tooling
        return ArtifactStore(self.sessions(tooling.account, tooling.region).client("s3", config=CLIENT), tooling.bucket)

    def _bundles(self) -> Iterator[tuple[str, str, Callable[[Lambda, Path], None]]]:
        """By the tooling stack's parameter, what is uploaded and who makes it."""
        yield "BundleKey", "code of the Lambdas", self.bundle
        if self.organization.build.runner == "codebuild":
            yield "BuilderKey", "code of the builds", self.builder

    def _upload_bundle(self, what: str, make: Callable[[Lambda, Path], None]) -> tuple[str, Installed]:
        with tempfile.TemporaryDirectory(prefix="orchestrator-bundle-") as folder:
            file = Path(folder, "bundle.zip")
            make(self.organization.lambda_, file)
            key, store = layout.bundle_key(sha256_of_file(file)), self._store()
            effect = Effect.UNCHANGED if store.find(key) else Effect.CREATED
            store.put_new(key, file)
            return key, Installed(f"{what} ({file.stat().st_size / 1e6:.1f} MB)", store.bucket, effect)

    def _activity(self) -> Installed:
        """Make the activity that build workers poll; to create one that exists is to find it."""
        tooling = self.organization.tooling
        client = self.sessions(tooling.account, tooling.region).client("stepfunctions", config=CLIENT)
        pages = client.get_paginator("list_activities").paginate()
        known = [one["name"] for page in pages for one in page["activities"]]
        if BUILD_ACTIVITY not in known:
            client.create_activity(name=BUILD_ACTIVITY)
        effect = Effect.UNCHANGED if BUILD_ACTIVITY in known else Effect.CREATED
        return Installed(f"activity {BUILD_ACTIVITY}", f"{tooling.account}/{tooling.region}", effect)

    def _stack(
        self, account: str, region: str, name: str, template: str, parameters: dict[str, str] | None = None
    ) -> Installed:
        where = f"{account}/{region}"
        client = self.sessions(account, region).client("cloudformation", config=CLIENT)
        stack = Stack(client, name, where, self.sleep)
        before = self._quiet(stack)
        source = self._source(template)
        # Named by the moment: a change set of an earlier bootstrap must not be taken for this one's.
        change_set = stack.propose(
            f"bootstrap-{time.time_ns()}",
            Template(**source, parameters=parameters or {}, tags={"orchestrator": "static"}),
        )
        found = stack.wait_for_change_set(change_set, _STACK_SECONDS)
        if found.readiness is Readiness.EMPTY:
            client.delete_change_set(StackName=name, ChangeSetName=change_set)
            return Installed(f"stack {name}", where, Effect.UNCHANGED)
        if found.readiness is not Readiness.READY:
            raise DeploymentError(f"The stack {name} in {where} cannot be changed: {found.reason or found.readiness}")
        stack.execute(change_set)
        after = self._finish(stack, change_set)
        client.update_termination_protection(StackName=name, EnableTerminationProtection=True)
        # What a failed creation left behind was another stack, of the same name.
        is_same = before is not None and before.exists and before.id == after.id
        effect = Effect.UPDATED if is_same else Effect.CREATED
        return Installed(f"stack {name}", where, effect)

    def _source(self, template: str) -> dict[str, str]:
        text = json.dumps(json.loads(self.templates[template]), separators=(",", ":"))
        if len(text.encode()) <= INLINE_TEMPLATE_BYTES:
            return {"body": text}
        key, store = layout.static_template_key(template), self._store()
        store.put(key, text.encode())
        return {"url": store.object_url(key)}

    def _quiet(self, stack: Stack) -> StackState | None:
        """The stack's state, once nobody else changes it."""
        state = stack.wait_until_settled(_STACK_SECONDS)
        if state is not None and state.busy:
            raise DeploymentError(
                f"The stack {stack.name} in {stack.where} is being changed by somebody else ({state.status}): "
                "try again when that is over."
            )
        if state is not None and state.status == "UPDATE_ROLLBACK_FAILED":
            raise DeploymentError(
                f"The stack {stack.name} in {stack.where} is stuck in {state.status}: {state.reason} Put right what "
                "the reason names, continue the rollback (aws cloudformation continue-update-rollback "
                f"--stack-name {stack.name}), then run bootstrap again."
            )
        return state

    def _finish(self, stack: Stack, change_set: str) -> StackState:
        """Wait for the change set, not just for the stack: at first the stack does not show that it has begun."""

        def unfinished(change: Change) -> bool:
            return change.progress is Progress.PENDING

        change = stack.wait_for(lambda: change_of(stack, change_set), unfinished, _STACK_SECONDS)
        state = stack.state()
        if change.progress is Progress.DONE and state is not None and state.healthy:
            return state
        status = state.status if state else "gone"
        raise DeploymentError(
            f"The stack {stack.name} in {stack.where} failed ({status}): {change.reason or stack.failure()}"
        )
