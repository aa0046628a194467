"""A build as the state machine asks for it: from the task's input to its result, with the log kept either way."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from orchestrator.build.build import Build, Builder
from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass
from orchestrator.publication.work import Logs
from orchestrator.releases import layout
from orchestrator.source.refs.branch import full_ref
from orchestrator.source.refs.merged import MergeRule
from orchestrator.steps.build_request import BuildInput
from orchestrator.steps.catalogs import ReadCatalog
from orchestrator.steps.contract import Status, StepResult
from orchestrator.steps.resolve_release import environments_of


class BuildResult(StepResult):
    """What a build answers.

    Attributes:
        version: of the release.
        reused: whether it was built before.
        log: key of the build's log in the tooling bucket.
    """

    version: str
    reused: bool
    log: str


@dataclass(frozen=True)
class BuildSetup:
    """What one build is done with.

    Attributes:
        builder: builds and publishes.
        logs: the build's log is kept there.
    """

    builder: Builder
    logs: Logs


class BuildTask:
    """Carries out the state machine's Build step.

    Args:
        read_catalog: tells what there is at a commit.
        rule: decides which commits are built; the newest of its branch when the request names none.
        set_up: sets up what one build is done with: what it may publish depends on the build.
    """

    def __init__(self, read_catalog: ReadCatalog, rule: MergeRule, set_up: Callable[[BuildInput], BuildSetup]) -> None:
        self._read_catalog = read_catalog
        self._rule = rule
        self._set_up = set_up

    def __call__(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Build what an activity's task asks for, and answer it."""
        return self.carry_out(BuildInput.from_task(task)).model_dump(mode="json")

    def carry_out(self, wanted: BuildInput) -> BuildResult:
        """Build what is asked for.

        Raises:
            UnmergedError: its commit may not go where it is to go.
            OrchestratorError: it cannot be built; a note on the error says where the whole log is.
        """
        key, setup = layout.build_log_key(wanted.unit, wanted.execution.name), self._set_up(wanted)
        with TemporaryDirectory(prefix="orchestrator-log-") as folder:
            log = Path(folder) / "build.log"
            log.touch()
            try:
                build = self._build(wanted, setup.builder, log)
            except Exception as error:
                with log.open("a", encoding="utf-8") as file:
                    file.write(f"\n{type(error).__name__}: {error}\n")
                error.add_note(_kept(setup.logs, key, log))
                raise
            setup.logs.put(key, log)
        return _result(build, key)

    def _build(self, wanted: BuildInput, builder: Builder, log: Path) -> Build:
        request = wanted.request
        catalog = self._read_catalog(request.commit or full_ref(request.branch or self._rule.branch))
        found = builder.find(catalog, wanted.unit)
        if found and found.release.merged:
            # What it would be built from is merged, whatever else the commit holds.
            return found
        known = catalog.unit(wanted.unit).environments(catalog.organization)
        merged = self._rule.check(wanted.unit, catalog.commit.id, environments_of(request, known))
        return found or builder.build(catalog, wanted.unit, log, merged=merged)


def _kept(logs: Logs, key: str, log: Path) -> str:
    """Keep the log of a build that failed; returns where it is, or why it is not there."""
    try:
        logs.put(key, log)
    except (OrchestratorError, BotoCoreError, ClientError) as error:
        # Why the build failed matters more.
        return f"Its log could not be kept: {error}"
    return f"The whole log is {logs.location(key)}"


def _result(build: Build, log: str) -> BuildResult:
    release = build.manifest
    what = "was built before from the same inputs" if build.reused else f"was built from {release.commit[:12]}"
    warned = f" Warnings: {len(release.warnings)}, see its manifest." if release.warnings else ""
    noted = f" {' '.join(build.notes)}" if build.notes else ""
    message = f"{release.name} {what}.{warned}{noted}"
    return BuildResult(status=Status.SUCCEEDED, message=message, version=release.version, reused=build.reused, log=log)
