"""Refuses what cannot be built soundly, with what to do in its place.

Some tool chains run code of the repository to find out what to fetch, and others need what a confined build has not.
What they build from is then taken from the repository alone, where somebody has put it there; else it is refused.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestrator.build.functions import workflows
from orchestrator.build.functions.source import Source
from orchestrator.build.functions.workflows import Workflow, is_of_package, workflow_of
from orchestrator.build.platforms.known import python_runtimes
from orchestrator.errors import ConfigurationError

MAVEN_REPOSITORY = "vendor/maven"
"""Where the dependencies and plugins of a Maven project lie, from its folder."""
_ELSEWHERE = (
    "Build it where you build today, and name the object: CodeUri: {Bucket: ..., Key: ...}; or let the unit's own "
    "command make it (tool.orchestrator.build)."
)
_FROM_INDEX = re.compile(r'^source = "', re.MULTILINE)


def refuse_unsound(source: Source, workflow: Workflow, tree: Path) -> None:
    """Refuse what would need the network while code of the unit runs.

    Args:
        source: what is built.
        workflow: what would build it.
        tree: the exported tree.

    Raises:
        ConfigurationError: it cannot be built.
    """
    problem = _PROBLEMS.get(workflow.language)
    said = problem(workflow, tree / source.folder) if problem else ""
    if said:
        raise ConfigurationError(source.file, f"{source.where} is built by {workflow.name}, and {said}")


def never_built(source: Source) -> str:
    """Why a function or layer is built in no case, whatever files the unit has; empty where it may be.

    No tool chain builds what is the unit's own package: it runs on Python, or its template does not say on what.
    """
    is_package = source.runtime in python_runtimes() and not source.is_layer and is_of_package(source.method)
    if is_package or not (source.method or source.runtime):
        return ""
    try:
        workflow = workflow_of(source, lambda _: True)
    except ConfigurationError as error:
        return " ".join(error.problems)
    said = _dotnet(workflow, Path()) if workflow.language == workflows.DOTNET else ""
    return f"{source.where} is built by {workflow.name}, and {said}" if said else ""


def _java(workflow: Workflow, folder: Path) -> str:
    if workflow.manager == "gradle":
        return f"Gradle needs a local socket to run, which the code of a unit has not. Use Maven, or: {_ELSEWHERE}"
    if (folder / MAVEN_REPOSITORY).is_dir():
        return ""
    return (
        "Maven runs plugins of the project to find out what to fetch, so builds fetch nothing for it. Commit what it "
        f"needs: 'mvn dependency:go-offline -Dmaven.repo.local={MAVEN_REPOSITORY}' beside the pom.xml. Or: {_ELSEWHERE}"
    )


def _dotnet(_workflow: Workflow, _folder: Path) -> str:
    return (
        "'dotnet restore' runs targets of the project with the network in reach, and MSBuild needs local sockets, "
        f"which the code of a unit has not. {_ELSEWHERE}"
    )


def _ruby(_workflow: Workflow, folder: Path) -> str:
    is_vendored = (folder / "vendor/cache").is_dir() and (folder / "Gemfile.lock").is_file()
    if is_vendored or not (folder / "Gemfile").is_file():
        return ""
    return (
        "a Gemfile is a program, so builds fetch nothing for it. Commit the gems and the lock: 'bundle lock', then "
        "'bundle cache --all-platforms', which writes vendor/cache."
    )


def _rust(_workflow: Workflow, folder: Path) -> str:
    lock = folder / "Cargo.lock"
    if not lock.is_file():
        return "there is no Cargo.lock: commit the one that 'cargo generate-lockfile' writes."
    if _FROM_INDEX.search(lock.read_text(encoding="utf-8", errors="replace")) and not (folder / "vendor").is_dir():
        return (
            "builds fetch no crates. Commit them: 'cargo vendor' writes a folder vendor, and prints what belongs into "
            ".cargo/config.toml."
        )
    return ""


_PROBLEMS: Mapping[str, Callable[[Workflow, Path], str]] = {
    workflows.JAVA: _java,
    workflows.DOTNET: _dotnet,
    workflows.RUBY: _ruby,
    workflows.RUST: _rust,
}
