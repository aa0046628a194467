"""`orchestrator worker`: carry out the builds that promotions ask for."""

import logging
import socket
from threading import Event, Thread
from typing import Annotated

import boto3
import typer

from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume
from orchestrator.build.task import BuildTask
from orchestrator.build.worker import BuildWorker
from orchestrator.cli.build import builder
from orchestrator.cli.context import Context, settings
from orchestrator.cli.output import say
from orchestrator.config.organization import BUILDER_ROLE
from orchestrator.wiring import Wiring


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("worker")(worker)


def worker(
    context: typer.Context,
    parallel: Annotated[int, typer.Option(help="How many builds at the same time.", min=1, max=16)] = 2,
) -> None:
    """Poll for builds and do them, with no more permissions than a builder has; ends when interrupted."""
    here: Context = context.obj
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(threadName)s %(message)s")
    stop = Event()
    threads = [
        Thread(target=_work, args=(here, f"{socket.gethostname()}-{number}", stop), name=f"build-{number}", daemon=True)
        for number in range(parallel)
    ]
    for thread in threads:
        thread.start()
    say(f"Waiting for builds as {BUILDER_ROLE}, {parallel} at a time.")
    for thread in threads:
        thread.join()


def _work(here: Context, name: str, stop: Event) -> None:
    wiring = _as_builder(here)
    task = BuildTask(wiring.repository, here.organization.repository.branch, builder(wiring, "activity"), wiring.store)
    BuildWorker(wiring.stepfunctions, here.organization.build_activity_arn, task, name=name).run(stop)


def _as_builder(here: Context) -> Wiring:
    """The parts, with the builder's role."""
    tooling = here.organization.tooling
    assume = Assumer(here.session().client("sts", config=CLIENT), boto3.Session)
    role = RoleToAssume(here.organization.tooling_role_arn(BUILDER_ROLE), "build-worker")
    return Wiring(assume(role, tooling.region), settings(here.organization))
