"""A real git repository of units, to write to and to read."""

import os
from collections.abc import Mapping
from pathlib import Path

from orchestrator.cli.merges.compare import starts_at
from orchestrator.source.affected import Reason, verdicts
from orchestrator.source.catalog import read_catalog
from orchestrator.source.local_git import LocalGitRepository
from tests.git_repository import GitRepository
from tests.organization_toml import organization_toml

ORGANIZATION = organization_toml("dev")


class Repository:
    """A git repository to write to and to read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read = LocalGitRepository(folder, os.environ["PATH"])
        self.git = GitRepository(folder)
        self.git.begin()

    def commit(self, files: Mapping[str, str]) -> str:
        """Write files and commit them; returns the commit's id."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.git.commit("Change something")


def unit(*depends_on: str, library: bool = False) -> str:
    """A pyproject.toml."""
    listed = ", ".join(f'"{path}"' for path in depends_on)
    return (
        f'[project]\nversion = "1.0"\n[tool.orchestrator]\nlibrary = {str(library).lower()}\ndepends_on = [{listed}]\n'
    )


def judged(repository: Repository, old: str, new: str) -> dict[str, tuple[Reason, str]]:
    """Why each unit runs or not when everything at a commit was started before."""
    last = starts_at(read_catalog(repository.read, old))
    return {one.unit: (one.reason, one.explanation) for one in verdicts(read_catalog(repository.read, new), last)}
