"""`orchestrator build`: build and publish a release from here, without promoting it."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from uv import find_uv_bin

from orchestrator.build.build import Builder, Tools
from orchestrator.build.manifest import BuiltBy
from orchestrator.build.run import clean_environment
from orchestrator.cli.context import Context
from orchestrator.cli.output import console, say
from orchestrator.wiring import Wiring


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("build")(build)


def build(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="The unit's name.")],
    commit: Annotated[str, typer.Option(help="Commit, branch or tag.")] = "HEAD",
) -> None:
    """Build a unit at a commit and publish the release; the same inputs are built once."""
    here: Context = context.obj
    catalog = here.catalog(commit)
    catalog.unit(unit)
    with tempfile.TemporaryDirectory(prefix="orchestrator-log-") as folder, console.status(f"building {unit}"):
        built = builder(here.wiring).build(catalog, unit, Path(folder, "build.log"))
    release = built.manifest
    say(f"{release.name} {'was built before' if built.reused else 'is built'} from {catalog.commit.id[:12]}:")
    for warning in release.warnings:
        say(f"  warning: {warning}")
    for artifact in release.artifacts:
        say(f"  s3://{here.wiring.store.bucket}/{artifact.key}  {artifact.size} bytes  sha256 {artifact.sha256}")


def builder(wiring: Wiring, kind: BuiltBy = "local") -> Builder:
    """A builder that uses this machine's uv and Python; releases say what kind of builder made them."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "promotion-orchestrator")
    tools = Tools(find_uv_bin(), sys.executable, clean_environment(os.environ), cache, kind)
    return Builder(wiring.repository, wiring.store, wiring.ledger.releases, tools)
