"""Units whose build means harm: each is really built, by the real uv, and is bounded, refused and explained."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mypy_boto3_s3 import S3Client

from orchestrator.build.build import Builder, Tools
from orchestrator.build.usage import Limits
from orchestrator.confine import landlock
from orchestrator.errors import BuildError, ConfigurationError
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.catalog import read_catalog
from tests.unit.build.fakes import BUCKET, ORGANIZATION, PYPROJECT, TEMPLATE, FolderRepository, MemoryLedger, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can confine")
confined_files = pytest.mark.skipif(landlock.abi() < landlock.OLDEST_ABI, reason="this kernel cannot confine files")
confined_network = pytest.mark.skipif(landlock.abi() < 4, reason="this kernel cannot confine connections")

_MIB = 1024**2
_LIMITS = Limits(log_bytes=_MIB, output_bytes=20 * _MIB, processes=60, memory_bytes=1024 * _MIB, file_bytes=16 * _MIB)
# The build backend is a module of the unit: nothing of it needs an index.
_PYPROJECT = (
    PYPROJECT.replace('"six==1.16.0"', "")
    .replace('["some-backend"]', "[]")
    .replace('"some_backend"', '"backend"\nbackend-path = ["."]')
)
_MARK = "orchestrator-hostile-test"
_BACKEND = """\
import os, signal, socket, subprocess, sys, time
from pathlib import Path

def harm():
{harm}

def build_sdist(folder, config_settings=None):
    harm()
    raise SystemExit("harm was done")

build_wheel = build_sdist
"""


class Site:
    """A build machine and a bucket, for a repository with one hostile unit."""

    def __init__(self, repository: FolderRepository, store: ArtifactStore, tools: Tools, folder: Path) -> None:
        self._repository = repository
        self._store = store
        self._home = folder / "home"
        self._home.mkdir()
        self.tools = replace(tools, environment={**tools.environment, "HOME": str(self._home)}, limits=_LIMITS)
        self.log = folder / "build.log"
        self.outside = folder / "outside"
        self.outside.mkdir()
        self.credentials = self._home / ".aws" / "credentials"

    def build(self, harm: str, template: str = TEMPLATE) -> str:
        """Build a unit that does harm; returns why that failed."""
        indented = "".join(f"    {line}\n" for line in harm.strip().splitlines())
        # Should a limit not hold, the test must end all the same.
        self._repository.write("orchestrator.toml", f"{ORGANIZATION}\n[build]\ntimeout_minutes = 1\n")
        self._repository.write("projects/orders/pyproject.toml", _PYPROJECT)
        self._repository.write("projects/orders/backend.py", _BACKEND.format(harm=indented))
        self._repository.write("projects/orders/template.yaml", template)
        builder = Builder(self._repository, self._store, MemoryLedger(), self.tools)
        with pytest.raises((BuildError, ConfigurationError)) as raised:
            builder.build(read_catalog(self._repository, "main"), "orders", self.log)
        return str(raised.value)


@pytest.fixture
def site(repository: FolderRepository, store: ArtifactStore, s3: S3Client, real_tools: Tools, tmp_path: Path) -> Site:
    """A site."""
    assert s3.list_buckets()["Buckets"][0]["Name"] == BUCKET
    return Site(repository, store, real_tools, tmp_path)


@pytest.fixture(autouse=True)
def nothing_survives() -> Iterator[None]:
    """Whatever a build has started is gone when the build is over."""
    yield
    assert not running(_MARK)


def test_a_build_that_prints_without_end_is_ended_and_its_log_is_bounded(site: Site) -> None:
    """Its beginning and its end are kept."""
    said = site.build("while True: print('x' * 1000)")
    assert "Build of orders failed at 'build wheel and sdist': it printed more than 20 MiB" in said
    assert "xxxx" in said
    assert site.log.stat().st_size < 2 * _MIB
    assert "bytes are left out here" in site.log.read_text(encoding="utf-8")


def test_a_build_is_not_waited_for_when_something_else_is_wrong(site: Site) -> None:
    """It begins before all is known, so it would keep the worker for as long as builds may take."""
    began = time.monotonic()
    assert "template.yaml" in site.build(f"subprocess.run(['sh', '-c', ': {_MARK}; sleep 600'])", template="{")
    # Its own time is a minute.
    assert time.monotonic() - began < 45


def test_a_build_that_prints_a_lot_keeps_the_beginning_and_the_end(site: Site) -> None:
    """Within its limit it may go on, and the reason why it failed is at the end."""
    said = site.build("print('first'); print('x' * 5_000_000); print('last')")
    assert "last" in said
    assert "harm was done" in said
    text = site.log.read_text(encoding="utf-8")
    assert "first" in text
    # What fails is done once more without uv's cache.
    assert len(text) < 3 * _MIB


def test_a_build_that_starts_processes_without_end_is_ended_with_all_of_them(site: Site) -> None:
    """Also with those that have left its session."""
    said = site.build(
        f"""
while True:
    try:
        subprocess.Popen(["sh", "-c", ": {_MARK}; sleep 600; :"], start_new_session=True)
    except OSError:
        time.sleep(0.01)
"""
    )
    assert "it ran more than 60 processes at the same time" in said


def test_a_process_that_a_build_leaves_behind_is_ended(site: Site) -> None:
    """It would go on in the next unit's build."""
    daemon = f"[sys.executable, '-c', 'import time; time.sleep(600)', '{_MARK}']"
    assert "harm was done" in site.build(f"subprocess.Popen({daemon}, start_new_session=True, stdout=-3, stderr=-3)")


def test_a_build_cannot_take_the_machines_memory(site: Site) -> None:
    """Neither one process alone, nor many together."""
    assert "MemoryError" in site.build("bytearray(2 * 1024**3)")
    hoarder = f"[sys.executable, '-c', 'import time; kept = bytearray(300 * 1024**2); time.sleep(600)', '{_MARK}']"
    assert "it used more than 1024 MiB of memory" in site.build(
        f"children = [subprocess.Popen({hoarder}) for _ in range(5)]; time.sleep(600)"
    )


def test_a_build_cannot_write_a_file_without_end(site: Site) -> None:
    """The kernel ends what tries to."""
    said = site.build(
        """
with open('big', 'wb') as file:
    for _ in range(64):
        file.write(b'x' * 1024**2)
        file.flush()
"""
    )
    assert "harm was done" not in said


def test_a_build_cannot_fill_the_disk(site: Site, tmp_path: Path) -> None:
    """Some of it stays free for everybody else, however many files it writes."""
    free = shutil.disk_usage(tmp_path).free - 64 * _MIB
    site.tools = replace(site.tools, limits=replace(_LIMITS, free_bytes=free))
    said = site.build(
        """
for number in range(100):
    Path(f'big{number}').write_bytes(b'x' * 4 * 1024**2)
    time.sleep(0.01)
time.sleep(600)
"""
    )
    assert "were left free on the disk that it works on" in said


@confined_files
def test_a_build_cannot_write_outside_its_folder(site: Site) -> None:
    """Not where everybody may, and not where the worker may."""
    said = site.build(
        f"""
for path in ({str(site.outside / "file")!r}, '/tmp/{_MARK}', '/dev/shm/{_MARK}', {str(site.log)!r}):
    try:
        Path(path).write_text('harm')
    except OSError:
        print('refused', path)
try:
    os.rename({str(site.outside)!r}, {str(site.outside) + "2"!r})
except OSError:
    os.rename('/etc/hostname', '/etc/hostname2')
"""
    )
    assert said.count("refused /") == 4
    assert "the unit's code may write only in its own folder, $HOME and $TMPDIR" in said
    assert "harm was done" not in said
    assert site.outside.is_dir()
    assert not list(site.outside.iterdir())


@confined_files
def test_a_build_writes_to_its_home_and_temporary_folders(site: Site) -> None:
    """Which are its own, and go with it."""
    said = site.build(
        """
import tempfile
Path.home().joinpath('file').write_text('mine')
with tempfile.NamedTemporaryFile() as file: print('home', Path.home(), 'temporary', file.name)
"""
    )
    assert "harm was done" in said
    assert said.count("/orchestrator-build-") >= 2


@confined_files
def test_a_build_sees_no_credentials(site: Site) -> None:
    """Neither in its environment, nor in another process's, nor in the files of the worker's home folder."""
    site.credentials.parent.mkdir()
    site.credentials.write_text("stolen-from-file")
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env={**os.environ, "AWS_SECRET_ACCESS_KEY": "stolen-from-process"},
    ) as holder:
        said = site.build(
            f"""
found = [value for value in os.environ.values() if 'stolen' in value]
for path in [{str(site.credentials)!r}, '/proc/{holder.pid}/environ', *map(str, Path('/proc').glob('[0-9]*/environ'))]:
    try:
        found.append(Path(path).read_text(errors='replace'))
    except OSError as error:
        print(type(error).__name__, path)
print('found', [one for one in found if 'stolen' in one])
"""
        )
        holder.kill()
    assert "found []" in said
    assert "PermissionError" in said


@confined_network
def test_a_build_connects_to_package_indexes_and_not_to_where_credentials_are_served(site: Site) -> None:
    """Roles' credentials are served over plain HTTP, on ports that no index uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = site.build(f"socket.create_connection(('127.0.0.1', {port}), 5)")
    assert "PermissionError" in said
    assert "harm was done" not in said


@confined_files
def test_a_build_cannot_signal_the_worker(site: Site) -> None:
    """Nor see it."""
    said = site.build(
        f"""
try:
    os.kill({os.getpid()}, signal.SIGTERM)
except (PermissionError, ProcessLookupError):
    print('out of reach')
"""
    )
    assert "out of reach" in said
