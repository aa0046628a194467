"""A git repository that tests commit to."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class GitRepository:
    """One repository; its only branch is `main`.

    Args:
        folder: where it is; it must exist.
    """

    folder: Path

    def begin(self) -> None:
        """Make it, with no commit."""
        self("init", "--quiet", "--initial-branch=main")

    def commit(self, message: str) -> str:
        """Commit everything, also when that is nothing; returns the commit's id."""
        self("add", "--all")
        self("commit", "--quiet", "--allow-empty", "--message", message)
        return self.head

    @property
    def head(self) -> str:
        """The newest commit's id."""
        return self("rev-parse", "HEAD").strip()

    def __call__(self, *arguments: str) -> str:
        """Run git; returns what it prints."""
        command = ["git", *_IDENTITY, "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
