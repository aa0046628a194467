"""What Lambda would refuse, found before anything is uploaded."""

import csv
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from orchestrator.build.bounds import LARGEST_UNZIPPED
from orchestrator.build.layer import ROOT
from orchestrator.errors import BuildError

_STEP = "check size"
_MOST_LISTED = 15


def sizes(layer: Path) -> Counter[str]:
    """Bytes of a layer by package, unzipped, as the packages' own lists of files have it."""
    with zipfile.ZipFile(layer) as archive:
        left = {entry.filename: entry.file_size for entry in archive.infolist()}
        found: Counter[str] = Counter()
        for name in [name for name in left if name.endswith(".dist-info/RECORD")]:
            package = name.removeprefix(f"{ROOT}/").removesuffix(".dist-info/RECORD").replace("-", " ", 1)
            for row in csv.reader(archive.read(name).decode().splitlines()):
                found[package] += left.pop(f"{ROOT}/{row[0]}", 0)
    found["files of no package"] = sum(left.values())
    return +found


def check_size(unit: str, wheel: Path | None, layer: Path | None) -> None:
    """Refuse what Lambda would refuse together.

    Raises:
        BuildError: it is too large.
    """
    parts = sizes(layer) if layer else Counter[str]()
    if wheel:
        with zipfile.ZipFile(wheel) as archive:
            parts["the unit's own code"] = sum(entry.file_size for entry in archive.infolist())
    total = parts.total()
    if total > LARGEST_UNZIPPED:
        raise BuildError(
            unit,
            _STEP,
            f"function and layer take {total:,} bytes unzipped, and Lambda allows {LARGEST_UNZIPPED:,}. Drop "
            "dependencies (boto3 and botocore are part of the runtime), or split the unit. The largest:\n"
            + _listed(parts),
        )


def _listed(parts: Mapping[str, int]) -> str:
    largest = sorted(parts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_LISTED]
    return "\n".join(f"  {size:>13,}  {name}" for name, size in largest)
