"""Uv, played by a script."""

import sys
from pathlib import Path

import pytest

from orchestrator.build.run import Commands
from orchestrator.build.uv import Uv
from tests.unit.build.fakes import COMMITTED_AT, confined

_SCRIPT = """#!/bin/sh
case "$*" in
    *--no-cache*) echo done ;;
    *) {does} ;;
esac
"""


def ran(folder: Path, does: str) -> tuple[int | None, str, int]:
    """What a uv that does something where it has its cache ends with, what it prints, and how often it ran."""
    script = folder / "uv"
    script.write_text(_SCRIPT.format(does=does), encoding="utf-8")
    script.chmod(0o755)
    commands = Commands("orders", folder / "log", {"PATH": "/usr/bin:/bin"}, 30, confined(folder))
    outcome = Uv(commands, str(script), sys.executable, COMMITTED_AT).attempt("lock", ["lock"], folder, dated=False)
    return outcome.code, outcome.output, (folder / "log").read_text(encoding="utf-8").count("== lock")


@pytest.mark.parametrize(
    "does",
    [
        'rm -r "$UV_CACHE_DIR"; echo "No such file or directory"; exit 2',
        'rm -r "$UV_CACHE_DIR"; echo incomplete',
        'rm -r "$UV_CACHE_DIR"; mkdir "$UV_CACHE_DIR"; echo incomplete',
        'echo "what is left of the cache is of no use"; exit 2',
    ],
)
def test_what_cannot_be_done_with_the_cache_is_done_without(does: str, tmp_path: Path) -> None:
    """It may be deleted at any time, and what was done with what vanished meanwhile is no proof."""
    assert ran(tmp_path, does) == (0, "done\n", 2)


@pytest.mark.parametrize(("does", "code"), [("echo said", 0), ("echo said; exit 1", 1)])
def test_what_uv_answers_is_asked_once(does: str, code: int, tmp_path: Path) -> None:
    """Also that versions do not go together."""
    assert ran(tmp_path, does) == (code, "said\n", 1)
