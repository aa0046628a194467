"""What was found in a repository, kept in the build cache's folder from one call of the command line to the next.

It may be deleted at any time, and whoever writes last wins: a look begins with what was found at any commit. Only what
tells people something is answered out of it; promotions are not.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from orchestrator.build.cache_folder import cache_folder, used
from orchestrator.frozen import dataclass
from orchestrator.source.deciding import deciding_files
from orchestrator.source.survey_document import read, written
from orchestrator.source.surveyed import Surveyed


@dataclass(frozen=True)
class Kept:
    """What is kept of one repository.

    Args:
        root: the repository's folder.
        cache: the build cache's folder, which need not exist.
    """

    root: Path
    cache: Path
    _found: list[Surveyed] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, root: Path, environment: Mapping[str, str] = os.environ) -> "Kept":
        """What is kept where the environment says that the cache is."""
        return cls(root, cache_folder(environment))

    def surveyed(self) -> tuple[Surveyed, ...]:
        """What was found last, at whichever commit; empty when nothing is kept."""
        path = self._path()
        try:
            found = read(path.read_bytes())
        except (OSError, ValueError):
            return ()
        used(path.parent)
        self._found.append(found)
        return (found,)

    def keep(self, surveyed: Surveyed) -> None:
        """Keep what was found, in place of what was kept before, unless it is just that."""
        if any(surveyed is one for one in self._found):
            return
        from orchestrator.build.files import replace  # noqa: PLC0415  # Only where something new was found.

        content = written(surveyed)
        # A cache that cannot be written to makes the next call slower, not this one wrong.
        with suppress(OSError):
            if content is not None:
                replace(self._path(), content)

    def _path(self) -> Path:
        name = hashlib.sha256(f"{self.root}\0{_code()}".encode(errors="surrogateescape")).hexdigest()
        return self.cache / "surveys" / name / "kept.json"


def _code() -> str:
    """What identifies the code that decides: another version may decide otherwise. To read it would take longer."""
    stats = ((str(file), file.stat()) for file in deciding_files())
    return json.dumps([(name, one.st_mtime_ns, one.st_size) for name, one in stats])
