"""Runs `git` on one repository: no settings but ours, no prompts, no programs that the repository names."""

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import IO

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass
from orchestrator.source.private_git import QUESTIONS, WORK_TREE, Found

# What a foreign repository says is not read at all (see `private_git`); the rest holds for one of ours as well, and for
# the one question that finds a repository.
_SAFE = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"]
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C.UTF-8",
}
_NO_SETTINGS = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
_NO_PROTOCOL = {"GIT_ALLOW_PROTOCOL": "none"}
# By them git finds the settings of the person who runs it.
_PERSONAL = ("HOME", "XDG_CONFIG_HOME", "SUDO_UID")
_OTHERS_FOLDER = "dubious ownership"
TIMEOUT_SECONDS = 120
"""How long one answer of git may take."""


def personal(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables by which git finds out whose repositories a person trusts (`safe.directory`)."""
    return {name: value for name, value in environment.items() if name in _PERSONAL or name.startswith("GIT_CONFIG_")}


class OthersRepositoryError(SourceError):
    """A repository belongs to another user, and nobody has said that it is to be trusted."""


@dataclass(frozen=True)
class Git:
    """The `git` command for the repository that a folder is in.

    Attributes:
        folder: within the repository.
        url: where the repository is, for errors.
        search_path: the PATH that `git` is looked up on.
        variables: others that it gets.
        person: the `personal` variables; only for the question whether the repository is trusted.
        is_ours: whether the folder is a git directory that we made, whose settings are ours.
        has_files: whether there must be a working tree.
    """

    folder: Path
    url: str
    search_path: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    person: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    is_ours: bool = False
    has_files: bool = False

    def __call__(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Run a command of git and return what it prints.

        Raises:
            SourceError: it failed, took longer than two minutes, or git is not installed.
        """
        return self._run(self._command(arguments), self._environment, stdin)

    @cached_property
    def root(self) -> Path:
        """The root of the working tree.

        Raises:
            SourceError: the folder is not in one, or is not trusted.
        """
        root = self._found.root
        if root is None or not self.folder.resolve().is_relative_to(root.resolve()):
            raise SourceError(
                f"The settings of the repository at {self.folder} name another folder as its working tree ({root}), "
                "which is not followed. Remove core.worktree from them."
            )
        return root

    def of_files(self, *arguments: str) -> bytes:
        """Run a command of git that looks at the working tree; paths count from its root.

        Raises:
            SourceError: as when it is called.
        """
        index = {"GIT_INDEX_FILE": str(self._found.directory / "index")}
        command = ["git", *_SAFE, "-C", str(self.root), "--git-dir", str(self._directory), "--work-tree", "."]
        return self._run([*command, *arguments], {**self._environment, **index})

    @cached_property
    def _found(self) -> Found:
        """Find the repository. git itself refuses one that belongs to somebody else, and says what to do about it."""
        asked = [QUESTIONS[0], *([WORK_TREE] if self.has_files else []), *QUESTIONS[1:]]
        command = ["git", *_SAFE, "-C", str(self.folder), "rev-parse", *asked]
        environment = {**self.person, **_ENVIRONMENT, **_NO_PROTOCOL, "PATH": self.search_path}
        try:
            answer = self._run(command, environment)
        except SourceError as error:
            if _OTHERS_FOLDER not in str(error):
                raise
            advice = str(error).partition("fatal: ")[2]
            raise OthersRepositoryError(
                f"{self.folder} belongs to another user, so nothing in it is read. git says: {advice}"
            ) from error
        return Found.read(answer, self.url)

    @cached_property
    def _private(self) -> "tempfile.TemporaryDirectory[str]":
        """Goes when this is no longer used."""
        folder = tempfile.TemporaryDirectory(prefix="orchestrator-git-")
        self._found.link(Path(folder.name))
        return folder

    @property
    def _directory(self) -> Path:
        return self.folder if self.is_ours else Path(self._private.name)

    def _run(self, command: list[str], environment: Mapping[str, str], stdin: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                command, input=stdin, capture_output=True, check=True, env=environment, timeout=TIMEOUT_SECONDS
            )
        except FileNotFoundError as error:
            raise _not_installed() from error
        except subprocess.SubprocessError as error:
            said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip() or str(error)
            raise SourceError(f"git {_verb(command)} failed in {self.url}: {said}") from error
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
        return ["git", *_SAFE, "-C", str(self._directory), "--git-dir", ".", *arguments]

    @property
    def _environment(self) -> dict[str, str]:
        protocols = {} if self.is_ours else _NO_PROTOCOL
        return {**self.variables, **_ENVIRONMENT, **_NO_SETTINGS, **protocols, "PATH": self.search_path}


def _not_installed() -> SourceError:
    return SourceError("The 'git' command was not found; install git to read a repository.")


def _verb(command: list[str]) -> str:
    """The command's name, behind the options of git itself."""
    words = iter(command[1:])
    for word in words:
        if not word.startswith("-"):
            return word
        next(words, None)
    return ""
