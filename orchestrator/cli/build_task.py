"""`orchestrator build-task`: carry out one build as the state machine's environment variables describe it."""

import os

import typer

from orchestrator.build.failure import failure_of
from orchestrator.build.request import BuildInput
from orchestrator.build.task import BuildTask
from orchestrator.cli.build import builder
from orchestrator.cli.output import say
from orchestrator.confine import system
from orchestrator.wiring import Wiring


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("build-task")(build_task)


def build_task() -> None:
    """Build what BUILD_UNIT and BUILD_REQUEST ask for; this is what CodeBuild runs."""
    system.hide()
    wanted = BuildInput.from_environment(os.environ)
    wiring = Wiring.from_environment()
    try:
        task = BuildTask(wiring.repository, wiring.settings["branch"], builder(wiring, "codebuild"), wiring.store)
        say(task.carry_out(wanted).message)
    except Exception as error:
        # Step Functions learns only that the job failed: the ledger keeps why, for `orchestrator history`.
        wiring.ledger.promotions.record_failed_build(wanted.unit, wanted.execution, failure_of(error))
        raise
