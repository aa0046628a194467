"""`orchestrator build-task`: carry out one build as the state machine's environment variables describe it."""

import os
from threading import Event

import click

from orchestrator.build.task import BuildTask
from orchestrator.cli.build import builder
from orchestrator.cli.interrupt import stopping
from orchestrator.cli.output import complain, say
from orchestrator.cli.parameters import command
from orchestrator.confine import system
from orchestrator.errors import RequestError
from orchestrator.releases.failure import failure_of
from orchestrator.steps.build_request import BuildInput
from orchestrator.wiring.wiring import Wiring

SETTINGS = ("branch", "bucket", "ledger_table", "repository_url")


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(build_task))


def build_task() -> None:
    """Build what BUILD_UNIT and BUILD_REQUEST ask for; this is what CodeBuild runs."""
    system.hide()
    wanted = BuildInput.from_environment(os.environ)
    wiring = Wiring.from_environment()
    _check(wiring)
    stop = Event()
    try:
        builds = builder(wiring, "codebuild", stop)
        task = BuildTask(wiring.catalogs, wiring.merge_rule, builds, wiring.store)
        with stopping(stop):
            say(task.carry_out(wanted).message)
    except Exception as error:
        _note(wiring, wanted, error)
        raise


def _check(wiring: Wiring) -> None:
    missing = [f"ORCHESTRATOR_{name.upper()}" for name in SETTINGS if not wiring.settings.get(name)]
    if missing:
        raise RequestError(
            f"{', '.join(missing)} is not set: the build project that `orchestrator bootstrap` makes sets all of "
            "them. To build by hand: orchestrator build UNIT."
        )


def _note(wiring: Wiring, wanted: BuildInput, error: Exception) -> None:
    """Note why a build failed: Step Functions learns only that it did, and `orchestrator history` tells it."""
    try:
        wiring.ledger.promotions.record_failed_build(wanted.unit, wanted.execution, failure_of(error))
    except Exception as second:  # noqa: BLE001  # Whatever it is, why the build failed matters more.
        complain(f"`orchestrator history` will not tell why the build failed, for that could not be noted: {second}")
