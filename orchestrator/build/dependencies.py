"""A unit's dependencies: locked for the Lambda runtime, and installed into a layer."""

import csv
import io
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.build.archive import sha256_of, unzipped_size, zip_folder
from orchestrator.build.requirements import blocks
from orchestrator.build.run import Outcome
from orchestrator.build.uv import Uv
from orchestrator.config.organization import Lambda
from orchestrator.errors import BuildError

REQUIREMENTS_FILE = "requirements.txt"
_LOCK, _INSTALL = "lock dependencies", "install dependencies"
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
_NO_WHEEL = re.compile(r"\b([A-Za-z0-9][\w.-]*?)(?:[=<>!]=?[^\s,]+)? has no (?:usable )?wheels")
# Lambda refuses more than this, function and layers together, unzipped.
_LARGEST_LAYER = 262_144_000
# uv's own notes: its lock, and where it found a package.
_NOISE = (".lock", "*.dist-info/uv_cache.json", "*.dist-info/uv_build.json")


@dataclass(frozen=True)
class Lock:
    """Exact versions of all dependencies for one platform.

    Attributes:
        text: a requirements file with hashes, sorted; empty when there are no dependencies.
        platform: what it was resolved for.
    """

    text: str
    platform: Lambda

    @property
    def requirements(self) -> tuple[str, ...]:
        """The requirements without their hashes, such as `requests==2.32.5`."""
        return tuple(block.split("\n", 1)[0].rstrip("\\ ") for block in blocks(self.text))

    @property
    def sha256(self) -> str:
        """What identifies the layer: the locked versions and the platform.

        The hashes do not count: whenever somebody publishes another wheel of a version that is locked already, say
        for Windows, the list of hashes grows and the layer is still the same.
        """
        lines = [f"{self.platform.python}/{self.platform.architecture}", *self.requirements]
        return sha256_of("".join(f"{line}\n" for line in lines).encode())


def platform_tag(platform: Lambda) -> str:
    """The platform of wheels that load on a Lambda runtime, in uv's words.

    Runtimes up to python3.11 are Amazon Linux 2 with glibc 2.26; later ones are Amazon Linux 2023 with glibc 2.34.
    Source: the Lambda documentation's list of runtimes.
    """
    glibc = "2014" if int(platform.python.split(".")[1]) <= 11 else "_2_34"  # noqa: PLR2004
    return f"{_MACHINES[platform.architecture]}-manylinux{glibc}"


def lock(uv: Uv, dependencies: Sequence[str], platform: Lambda, scratch: Path) -> Lock:
    """Resolve dependencies to exact versions that have wheels for the platform.

    Only the dependencies themselves are handed to uv, in an empty folder: no `[tool.uv]` of the repository can point
    it to another index. One that the worker's own uv settings name is used.

    Raises:
        BuildError: no set of versions satisfies them all.
    """
    if not dependencies:
        return Lock("", platform)
    (scratch / "requirements.in").write_text("".join(f"{one}\n" for one in dependencies), encoding="utf-8")
    arguments = ["pip", "compile", "requirements.in", "--output-file", REQUIREMENTS_FILE, "--quiet"]
    shape = ["--no-header", "--no-annotate", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"]
    outcome = uv.attempt(_LOCK, [*arguments, *shape, *_only_wheels(platform)], scratch)
    uv.commands.require(_LOCK, outcome, _reason(outcome, platform))
    text = (scratch / REQUIREMENTS_FILE).read_text(encoding="utf-8")
    return Lock("".join(sorted(blocks(text), key=str.lower)), platform)


def install_layer(uv: Uv, locked: Lock, scratch: Path) -> Path:
    """Install locked dependencies the way Lambda wants them, below `python/`, and zip them.

    Returns:
        The zip: the same bytes for the same files, on every machine.

    Raises:
        BuildError: a file is not to be had any more, has another hash, or the layer is larger than Lambda allows.
    """
    content = scratch / "layer" / "python"
    (scratch / REQUIREMENTS_FILE).write_text(locked.text, encoding="utf-8")
    arguments = ["pip", "install", "--target", str(content), "--requirement", REQUIREMENTS_FILE, "--no-deps"]
    strict = ["--require-hashes", "--link-mode", "copy"]
    # The lock says which files: the index's history has no say any more.
    outcome = uv.commands.attempt(
        _INSTALL, [uv.executable, *arguments, *strict, *_only_wheels(locked.platform), *uv.interpreter], scratch
    )
    uv.commands.require(_INSTALL, outcome, _reason(outcome, locked.platform))
    _tidy(content)
    archive = scratch / "layer.zip"
    zip_folder(content.parent, archive)
    _check_size(uv.commands.unit, archive)
    return archive


def _only_wheels(platform: Lambda) -> list[str]:
    return [
        "--only-binary",
        ":all:",
        "--python-version",
        platform.python,
        "--python-platform",
        platform_tag(platform),
    ]


def _reason(outcome: Outcome, platform: Lambda) -> str:
    where = f"Python {platform.python} on {platform.architecture} ({platform_tag(platform)})"
    missing = sorted(set(_NO_WHEEL.findall(outcome.output)))
    if missing:
        return (
            f"{', '.join(missing)} cannot be used, because there is no wheel for {where}. Allow a version in "
            "project.dependencies that has one, publish a wheel to your package index, or do without it."
        )
    return f"project.dependencies cannot be had for {where}; uv says why below. Correct them in pyproject.toml."


def _tidy(folder: Path) -> None:
    """Remove what a layer has no use for and what differs from one machine to the next.

    Programs in `bin` name this machine's Python interpreter. Each package's list of files is cut to what is left,
    so that `importlib.metadata` tells the truth.
    """
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for noise in _NOISE:
        for path in folder.glob(noise):
            path.unlink()
    for record in folder.glob("*.dist-info/RECORD"):
        with record.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row and (folder / row[0]).is_file()]
        record.write_bytes(_csv(sorted(rows)))


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _check_size(unit: str, archive: Path) -> None:
    size = unzipped_size(archive)
    if size > _LARGEST_LAYER:
        raise BuildError(
            unit,
            _INSTALL,
            f"the layer takes {size:,} bytes unzipped, and Lambda allows {_LARGEST_LAYER:,} for a function and its "
            "layers together. Drop dependencies; boto3 and botocore are part of the runtime.",
        )
