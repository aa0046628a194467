"""A git that is interrupted: it answers some questions, lets something else happen, and then answers the rest."""

import os
import shutil
from pathlib import Path

from orchestrator.source.local_git import LocalGitRepository

_PROGRAM = """\
#!/bin/sh
case "$*" in *cat-file*)
    if mkdir "{tools}/interrupted" 2> /dev/null; then
        for _ in $(seq {after}); do
            IFS= read -r line && printf '%s\\n' "$line" | "{git}" "$@"
        done
        "{git}" -C "{folder}" {meanwhile}
    fi
esac
exec "{git}" "$@"
"""


def interrupted(folder: Path, tools: Path, meanwhile: str, after: int = 1) -> LocalGitRepository:
    """A repository that is read by such a git.

    Args:
        folder: the repository's.
        tools: a folder for the program, which is made.
        meanwhile: what happens then: another command of git, in the same repository.
        after: how many objects are asked for before that.
    """
    tools.mkdir()
    program = tools / "git"
    git = shutil.which("git")
    program.write_text(_PROGRAM.format(git=git, tools=tools, folder=folder, meanwhile=meanwhile, after=after))
    program.chmod(0o755)
    return LocalGitRepository(folder, f"{tools}:{os.environ['PATH']}")
