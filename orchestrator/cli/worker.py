"""`orchestrator worker`: carry out the builds that promotions ask for."""

import logging
import os
import signal
import socket
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import boto3
import click

from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume, sessions_beside
from orchestrator.build.cache import Cache
from orchestrator.build.cache_folder import cache_folder
from orchestrator.build.scratch import remove, scratch_folder
from orchestrator.build.task import BuildSetup, BuildTask
from orchestrator.build.worker import BuildWorker
from orchestrator.cli.build import allows_unconfined, machine_tools, set_up
from orchestrator.cli.context import Context, settings
from orchestrator.cli.interrupt import SIGNALS
from orchestrator.cli.output import harmless, say
from orchestrator.cli.parameters import Option, command
from orchestrator.config.infrastructure import BUILDER_ROLE
from orchestrator.confine import system
from orchestrator.releases.built_by import BuiltBy
from orchestrator.steps.build_request import BuildInput
from orchestrator.wiring.builds import BuilderWiring

_INTERRUPTED = 130
_LOOK_SECONDS = 0.5
# How long a build may take to end and to remove its folders.
_ABANDON_SECONDS = 10


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(worker))


def worker(
    context: click.Context,
    parallel: Annotated[int, Option(help="How many builds at the same time.", min=1, max=16)] = 2,
) -> None:
    """Poll for builds and do them, with no more permissions than a builder has.

    Interrupted once, it finishes the builds that have begun and takes no other; interrupted twice, it ends at once
    and hands back what it was building.
    """
    here: Context = context.obj
    here.require_installed()
    _log_harmlessly()
    # Where credentials come from is told of every client otherwise.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    system.hide()
    with scratch_folder("orchestrator-worker-") as folder:
        # All that is temporary, so that one removal is enough where the process ends at once.
        tempfile.tempdir = str(folder)
        _work(here, parallel, folder)
    say("Stopped.")


def _work(here: Context, parallel: int, folder: Path) -> None:
    """Poll until interrupted; what is temporary is in a folder."""
    host = f"{socket.gethostname()}-{os.getpid()}"
    stop, abandon = Event(), Event()
    unconfined = allows_unconfined(lambda: here.wiring.guardrails().organization)
    workers = [_worker(here, f"{host}-{number}", abandon, unconfined=unconfined) for number in range(parallel)]
    for number in SIGNALS:
        signal.signal(number, lambda _number, _frame: _stop(stop, workers, abandon, folder))
    threads = [Thread(target=one.run, args=(stop,), name=f"build-{number}") for number, one in enumerate(workers)]
    for thread in threads:
        thread.start()
    say(f"Waiting for builds as {BUILDER_ROLE}, {parallel} at a time.")
    for thread in threads:
        # Python deals with signals between two calls of the main thread.
        while thread.is_alive():
            thread.join(_LOOK_SECONDS)


class _Harmless(logging.Formatter):
    """Much of what is told was printed by programs of units."""

    def format(self, record: logging.LogRecord) -> str:
        """Without what a terminal would obey."""
        return harmless(super().format(record))


def _log_harmlessly() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Harmless("%(asctime)s %(threadName)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _stop(stop: Event, workers: list[BuildWorker], abandon: Event, folder: Path) -> None:
    """Stop when the builds that have begun are finished; asked again, hand them back and end at once."""
    if not stop.is_set():
        stop.set()
        say("Stopping: what has begun is finished, which takes up to a minute where nothing is built. Again: at once.")
        return
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    for one in workers:
        one.hand_back()
    # Only then: a build that is ended fails, which is not what is to be heard of it.
    abandon.set()
    # It removes its folders; what it has started, the kernel ends in any case.
    limit = time.monotonic() + _ABANDON_SECONDS
    for one in workers:
        one.wait_until_idle(limit - time.monotonic())
    with suppress(OSError):
        remove(folder)
    # Not by an exception: threads that poll would be waited for.
    os._exit(_INTERRUPTED)


def _worker(here: Context, name: str, abandon: Event, *, unconfined: bool) -> BuildWorker:
    """A worker with clients of its own: threads must not share a session."""
    tooling = here.organization.tooling
    assume = Assumer(here.session().client("sts", config=CLIENT), boto3.Session)
    role = RoleToAssume(here.organization.tooling_role_arn(BUILDER_ROLE), "build-worker")
    wiring = BuilderWiring(assume.lasting(role, tooling.region), settings(here.organization))
    tools = replace(machine_tools(Cache(cache_folder(os.environ))), stop=abandon, unconfined=unconfined)
    new_session = sessions_beside(wiring.session)

    def one(wanted: BuildInput) -> BuildSetup:
        builder = BuiltBy("worker", name, wanted.execution.id)
        publication = wiring.publication(wanted, builder, new_session)
        return set_up(wiring, publication, replace(tools, builder=builder, network=wanted.opened))

    task = BuildTask(wiring.catalogs, wiring.merge_rule, one)
    return BuildWorker(wiring.stepfunctions, here.organization.build_activity_arn, task, name=name)
