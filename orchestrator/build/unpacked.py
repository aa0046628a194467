"""Wheels that are unpacked once for all builds, beside the archives: what is imported from there needs no copy."""

import csv
import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from orchestrator.build.cache import Cache
from orchestrator.build.cache_folder import used
from orchestrator.build.tidy import take_away
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    # What was unpacked before is found without what reads archives.
    from orchestrator.build.wheel import Fetched

_KIND = "unpacked-wheels"
# What was not in the wheel.
_BYTECODE, _OF_THE_CACHE = "__pycache__", "."


@dataclass(frozen=True)
class Unpacked:
    """The folders of wheels, by the SHA-256 of what was unpacked. Only this process writes to them.

    Attributes:
        cache: keeps them.
    """

    cache: Cache

    def of(self, archive: "Fetched") -> Path | None:
        """The folder of an archive that was fetched; None when it could not be made."""
        from orchestrator.build.layer import extract  # noqa: PLC0415  # See above.

        folder = self.cache.folder_of(_KIND, archive.sha256, partial(extract, archive.path))
        return folder if folder.is_dir() else None

    def of_wheel(self, sha256: str) -> Path | None:
        """The folder of a wheel, if it or the wheel is on this machine."""
        folder = self.find(sha256)
        if folder:
            return folder
        from orchestrator.build.wheel import WHEELS, Fetched  # noqa: PLC0415  # See above.

        with TemporaryDirectory(prefix="orchestrator-wheel-") as scratch:
            archive = Path(scratch, "wheel.whl")
            taken = self.cache.take(WHEELS, sha256, archive, sha256)
            return self.of(Fetched(archive, sha256)) if taken else None

    def find(self, sha256: str) -> Path | None:
        """The folder of what was unpacked before."""
        folder = self.cache.folder / _KIND / sha256
        used(folder)
        return folder if folder.is_dir() else None


def discard_damaged(folders: Iterable[Path]) -> bool:
    """Remove those folders that files are missing from, so that they are made anew; returns whether there were any.

    A cache that is being deleted loses its files one by one, and not all of them when that is interrupted.
    """
    damaged = [folder for folder in folders if not _is_whole(folder)]
    for folder in damaged:
        take_away(folder)
    return bool(damaged)


def _is_whole(folder: Path) -> bool:
    """Whether all files are there that the packages in a folder list."""
    from orchestrator.build.layer import RECORDS, is_extracted  # noqa: PLC0415  # See above.

    lists = list(folder.glob(RECORDS))
    try:
        rows = [row for one in lists for row in csv.reader(one.read_text(encoding="utf-8").splitlines())]
    except OSError:
        return False
    return bool(lists) and all((folder / row[0]).exists() for row in rows if is_extracted(row[0]))


def top_level(folder: Path) -> list[str]:
    """What in a folder can be imported, and all else that a wheel has put there."""
    names = os.listdir(folder)  # noqa: PTH208  # Names are all it takes.
    return [name for name in names if name != _BYTECODE and not name.startswith(_OF_THE_CACHE)]
