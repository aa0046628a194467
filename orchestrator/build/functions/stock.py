"""What trusted tools have fetched for a build, as an archive that the unit's code gets a copy of.

The tools write into a folder that no code of the unit reaches. What they bring is kept as one file, whose bytes are
checked by their SHA-256 when it is used again; each build unpacks a copy, so whatever it does to it, no other build
finds it.
"""

import shutil
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path

from orchestrator.build.cache import Cache
from orchestrator.build.run import Commands
from orchestrator.frozen import dataclass

_KIND = "fetched"


@dataclass(frozen=True)
class Stock:
    """What was fetched.

    Attributes:
        archives: by the folder that each is unpacked to.
        variables: that tell tools of it; `{home}` in them is where it is unpacked.
        programs: folders in it that programs are looked for in.
    """

    archives: Mapping[str, Path] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    programs: tuple[str, ...] = ()

    def __or__(self, other: "Stock") -> "Stock":
        """Both of them."""
        return Stock(
            {**self.archives, **other.archives},
            {**self.variables, **other.variables},
            (*self.programs, *other.programs),
        )

    def unpack(self, commands: Commands, into: Path) -> dict[str, str]:
        """Unpack it for the unit's code; returns the variables that tell tools of it.

        Args:
            commands: those of the unit's code, who get it.
            into: an empty folder.
        """
        for name, archive in self.archives.items():
            with tarfile.open(archive) as packed:
                packed.extractall(into / name, filter="data")
        commands.give_all(into)
        return {name: value.replace("{home}", str(into)) for name, value in self.variables.items()}


def fetched(cache: Cache, key: str, scratch: Path, fetch: Callable[[Path], Path]) -> Path:
    """The archive of what was fetched under a key; fetched now when it was not before.

    Args:
        cache: keeps it.
        key: identifies what is fetched, and by what.
        scratch: a folder of tools that fetch.
        fetch: fetches, in a folder that it is called with, and returns the folder that is to be kept.
    """
    folder = Path(tempfile.mkdtemp(prefix="stock-", dir=scratch))
    archive = folder / "stock.tar"
    with cache.locked(_KIND, key):
        if cache.take(_KIND, key, archive) is None:
            (folder / "work").mkdir()
            kept = fetch(folder / "work")
            with tarfile.open(archive, "w") as packed:
                packed.add(kept, ".", filter=_anonymous)
            shutil.rmtree(folder / "work", ignore_errors=True)
            cache.keep(_KIND, key, archive)
    return archive


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    return member.replace(mode=member.mode | 0o600, uid=0, gid=0, uname="", gname="", deep=False)
