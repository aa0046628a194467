"""A git one of whose commands is interrupted: it answers the first line, lets something else happen, then the rest."""

import os
import shutil
from pathlib import Path

from orchestrator.source.local_git import LocalGitRepository

_PROGRAM = """\
#!/bin/sh
echo >> "{tools}/commands"
if [ "$(wc -l < "{tools}/commands")" -eq {which} ]; then
    IFS= read -r line && printf '%s\\n' "$line" | "{git}" "$@"
    "{git}" -C "{folder}" {meanwhile}
fi
exec "{git}" "$@"
"""


def interrupted(folder: Path, tools: Path, meanwhile: str, which: int = 1) -> LocalGitRepository:
    """A repository that is read by such a git.

    Args:
        folder: the repository's.
        tools: a folder for the program, which is made.
        meanwhile: what happens then: another command of git, in the same repository.
        which: the command that is interrupted, counted from 1.
    """
    tools.mkdir()
    program = tools / "git"
    git = shutil.which("git")
    program.write_text(_PROGRAM.format(git=git, tools=tools, folder=folder, meanwhile=meanwhile, which=which))
    program.chmod(0o755)
    return LocalGitRepository(folder, f"{tools}:{os.environ['PATH']}")
