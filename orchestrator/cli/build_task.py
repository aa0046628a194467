"""`orchestrator build-task`: carry out one build as the state machine's environment variables describe it."""

import os
from dataclasses import replace
from threading import Event

import click

from orchestrator.aws.session import sessions_beside
from orchestrator.build.cache import Cache
from orchestrator.build.cache_folder import cache_folder
from orchestrator.build.task import BuildTask
from orchestrator.cli.build import machine_tools, set_up
from orchestrator.cli.interrupt import stopping
from orchestrator.cli.output import complain, say
from orchestrator.cli.parameters import command
from orchestrator.confine import system
from orchestrator.errors import RequestError
from orchestrator.publication.work import Publication
from orchestrator.releases.built_by import BuiltBy
from orchestrator.releases.failure import failure_of
from orchestrator.steps.build_request import BuildInput
from orchestrator.wiring.builds import BuilderWiring

SETTINGS = ("begin_publish", "branch", "bucket", "ledger_table", "repository_url")
BUILD_ID = "CODEBUILD_BUILD_ID"
"""What CodeBuild itself calls the build, in its environment."""


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(build_task))


def build_task() -> None:
    """Build what BUILD_UNIT and BUILD_REQUEST ask for; this is what CodeBuild runs."""
    system.hide()
    wanted = BuildInput.from_environment(os.environ)
    wiring = BuilderWiring.from_environment()
    _check(wiring)
    builder = BuiltBy("codebuild", os.environ.get(BUILD_ID, ""), wanted.execution.id)
    publication = wiring.publication(wanted, builder, sessions_beside(wiring.session))
    stop = Event()
    try:
        tools = replace(
            machine_tools(Cache(cache_folder(os.environ))), builder=builder, stop=stop, network=wanted.opened
        )
        task = BuildTask(wiring.catalogs, wiring.merge_rule, lambda _: set_up(wiring, publication, tools))
        with stopping(stop):
            say(task.carry_out(wanted).message)
    except Exception as error:
        _note(publication, wanted, error)
        raise


def _check(wiring: BuilderWiring) -> None:
    missing = [f"ORCHESTRATOR_{name.upper()}" for name in SETTINGS if not wiring.settings.get(name)]
    if missing:
        raise RequestError(
            f"{', '.join(missing)} is not set: the build project that `orchestrator bootstrap` makes sets all of "
            "them. To build by hand: orchestrator build UNIT --to FOLDER."
        )


def _note(publication: Publication, wanted: BuildInput, error: Exception) -> None:
    """Note why a build failed: Step Functions learns only that it did, and `orchestrator history` tells it."""
    try:
        publication.record_failed_build(wanted.unit, wanted.execution, failure_of(error))
    except Exception as second:  # noqa: BLE001  # Whatever it is, why the build failed matters more.
        complain(f"`orchestrator history` will not tell why the build failed, for that could not be noted: {second}")
