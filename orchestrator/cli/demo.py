"""`orchestrator demo`: a merge promoted through four accounts on the embedded cloud, told live."""

import sys
import time
from pathlib import Path
from typing import Annotated

import click

from orchestrator.cli.parameters import Option, command
from orchestrator.cli.tables import console
from orchestrator.demo.story import Story
from orchestrator.local.cloud import free_port


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(demo))


def demo(
    folder: Annotated[Path, Option(help="Where it keeps its things.")] = Path(".orchestrator", "demo"),
    port: Annotated[int | None, Option(help="The embedded cloud's port; any free one when left out.")] = None,
    *,
    yes: Annotated[bool, Option("--yes", help="Approve prod without asking.")] = False,
) -> None:
    """Tell the whole story on the embedded cloud; exits 0 only if all of it was verified in the accounts."""
    began = time.monotonic()
    ask = sys.stdin.isatty() and not yes

    def approve(release: str) -> bool:
        return not ask or click.confirm(f"Approve {release} for prod?", default=True)

    Story(folder.absolute(), port or free_port(), approve).tell()
    console.print(f"[bold green]Done[/] in {time.monotonic() - began:.0f} s; the embedded cloud is stopped.")
