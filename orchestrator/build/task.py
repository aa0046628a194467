"""A build as the state machine asks for it: from the task's input to its result, with the log kept either way."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from orchestrator.build.build import Build, Builder
from orchestrator.releases import layout
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.merged import is_merged
from orchestrator.steps.build_request import BuildInput
from orchestrator.steps.catalogs import ReadCatalog
from orchestrator.steps.contract import Status, StepResult


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


class BuildTask:
    """Carries out the state machine's Build step.

    Args:
        read_catalog: tells what there is at a commit.
        branch: what is built when the request names no commit.
        builder: builds.
        store: the tooling account's artifacts bucket, which the log goes to.
    """

    def __init__(self, read_catalog: ReadCatalog, branch: str, builder: Builder, store: ArtifactStore) -> None:
        self._read_catalog = read_catalog
        self._branch = branch
        self._builder = builder
        self._store = store

    def __call__(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Build what an activity's task asks for, and answer it."""
        return self.carry_out(BuildInput.model_validate(task)).model_dump(mode="json")

    def carry_out(self, wanted: BuildInput) -> BuildResult:
        """Build what is asked for.

        Raises:
            OrchestratorError: it cannot be built; a note on the error says where the whole log is.
        """
        key = layout.build_log_key(wanted.unit, wanted.execution.name)
        with TemporaryDirectory(prefix="orchestrator-log-") as folder:
            log = Path(folder) / "build.log"
            log.touch()
            try:
                build = self._build(wanted, log)
            except Exception as error:
                with log.open("a", encoding="utf-8") as file:
                    file.write(f"\n{type(error).__name__}: {error}\n")
                error.add_note(f"The whole log is s3://{self._store.bucket}/{key}")
                raise
            finally:
                self._store.put(key, log)
        return _result(build, key)

    def _build(self, wanted: BuildInput, log: Path) -> Build:
        catalog = self._read_catalog(wanted.request.commit or wanted.request.branch or self._branch)
        folders = [one.path for one in catalog.inputs.get(wanted.unit, ())]
        merged = bool(folders) and is_merged(catalog.repository, self._branch, catalog.commit.id, folders)
        return self._builder.build(catalog, wanted.unit, log, merged=merged)


def _result(build: Build, log: str) -> BuildResult:
    release = build.manifest
    what = "was built before from the same inputs" if build.reused else f"was built from {release.commit[:12]}"
    warned = f" Warnings: {len(release.warnings)}, see its manifest." if release.warnings else ""
    noted = f" {' '.join(build.notes)}" if build.notes else ""
    message = f"{release.name} {what}.{warned}{noted}"
    return BuildResult(status=Status.SUCCEEDED, message=message, version=release.version, reused=build.reused, log=log)
