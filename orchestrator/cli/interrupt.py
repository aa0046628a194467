"""Signals while something is built: what builds is ended first, and takes its folders with it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

import click

from orchestrator.cli.output import note

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# As shells tell it of a process that a signal has ended.
_SIGNALLED = 128


@contextmanager
def stopping(stop: Event) -> Iterator[None]:
    """Within, a signal to end sets `stop`, and a second one ends the process at once.

    Raises:
        click.exceptions.Exit: in the end, when there was a signal.
    """
    came: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        if came:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        came.append(number)
        stop.set()
        note("stopping: what is being built is ended first. Again: at once.")

    before = {number: signal.signal(number, end) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise click.exceptions.Exit(_SIGNALLED + came[0])
