"""Templates of other projects, which are fetched and never committed here."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_GOOD = "/test/fixtures/templates/good/"
_INPUT = "tests/translator/input"
_SUFFIXES = (".yaml", ".yml", ".json", ".template")


def cfn_lint_templates(cache: Path) -> dict[str, bytes]:
    """The files that cfn-lint's authors call good, by name; its source distribution is fetched once.

    Args:
        cache: a folder that keeps the distribution, whose digest must be the one of `requirements.lock`.

    Raises:
        CalledProcessError: it cannot be fetched, or has another digest.
    """
    archive = next(cache.glob("*.tar.gz"), None) or _fetched(cache)
    with tarfile.open(archive) as opened:
        return dict(sorted(_files(opened)))


def translator_templates(clone: Path) -> dict[str, bytes]:
    """The templates that SAM's translator is tested with, those that it must refuse left out.

    Args:
        clone: of aws/serverless-application-model.
    """
    paths = sorted(path for path in (clone / _INPUT).rglob("*") if path.suffix in _SUFFIXES)
    return {
        path.relative_to(clone / _INPUT).as_posix(): path.read_bytes()
        for path in paths
        if not path.name.startswith("error_")
    }


def _files(opened: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in opened:
        _, is_good, name = member.name.partition(_GOOD)
        content = opened.extractfile(member) if is_good and name.endswith(_SUFFIXES) else None
        if content:
            yield name, content.read()


def _fetched(cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    locked = cache / "requirements.txt"
    locked.write_text(_lines_of("cfn-lint"), encoding="utf-8")
    # pip checks the digest, and then asks the build backend that is installed for the metadata.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation"]
    options = ["--no-binary", "cfn-lint", "--require-hashes", "--requirement", str(locked), "--dest", str(cache)]
    subprocess.run([*command, *options], check=True)
    return next(cache.glob("*.tar.gz"))


def _lines_of(package: str) -> str:
    """What the lock says of a package: its version and its digests."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{package}=="))
    found = [lines[start]]
    while found[-1].endswith("\\"):
        found.append(lines[start + len(found)])
    return "\n".join(found) + "\n"
