"""Wheels and sdists, from a fake backend."""

import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.build.backend import Backend
from orchestrator.build.distribution.released import Named
from orchestrator.build.gate import Gate
from orchestrator.build.package import Package, begin_package
from orchestrator.build.run import Commands
from orchestrator.build.starting import ProjectFile, start_backend
from orchestrator.build.uv import Uv
from orchestrator.errors import BuildError, ConfigurationError
from tests.unit.build.fakes import COMMITTED_AT, PYPROJECT, FolderRepository, confined, fake_uv, unit_commands

_PROJECT = ProjectFile("orders", "projects/orders", PYPROJECT, "0.1.0", sets_version=True)


def package(repository: FolderRepository, machine: Path, tmp_path: Path, version: str = "0.1.0") -> Package:
    """Build the unit's package."""
    tools = fake_uv(machine)
    own, fetched, scratch = (tmp_path / name for name in ("own", "fetched", "scratch"))
    for folder in (own, fetched, scratch):
        folder.mkdir(exist_ok=True)
    commands = Commands("orders", tmp_path / "log", tools.environment, 30, confined(fetched))
    uv = Uv(commands, tools.uv, tools.python, COMMITTED_AT)
    backend = Backend(uv, tools.cache, fetched, unit_commands(tools, scratch), scratch, own, list)
    with ThreadPoolExecutor(1) as pool:
        started = start_backend(backend, _PROJECT, Gate(), pool)
        return begin_package(started, version, repository.folder)()


def test_wheel_and_sdist_are_named_after_unit_and_version(
    repository: FolderRepository, machine: Path, tmp_path: Path
) -> None:
    """The version is the release's, whatever the file declares."""
    built = package(repository, machine, tmp_path, "0.1.0.post2")
    assert (built.wheel.name, built.sdist.name) == ("orders-0.1.0.post2-py3-none-any.whl", "orders-0.1.0.post2.tar.gz")


@pytest.mark.parametrize(("unit", "stem"), [("nightly_report", "nightly_report-1"), ("my-unit", "my_unit-1")])
def test_a_units_name_is_written_as_wheels_demand(unit: str, stem: str) -> None:
    """A `-` would end the name."""
    assert Named(unit, "1").stem == stem


@pytest.mark.parametrize("name", ["orders-0.1.0-py2.py3-none-any.whl", "orders-0.1.0-1-py3-none-any.whl"])
def test_a_wheel_that_runs_everywhere_is_stored_under_the_plain_name(
    name: str, repository: FolderRepository, machine: Path, tmp_path: Path
) -> None:
    """Hatchling makes one for Python 2, too, when requires-python is left out."""
    (machine / "wheel-name").write_text(name, encoding="utf-8")
    assert package(repository, machine, tmp_path).wheel.name == "orders-0.1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("orders-0.1.0-cp313-cp313-linux_x86_64.whl", "dependencies with compiled code belong in the layer"),
        ("orders-0.2.0-py3-none-any.whl", "made version 0.2.0, and 0.1.0 was asked for"),
        ("orders.whl", "a wheel with an invalid name"),
        ("orders.zip", "should make one .whl file and made none"),
    ],
)
def test_a_wheel_that_cannot_be_released_is_refused(
    name: str, problem: str, repository: FolderRepository, machine: Path, tmp_path: Path
) -> None:
    """Glue and Lambda take it as it is."""
    (machine / "wheel-name").write_text(name, encoding="utf-8")
    with pytest.raises(BuildError, match=problem):
        package(repository, machine, tmp_path)


def test_an_sdist_that_is_a_link_is_refused(repository: FolderRepository, machine: Path, tmp_path: Path) -> None:
    """It could be any archive of the build's user, which would be published."""
    private = tmp_path / "private.tar.gz"
    with tarfile.open(private, "w:gz") as archive:
        archive.add(__file__, "private.txt")
    (machine / "link").write_text(str(private), encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"'orders-0\.1\.0\.tar\.gz' in what .* cannot be opened as it is, or is a"
    ):
        package(repository, machine, tmp_path)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "PermissionError: [Errno 13] Permission denied: '/opt/x'",
            r"write only in its own folder, \$HOME and \$TMPDIR",
        ),
        ("mkdir: cannot create directory '/opt/x': Permission denied", "and use no network"),
        ("SyntaxError: invalid syntax", "`uv build` in the folder shows the same"),
    ],
)
def test_a_backend_that_failed_is_told_with_what_to_do(
    said: str, reason: str, repository: FolderRepository, machine: Path, tmp_path: Path
) -> None:
    """What the confinement refuses, `uv build` by hand does not show."""
    (machine / "fail-build").write_text(said, encoding="utf-8")
    with pytest.raises(BuildError, match=reason) as raised:
        package(repository, machine, tmp_path)
    assert said in str(raised.value)
    assert ("shows the same" in str(raised.value)) == (said.startswith("SyntaxError"))
