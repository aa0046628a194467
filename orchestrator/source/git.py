"""Runs `git` on one repository: no settings but ours, no prompts, no programs that the repository names."""

import subprocess
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import IO

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass

# The repository is hostile: no configuration of its host, no prompts, no hooks into other programs.
_SAFE = ["-c", "core.fsmonitor=false", "-c", "safe.directory=*", "-c", "core.quotePath=false"]
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C.UTF-8",
}
TIMEOUT_SECONDS = 120
"""How long one answer of git may take."""


@dataclass(frozen=True)
class Git:
    """The `git` command for one folder.

    Attributes:
        folder: the repository's folder.
        url: where the repository is, for errors.
        search_path: the PATH that `git` is looked up on.
        variables: others that it gets.
    """

    folder: Path
    url: str
    search_path: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run a command of git and return what it prints.

        Raises:
            SourceError: it failed, took longer than two minutes, or git is not installed.
        """
        try:
            done = subprocess.run(
                self._command(arguments),
                input=stdin,
                capture_output=True,
                check=True,
                env=self._environment,
                timeout=TIMEOUT_SECONDS,
            )
        except FileNotFoundError as error:
            raise _not_installed() from error
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip() or str(error)
            raise SourceError(f"git {_verb(arguments)} failed in {self.url}: {said}") from error
        return done.stdout

    def start(self, *arguments: str, stderr: IO[bytes]) -> "subprocess.Popen[bytes]":
        """Start a command of git, to be written to and read from.

        Args:
            arguments: the command.
            stderr: a file for what it complains of.

        Raises:
            SourceError: git is not installed.
        """
        try:
            return subprocess.Popen(
                self._command(arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._environment,
                bufsize=0,
            )
        except FileNotFoundError as error:
            raise _not_installed() from error

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return ["git", *_SAFE, "-C", str(self.folder), *arguments]

    @property
    def _environment(self) -> dict[str, str]:
        return {**self.variables, **_ENVIRONMENT, "PATH": self.search_path}


def _not_installed() -> SourceError:
    return SourceError("The 'git' command was not found; install git to read a repository.")


def _verb(arguments: tuple[str, ...]) -> str:
    """The command's name, behind the settings that it is given."""
    words = iter(arguments)
    for word in words:
        if word != "-c":
            return word
        next(words, None)
    return ""
