"""Brings wheels onto this machine: out of the cache, else from where the lock says, else by uv."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
)

from orchestrator.build.archive import zip_folder
from orchestrator.build.bounds import LARGEST_UNZIPPED
from orchestrator.build.cache import Cache
from orchestrator.build.run import Outcome
from orchestrator.build.runtime import Target
from orchestrator.build.uv import Uv
from orchestrator.build.wheel import WHEELS, Fetched, Wheel
from orchestrator.errors import ArtifactError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of_file

_STEP = "install dependencies"
_AT_ONCE = 8
_SECONDS = 60
_OTHER_FILE = "Hash mismatch"
_CHUNK = 1024 * 1024


class FetchError(Exception):
    """A wheel could not be had from where the lock says; the text says why."""


@dataclass(frozen=True)
class Fetcher:
    """Fetches wheels.

    Attributes:
        uv: knows the package index and its credentials.
        cache: keeps wheels.
        target: what they are for.
    """

    uv: Uv
    cache: Cache
    target: Target

    def fetch(self, wheels: Sequence[Wheel], scratch: Path) -> list[Fetched]:
        """Bring all wheels into a folder, each with the SHA-256 that the lock names.

        One that cannot be downloaded, because the index wants credentials or is reached by another address from
        here, is installed by uv, and what that makes is packed: the files are the same.

        Raises:
            BuildError: uv cannot get one either.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            downloads = [pool.submit(self._download, wheel, scratch) for wheel in wheels]
        fetched = []
        for wheel, download in zip(wheels, downloads, strict=True):
            try:
                fetched.append(download.result())
            except FetchError as error:
                self.uv.commands.note(f"{wheel.file} is installed by uv, because it could not be downloaded: {error}")
                fetched.append(self._install(wheel, scratch))
        return fetched

    def _download(self, wheel: Wheel, scratch: Path) -> Fetched:
        path = scratch / f"{wheel.name}.whl"
        with self.cache.locked(WHEELS, wheel.sha256):
            if not self.cache.take(WHEELS, wheel.sha256, path, wheel.sha256):
                download(wheel.url, wheel.sha256, path)
                self.cache.keep(WHEELS, wheel.sha256, path, wheel.sha256)
        return Fetched(path, wheel.sha256)

    def _install(self, wheel: Wheel, scratch: Path) -> Fetched:
        folder, requirements = scratch / f"{wheel.name}.installed", scratch / f"{wheel.name}.txt"
        requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        command = [
            *("pip", "install", "--target", str(folder), "--requirement", str(requirements)),
            *("--no-deps", "--require-hashes", "--link-mode", "copy", "--only-binary", ":all:"),
            *self.target.options,
        ]
        outcome = self.uv.attempt(_STEP, command, scratch, dated=False)
        self.uv.require(_STEP, outcome, _gone(wheel, outcome))
        path = scratch / f"{wheel.name}.zip"
        try:
            zip_folder(folder, path)
        except ArtifactError as error:
            raise ArtifactError(f"{wheel.requirement} cannot be put into a layer. {error}") from error
        return Fetched(path, sha256_of_file(path))


def _gone(wheel: Wheel, outcome: Outcome) -> str:
    if _OTHER_FILE in outcome.output:
        return (
            f"{wheel.requirement} is refused: the package index offers another file than the one that was locked, "
            f"{wheel.file} with SHA-256 {wheel.sha256}. Find out why before you lock it anew."
        )
    return f"{wheel.requirement} cannot be had any more; uv says why below. Lock it anew."


def download(url: str, sha256: str, into: Path) -> None:
    """Download a file over HTTP.

    Args:
        url: of the file.
        sha256: which it must have.
        into: the file that it is written to; not there when the download fails.

    Raises:
        FetchError: it cannot be had without credentials, or is another file.
    """
    try:
        with into.open("wb") as file:
            found = _copy(url, file)
    except (OSError, HTTPException, ValueError) as error:
        into.unlink()
        raise FetchError(str(error)) from error
    if found != sha256:
        into.unlink()
        raise FetchError(f"{url} has SHA-256 {found} instead of {sha256}")


def _copy(url: str, file: BinaryIO) -> str:
    """Write what a URL answers, and return its SHA-256."""
    answer = _opener().open(url, timeout=_SECONDS)
    if answer is None:
        raise ValueError(f"{url!r} is not on the web")
    # A wheel is not larger than what is in it, and no layer can hold more.
    digest, left = hashlib.sha256(), LARGEST_UNZIPPED
    with answer:
        while chunk := answer.read(min(_CHUNK, left)):
            file.write(chunk)
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


def _opener() -> OpenerDirector:
    """HTTP and nothing else: a lock comes out of the repository, and must not name files of this machine."""
    opener = OpenerDirector()
    handlers = (HTTPHandler(), HTTPSHandler(), HTTPRedirectHandler(), HTTPErrorProcessor(), HTTPDefaultErrorHandler())
    for handler in (ProxyHandler(), *handlers):
        opener.add_handler(handler)
    return opener
