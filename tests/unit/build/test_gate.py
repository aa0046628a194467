"""Commands that are started before what they work on is there."""

import os
from pathlib import Path

from orchestrator.build.gate import Gate


def read(entrance: int) -> bytes:
    """All that comes out of a pipe."""
    with os.fdopen(os.dup(entrance), "rb") as file:
        return file.read()


def test_whoever_waits_and_whoever_comes_later_is_told_the_folder() -> None:
    """As a second try does."""
    with Gate() as gate, gate.entrance() as early:
        gate.open(Path("/sources/\udcff"))
        with gate.entrance() as late:
            assert (read(early), read(late)) == (b"/sources/\xff", b"/sources/\xff")


def test_nobody_waits_behind_a_gate_for_ever() -> None:
    """When it is left, those who wait are told nothing."""
    with Gate() as gate:
        entrance = gate.entrance()
        waiting = entrance.__enter__()
    assert read(waiting) == b""
    with gate.entrance() as late:
        assert read(late) == b""


def test_who_has_gone_meanwhile_does_no_harm() -> None:
    """It may have been ended for using too much."""
    gate = Gate()
    with gate.entrance():
        pass
    gate.open(Path("/sources"))
