"""The demonstration's repository: the example units and an `orchestrator.toml`, in a git repository of their own."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from orchestrator.frozen import dataclass

EXAMPLES = Path(__file__).parents[2] / "projects"
ACCOUNTS = {
    "tooling": "111111111111",
    "dev": "222222222222",
    "test": "333333333333",
    "staging": "444444444444",
    "prod": "555555555555",
}
REGION = "eu-west-1"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Demo",
    "GIT_AUTHOR_EMAIL": "demo@example.com",
    "GIT_COMMITTER_NAME": "Demo",
    "GIT_COMMITTER_EMAIL": "demo@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
_NOT_SOURCE = shutil.ignore_patterns("__pycache__", "*.pyc", ".pytest_cache", "dist", ".venv")


@dataclass(frozen=True)
class Workspace:
    """A git repository with the example units.

    Args:
        folder: where it is made; whatever was there before is removed.
    """

    folder: Path

    def create(self) -> str:
        """Make it with a first commit, and return that commit's id."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.copytree(EXAMPLES, self.folder / "projects", ignore=_NOT_SOURCE)
        (self.folder / "orchestrator.toml").write_text(organization())
        self._git("init", "--quiet", "--initial-branch=main")
        return self.commit("Add three units and the code they share")

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a text in a file.

        Raises:
            ValueError: the text is not there exactly once.
        """
        path = self.folder / file
        text = path.read_text()
        if text.count(old) != 1:
            raise ValueError(f"{file} should hold {old!r} once, and does {text.count(old)} times.")
        path.write_text(text.replace(old, new))

    def append(self, file: str, text: str) -> None:
        """Add text at the end of a file."""
        with (self.folder / file).open("a") as opened:
            opened.write(text)

    def revert(self) -> str:
        """Undo the last commit with a new one; returns its id."""
        self._git("revert", "--no-edit", "HEAD")
        return self._git("rev-parse", "HEAD").strip()

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit's id."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.folder), **_IDENTITY}
        command = ["git", "-c", "core.hooksPath=/dev/null", "-C", str(self.folder), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def organization() -> str:
    """The demonstration's `orchestrator.toml`; the Lambdas run on this machine's own Python and processor."""
    architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    environments = "".join(
        f'\n[[environments]]\nname = "{name}"\naccount = "{account}"\nregion = "{REGION}"\n'
        + ("requires_approval = true\n" if name == "prod" else "")
        for name, account in ACCOUNTS.items()
        if name != "tooling"
    )
    return f"""\
[tooling]
account = "{ACCOUNTS["tooling"]}"
region = "{REGION}"

[lambda]
python = "{sys.version_info.major}.{sys.version_info.minor}"
architecture = "{architecture}"
{environments}"""
