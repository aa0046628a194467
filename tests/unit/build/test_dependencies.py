"""Locks and layers, with a uv that asks no index."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.build.cache import Cache
from orchestrator.build.declared import Declared
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.requirements.pins import PinnedLock
from orchestrator.build.run import Commands
from orchestrator.build.uv import Uv
from orchestrator.config.platform import Platform
from orchestrator.errors import BuildError
from tests.unit.build.fakes import COMMITTED_AT, PLATFORM, confined, fake_uv


@pytest.fixture
def dependencies(machine: Path, tmp_path: Path) -> Dependencies:
    """With the fake uv, as of a commit."""
    tools = fake_uv(machine)
    commands = Commands("orders", tmp_path / "log", tools.environment, 30, confined(tmp_path))
    uv = Uv(commands, tools.uv, tools.python, COMMITTED_AT)
    return Dependencies(uv, tools.cache, PLATFORM)


def declared(*requirements: str, version: str = "0.1.0") -> Declared:
    """What a unit without a lock file declares."""
    return Declared(
        "projects/orders", version, requirements, "project.dependencies of pyproject.toml", pyproject="[project]"
    )


def test_a_lock_is_sorted_and_carries_the_hash_of_one_wheel_for_each(
    dependencies: Dependencies, tmp_path: Path
) -> None:
    """The requirements are its lines without hashes."""
    locked = dependencies.lock(declared("b==2", "a==1"), tmp_path)
    assert locked.requirements == ("a==1", "b==2")
    assert locked.text.startswith("a==1 \\\n    --hash=sha256:")
    assert locked.text.count("--hash") == 2


def test_an_index_without_upload_dates_is_asked_as_of_now(
    dependencies: Dependencies, machine: Path, tmp_path: Path
) -> None:
    """And the log says so."""
    (machine / "no-dates").touch()
    assert dependencies.lock(declared("a==1"), tmp_path).requirements == ("a==1",)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "--exclude-newer 2026-06-01T12:00:00Z" in log
    assert "does not say when files were uploaded: looking up as of now" in log


def test_a_file_that_is_not_the_one_that_was_locked_is_told_apart_from_one_that_is_gone(
    dependencies: Dependencies, machine: Path, tmp_path: Path
) -> None:
    """Whoever locks anew without asking why would trust it."""
    locked = dependencies.lock(declared("a==1"), tmp_path)
    (machine / "fail-install").write_text("error: Hash mismatch for `a==1`", encoding="utf-8")
    with pytest.raises(BuildError, match=r"a==1 is refused: .* another file than the one that was locked, a-1-py3"):
        dependencies.layer(locked, tmp_path, tmp_path / "layer.zip")


@pytest.mark.parametrize(
    "said",
    [
        "Because numpy==9 has no wheels with a matching platform tag (e.g., `manylinux_2_34_x86_64`) and you require",
        "Because numpy==9 has no usable wheels and you require numpy==9, we can conclude",
        "Because numpy>=1 has no wheels with a matching Python ABI tag",
        "Because only numpy==9 is available and numpy==9 has no usable wheels",
        "Because numpy>=2.4.0rc1,<=2.4.6 has no usable wheels and only the following versions of numpy are available:",
        "Because all versions of numpy have no usable wheels and you require numpy, we can conclude",
        "Because all of:\n    numpy>=2.4.0,<=2.4.1\n    numpy>=2.4.3\nhave no wheels with a matching platform tag",
    ],
)
def test_a_dependency_without_a_wheel_is_named(
    said: str, dependencies: Dependencies, machine: Path, tmp_path: Path
) -> None:
    """With the platform and the ways out."""
    (machine / "fail-compile").write_text(f"error: No solution found\n  cause: {said}\n", encoding="utf-8")
    with pytest.raises(
        BuildError, match=r": numpy cannot be used, because there is no wheel for Python 3\.13"
    ) as raised:
        dependencies.lock(declared("numpy==9"), tmp_path)
    assert "No solution found" in raised.value.log


def test_dependencies_that_contradict_each_other_are_reported_in_uvs_words(
    dependencies: Dependencies, machine: Path, tmp_path: Path
) -> None:
    """It explains them better than we could."""
    (machine / "fail-compile").write_text("you require a<1 and a>2", encoding="utf-8")
    with pytest.raises(BuildError, match=r"pyproject\.toml cannot be had for Python 3\.13.*\nyou require a<1 and a>2"):
        dependencies.lock(declared("a<1", "a>2"), tmp_path)


def test_what_was_locked_before_is_not_locked_again(dependencies: Dependencies, machine: Path, tmp_path: Path) -> None:
    """Nor after the cache was altered does anything but the index's answer count."""
    first = dependencies.lock(declared("a==1"), tmp_path)
    (machine / "fail-compile").touch()
    assert dependencies.lock(declared("a==1"), tmp_path) == first
    for file in (machine / "cache" / "locks").rglob("*"):
        if file.is_file():
            file.write_text("evil==1\n", encoding="utf-8")
    with pytest.raises(BuildError):
        dependencies.lock(declared("a==1"), tmp_path)


def test_a_layer_is_made_once_and_survives_the_end_of_the_cache(
    dependencies: Dependencies, machine: Path, tmp_path: Path
) -> None:
    """A machine without a cache makes the same layer of the same lock."""
    locked = dependencies.lock(declared("a==1"), tmp_path)
    layer = dependencies.layer(locked, tmp_path, tmp_path / "layer.zip").path.read_bytes()
    (machine / "fail-install").touch()
    assert dependencies.layer(locked, tmp_path, tmp_path / "layer.zip").path.read_bytes() == layer
    (machine / "fail-install").unlink()
    elsewhere = Dependencies(dependencies.uv, Cache(tmp_path / "nothing-yet"), dependencies.platform)
    (tmp_path / "again").mkdir()
    assert elsewhere.layer(locked, tmp_path / "again", tmp_path / "other.zip").path.read_bytes() == layer
    with zipfile.ZipFile(tmp_path / "layer.zip") as archive:
        assert archive.namelist() == ["python/a.py"]


@pytest.mark.parametrize(
    "other",
    [
        declared("a==2"),
        declared("a==1", version="0.2.0"),
        replace(declared("a==1"), uv_lock=""),
        replace(declared("a==1"), lock=PinnedLock("requirements.txt", "a==1", (), "", is_complete=True)),
        replace(declared("a==1"), constraints=("a<2",)),
    ],
)
def test_other_declarations_are_locked_anew(other: Declared) -> None:
    """Another version, too: a release that somebody names gets the dependencies of its day."""
    assert other.key(PLATFORM) != declared("a==1").key(PLATFORM)


def test_another_platform_is_locked_anew_and_is_another_layer(dependencies: Dependencies, tmp_path: Path) -> None:
    """Its wheels differ."""
    arm = Platform("3.13", "arm64")
    assert declared("a==1").key(PLATFORM) != declared("a==1").key(arm)
    locked = dependencies.lock(declared("a==1"), tmp_path)
    assert locked.sha256 != type(locked)(locked.text, arm).sha256
