"""What was read of a repository, kept in the build cache's folder from one call of the command line to the next.

All that is kept follows from its key: nothing can be out of date, and all of it may be deleted at any time. Only what
tells people something is answered out of it; promotions are not.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from orchestrator.build.cache import cache_folder
from orchestrator.build.files import replace
from orchestrator.build.tidy import used
from orchestrator.source.affected import LastStart
from orchestrator.source.facts_cache import FactsCache

_CODE = Path(__file__).parents[1]
# What decides on facts and digests.
_DECIDING = ("source", "config", "cli")


@dataclass(frozen=True)
class Kept:
    """What is kept of one repository.

    Args:
        root: the repository's folder.
        cache: the build cache's folder, which need not exist.
    """

    root: Path
    cache: Path

    @classmethod
    def of(cls, root: Path, environment: Mapping[str, str] = os.environ) -> "Kept":
        """What is kept where the environment says that the cache is."""
        return cls(root, cache_folder(environment))

    def facts(self) -> FactsCache:
        """The facts of its folders that were read last time."""
        return FactsCache(self._read("facts", ""))

    def keep_facts(self, facts: FactsCache) -> None:
        """Keep what was used of them, if it is something else than what was kept before."""
        if facts.is_changed:
            self._write("facts", "", facts.used)

    def starts(self, commit: str, find: Callable[[], Mapping[str, LastStart]]) -> Mapping[str, LastStart]:
        """What the ledger would hold had everything at a commit been started, found out once for each commit.

        Args:
            commit: its full id.
            find: finds it out.
        """
        known = self._read("starts", commit)
        if known is not None:
            return {name: LastStart(*values) for name, values in known.items()}
        found = find()
        self._write("starts", commit, {name: astuple(one) for name, one in found.items()})
        return found

    def _read(self, kind: str, key: str) -> Any:
        path = self._path(kind, key)
        try:
            found = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return None
        used(path.parent)
        return found

    def _write(self, kind: str, key: str, content: object) -> None:
        # A cache that cannot be written to makes the next call slower, not this one wrong.
        with suppress(OSError):
            replace(self._path(kind, key), json.dumps(content).encode())

    def _path(self, kind: str, key: str) -> Path:
        name = hashlib.sha256(f"{self.root}\0{key}\0{_code()}".encode(errors="surrogateescape")).hexdigest()
        return self.cache / kind / name / "kept.json"


def _code() -> str:
    """What identifies the code that decides: another version of it may decide otherwise."""
    files = sorted(
        (entry.path, entry.stat().st_mtime_ns, entry.stat().st_size)
        for folder in _DECIDING
        for entry in os.scandir(_CODE / folder)
    )
    return json.dumps(files)
