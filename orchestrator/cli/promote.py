"""`orchestrator promote`: build and promote a commit, or promote a version that was built."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.cli.context import Context
from orchestrator.cli.live import Screen
from orchestrator.cli.output import complain, note, say
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.config.unit import Unit
from orchestrator.errors import RequestError, SourceError, UnknownNameError
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.progress import Progress
from orchestrator.promotions.start import Starter
from orchestrator.source.refs.ancestry import UnknownHistoryError
from orchestrator.source.refs.branch import full_ref
from orchestrator.source.refs.merged import MergeRule
from orchestrator.steps.admission import barred
from orchestrator.steps.contract import Release, Request
from orchestrator.steps.merges.check import check_merged
from orchestrator.steps.resolve_release import check_passed, environments_of, parse_request, span_of


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(promote))


def promote(
    context: click.Context,
    unit: Annotated[str, Argument(help="The unit's name.")],
    version: Annotated[str | None, Option(help="Promote this release again, without building.")] = None,
    commit: Annotated[str | None, Option(help="Build this commit; the branch's newest when left out.")] = None,
    first: Annotated[str | None, Option("--from", help="The environment to begin with.")] = None,
    last: Annotated[str | None, Option("--to", help="The environment to end with.")] = None,
    reason: Annotated[str | None, Option(help="Kept in the ledger.")] = None,
    *,
    wait: Annotated[bool, Option("--wait", help="Follow it until it ends; exits 1 unless it succeeds.")] = False,
    override_freeze: Annotated[
        bool, Option("--override-freeze", help="Deploy in spite of freezes and windows; needs --reason.")
    ] = False,
    skip_gates: Annotated[
        bool,
        Option("--skip-gates", help="Begin at --from with what did not pass the ones before; needs --reason."),
    ] = False,
) -> None:
    """Start a promotion of one unit."""
    here: Context = context.obj
    found = here.catalog("HEAD").unit(unit)
    if version and commit:
        raise RequestError("Name either --version or --commit, not both.")
    for name in (first, last):
        check_environment(here, found, name)
    if version:
        subject = {"version": version}
    else:
        subject = {"commit": here.repository.commit(commit or full_ref(here.organization.repository.branch)).id}
    options = {
        "from": first,
        "to": last,
        "reason": reason,
        "override_freeze": override_freeze,
        "skip_gates": skip_gates,
    }
    request = {**subject, **{key: value for key, value in options.items() if value}}
    here.require_installed()
    refuse_at_once(here, found, parse_request(request))
    execution = start(here, found, request)
    if wait:
        follow(here, found, execution)


def refuse_at_once(here: Context, unit: Unit, request: Request) -> None:
    """Refuse what the promotion would refuse later, before it starts.

    Raises:
        RequestError: the release is in quarantine, the commit is not merged, or environments would be skipped.
        UnknownNameError: there is no such release.
    """
    ledger, environments = here.wiring.ledger, unit.environments(here.organization)
    release = _release(here, unit, request)
    if release is None:
        _check_merged(
            here, lambda rule: rule.check(unit.name, str(request.commit), environments_of(request, environments))
        )
        if request.from_ not in (None, environments[0]) and not request.skip_gates:
            raise RequestError(
                f"{unit.name} at {str(request.commit)[:12]} cannot begin at {request.from_}: it was never built, so it "
                f"has passed nothing. Promote it from {environments[0]}, or skip that with --skip-gates and a --reason."
            )
        return
    if quarantine := ledger.controls.quarantine(unit.name, release.version):
        raise RequestError(barred(release, quarantine))
    check_passed(ledger, release, request, environments, here.organization.mandatory_names)
    if not ledger.merges.contains(release):
        span = environments_of(request, environments)
        _check_merged(here, lambda rule: check_merged(rule, here.catalog, release, request, span))


def _release(here: Context, unit: Unit, request: Request) -> Release | None:
    """The release that a request leads to, if it is built."""
    releases = here.wiring.ledger.releases
    if request.version:
        return releases.release(unit.name, request.version)
    catalog = here.catalog(str(request.commit))
    return releases.release_with_digest(unit.name, catalog.digest(catalog.unit(unit.name).name))


def _check_merged(here: Context, check: Callable[[MergeRule], object]) -> None:
    """Ask the repository that builds read, where that can be asked from here."""
    try:
        allowed = frozenset(here.wiring.guardrails().organization.repository.allow_unmerged)
        check(replace(here.wiring.merge_rule, allow_unmerged=allowed))
    except UnknownHistoryError:
        raise
    except (SourceError, ClientError, BotoCoreError) as error:
        note(f"Whether the commit is merged is asked when it is built, because it cannot be asked from here: {error}")


def check_environment(here: Context, unit: Unit, name: str | None) -> None:
    """Refuse an environment that the unit is not promoted through."""
    known = unit.environments(here.organization)
    if name is not None and name not in known:
        raise UnknownNameError(f"environment of {unit.name}", name, known)


def start(here: Context, unit: Unit, request: dict[str, Any]) -> str:
    """Start a promotion, and say so; returns the execution's ARN."""
    span_of(parse_request(request), unit.environments(here.organization))
    starter = Starter(here.wiring.stepfunctions, lambda: datetime.now(UTC))
    arn = here.organization.state_machine_arn(unit.state_machine_name)
    execution = starter.start(arn, "manual", request)
    say(f"Started {execution}")
    return execution


def follow(here: Context, unit: Unit, execution: str) -> Progress:
    """Show a promotion until it ends; exits 1 unless it succeeded."""
    follower = Follower(here.wiring.stepfunctions, time.sleep)
    environments = unit.environments(here.organization)
    seen, screen = Progress(), Screen(f"Promotion of {unit.name}")
    for seen in follower.follow(execution, environments):
        screen.show({unit.name: seen}, environments)
    screen.finish({unit.name: seen}, environments)
    if seen.status != "SUCCEEDED":
        complain(f"The promotion ended as {seen.status}: {seen.message or 'no reason was given'}")
        raise click.exceptions.Exit(1)
    say(seen.message or f"{unit.name}@{seen.version} is promoted.")
    return seen
