"""`orchestrator build`: build and publish releases from here, without promoting them."""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
from uv import find_uv_bin

from orchestrator.build.batch import build_all
from orchestrator.build.build import Build, Builder, Tools
from orchestrator.build.cache import Cache
from orchestrator.build.cache_folder import VARIABLE, cache_folder
from orchestrator.build.confined.level import level_of
from orchestrator.build.environment import clean_environment
from orchestrator.build.folder import FolderLedger, FolderStore
from orchestrator.build.tidy import Allowance
from orchestrator.cli.context import Context
from orchestrator.cli.interrupt import stopping
from orchestrator.cli.kept import Kept
from orchestrator.cli.output import complain, note, say
from orchestrator.cli.parameters import Argument, Option, command
from orchestrator.config.network import Network
from orchestrator.confine.features import of_this_machine
from orchestrator.errors import BuildError, OrchestratorError, RequestError
from orchestrator.releases import layout
from orchestrator.releases.built_by import BuiltBy
from orchestrator.releases.publishing import ReleaseStore
from orchestrator.source.catalog import Catalog
from orchestrator.source.facts import ORGANIZATION_FILE
from orchestrator.source.refs.merged import UnmergedError

if TYPE_CHECKING:
    # Not imported when releases are built into a folder: it takes longer than all the rest.
    from orchestrator.build.task import BuildSetup
    from orchestrator.config.organization import Organization
    from orchestrator.publication.work import Publication
    from orchestrator.wiring.wiring import Wiring


_HEAD = "HEAD"
_MOST_LISTED = 5


def register(app: click.Group) -> None:
    """Add the command."""
    app.add_command(command(build))


def build(
    context: click.Context,
    units: Annotated[list[str] | None, Argument(metavar="UNIT...", help="The units' names.")] = None,
    commit: Annotated[str, Option(help="Commit, branch or tag.")] = _HEAD,
    to: Annotated[Path | None, Option(help="Publish below this folder; no AWS account is needed.")] = None,
    cache_dir: Annotated[
        Path | None, Option(envvar=VARIABLE, help="What is kept between builds; may be deleted any time.")
    ] = None,
    network: Annotated[
        list[str] | None,
        Option(help="With --to, let the code of units reach a host that orchestrator.toml opens to it."),
    ] = None,
    *,
    every: Annotated[bool, Option("--all", help="Build all units of the repository.")] = False,
) -> None:
    """Build units at a commit and publish the releases; the same inputs are built once."""
    here: Context = context.obj
    if network and not to:
        raise RequestError("--network goes with --to: what is published reaches what the guardrails open.")
    if not units and not every:
        raise RequestError("Say what to build: the names of units, or --all.")
    if units and every:
        raise RequestError(f"Name units or --all, not both: --all builds every unit, {', '.join(units)} among them.")
    kept = _kept(here, cache_dir)
    bases = kept.surveyed() if kept else ()
    catalog = here.catalog(commit, bases)
    names = list(dict.fromkeys(units or catalog.names))
    for name in names:
        catalog.require(name)
    if commit == _HEAD:
        _note_uncommitted(here, catalog, names)
    tools = machine_tools(Cache((cache_dir or cache_folder(os.environ)).absolute()))
    tools = replace(tools, unconfined=allows_unconfined(lambda: here.organization if to else _guarded(here)))
    tools = replace(tools, network=Network(tuple(network or ())) if to else _guarded(here).build.opened)
    parallel = min(len(names), len(os.sched_getaffinity(0)))
    merged = None if to else _merged(here, catalog)
    store, builders = _into_folder(here, to, tools, parallel) if to else _into_bucket(here, tools, parallel)
    if kept:
        kept.keep(catalog.surveyed)
    for problem in catalog.problems.values() if every else ():
        complain(str(problem))
    failed = every and bool(catalog.problems)
    with stopping(tools.stop), tempfile.TemporaryDirectory(prefix="orchestrator-log-") as logs:
        for name, built in build_all(builders, catalog, names, Path(logs), merged=merged):
            failed |= isinstance(built, OrchestratorError)
            _tell(name, built, store)
    # The process ends now: what is left need not be looked through once more.
    gc.freeze()
    if failed:
        raise click.exceptions.Exit(1)


def _kept(here: Context, cache_dir: Path | None) -> Kept | None:
    """What was read of the repository before, where no build can have written that: else one could forge another."""
    folder = (cache_dir or cache_folder(os.environ)).absolute()
    return Kept(here.root, folder) if level_of(of_this_machine()).is_enough else None


def _note_uncommitted(here: Context, catalog: Catalog, names: Sequence[str]) -> None:
    """Say what of the units' inputs is changed here and is not in the build."""
    folders = sorted({one.path for name in names for one in catalog.inputs[name]})
    changed = here.uncommitted(folders)
    if changed:
        more = f" and {len(changed) - _MOST_LISTED} more" if len(changed) > _MOST_LISTED else ""
        note(f"not committed, so not in the build: {', '.join(changed[:_MOST_LISTED])}{more}.")


def _merged(here: Context, catalog: Catalog) -> bool:
    """Refuse to publish releases of a commit that is not merged: they could be promoted."""
    try:
        return here.wiring.merge_rule.check("What is built", catalog.commit.id, ())
    except UnmergedError as error:
        raise UnmergedError(f"{error} To build it without publishing, name a folder with --to.") from error


def _guarded(here: Context) -> "Organization":
    return here.wiring.guardrails().organization


def allows_unconfined(decided_by: Callable[[], "Organization"]) -> bool:
    """Whether this machine builds although it cannot confine the code of units; says so if it does.

    Args:
        decided_by: finds the settings that decide, which are looked at only where the machine cannot.
    """
    level = level_of(of_this_machine())
    if level.is_enough or not decided_by().build.unconfined:
        return False
    complain(f"The code of units is NOT CONFINED on this machine ([build] unconfined = true; its level is '{level}').")
    return True


def set_up(wiring: "Wiring", publication: "Publication", tools: Tools) -> "BuildSetup":
    """What one build of a promotion is done with.

    Args:
        wiring: the sources.
        publication: what the build may publish.
        tools: of this machine.
    """
    from orchestrator.build.task import BuildSetup  # noqa: PLC0415  # Not needed to build into a folder.

    return BuildSetup(Builder(wiring.repository, publication.store, publication.releases, tools), publication.logs)


def machine_tools(kept: Cache) -> Tools:
    """This machine's uv and Python, and what it keeps between builds."""
    return Tools(find_uv_bin(), sys.executable, clean_environment(os.environ), kept, allowance=Allowance.of(os.environ))


def _into_folder(here: Context, to: Path, tools: Tools, parallel: int) -> tuple[ReleaseStore, list[Builder]]:
    _check_writable(to)
    store = FolderStore(to.absolute())
    return store, [Builder(here.repository, store, FolderLedger(to.absolute()), tools)] * parallel


def _check_writable(folder: Path) -> None:
    """Refuse a folder that nothing can be published into, before the minutes that a build takes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RequestError(
            f"--to {folder}: {error.strerror}. Name a folder that can be made and written to, or one that is there."
        ) from error


def _into_bucket(here: Context, tools: Tools, parallel: int) -> tuple[ReleaseStore, list[Builder]]:
    """A builder for each thread: the ledger's table is not to be shared by them."""
    # The recorded ones: this checkout may say anything.
    if not here.wiring.guardrails().organization.build.publish_from_machines:
        raise RequestError(
            "The guardrails let promotions alone publish releases: build into a folder with --to FOLDER, or have the "
            "unit built and promoted: orchestrator promote UNIT. An administrator may allow publishing from machines: "
            f"[build] publish_from_machines = true in {ORGANIZATION_FILE}, then orchestrator guardrails apply."
        )
    named = replace(tools, builder=BuiltBy("person", here.caller))
    wirings = [here.rewired() for _ in range(parallel)]
    return here.wiring.store, [Builder(one.repository, one.store, one.ledger.releases, named) for one in wirings]


def _tell(unit: str, built: Build | OrchestratorError, store: ReleaseStore) -> None:
    if isinstance(built, OrchestratorError):
        # Some speak of files only, and builds are many.
        complain(str(built) if isinstance(built, BuildError) else f"{unit} cannot be built: {built}")
        return
    release = built.release
    say(f"{release.name} {'was built before' if built.reused else 'is built'} from {release.commit[:12]}:")
    say(f"  digest of its inputs: {release.digest}")
    for warning in (*release.warnings, *built.notes):
        say(f"  warning: {warning}")
    for artifact in release.artifacts:
        say(f"  {store.location(artifact.key)}  {artifact.size} bytes  sha256 {artifact.sha256}")
    manifest = store.location(layout.manifest_key(release.unit, release.version))
    say(f"  {manifest}  {len(built.text)} bytes  sha256 {built.manifest_sha256}")
