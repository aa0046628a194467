"""What goes from a cache that is too large or too old, and what stays."""

import os
from pathlib import Path

import pytest

from orchestrator.build.cache import Cache
from orchestrator.build.tidy import Allowance, tidy
from orchestrator.errors import RequestError

NOW = 2_000_000_000.0
HOUR, DAY = 3600, 86_400
ALLOWANCE = Allowance(size=700_000, age=30 * DAY)


def kept(cache: Path, name: str, age: float, size: int = 200_000) -> Path:
    """A file in the cache that was used some time ago, in a folder as deep as uv's."""
    entry = cache / name
    file = entry / "archive" / "file"
    file.parent.mkdir(parents=True)
    file.write_bytes(os.urandom(size))
    os.utime(entry, (NOW - age, NOW - age))
    return entry


def left(cache: Path) -> set[str]:
    """What is in the cache."""
    return {str(path.relative_to(cache)) for path in cache.glob("*/*")}


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    """Of any kind, until the rest is small enough."""
    for number in range(8):
        kept(tmp_path, f"{'wheels' if number % 2 else 'uv'}/{number}", number * DAY + 2 * HOUR)
    tidy(tmp_path, ALLOWANCE, NOW)
    assert left(tmp_path) == {"uv/0", "wheels/1", "uv/2"}


def test_what_is_too_old_goes_and_what_may_be_in_use_stays(tmp_path: Path) -> None:
    """However much it is; what a killed process left hidden goes, too."""
    kept(tmp_path, "layers/old", 31 * DAY)
    kept(tmp_path, "layers/.left", 2 * HOUR)
    kept(tmp_path, "layers/.made", HOUR / 2)
    kept(tmp_path, "uv/in-use", HOUR / 2, 5_000_000)
    tidy(tmp_path, ALLOWANCE, NOW)
    assert left(tmp_path) == {"layers/.made", "uv/in-use"}


def test_it_is_looked_at_once_a_day(tmp_path: Path) -> None:
    """To look at everything takes a while."""
    (tmp_path / "layers").mkdir()
    tidy(tmp_path, ALLOWANCE, NOW)
    kept(tmp_path, "layers/old", 31 * DAY)
    tidy(tmp_path, ALLOWANCE, NOW + HOUR)
    assert left(tmp_path) == {"layers/old"}
    tidy(tmp_path, ALLOWANCE, NOW + DAY)
    assert left(tmp_path) == set()


def test_a_cache_that_is_not_there_is_tidy(tmp_path: Path) -> None:
    """It may be deleted at any time."""
    tidy(tmp_path / "none", ALLOWANCE, NOW)
    assert not (tmp_path / "none").exists()


def test_whatever_is_read_counts_as_used(tmp_path: Path) -> None:
    """Contents, files, folders and the caches of uv."""
    cache = Cache(tmp_path)
    cache.keep("locks", "a", b"1")
    cache.keep("wheels", "b", b"2")
    for path in (cache.of_uv("orders"), cache.folder_of("unpacked", "c", lambda into: into.mkdir())):
        path.mkdir(parents=True, exist_ok=True)
    for name in left(tmp_path):
        os.utime(tmp_path / name, (0, 0))
    assert cache.read("locks", "a") == b"1"
    assert cache.take("wheels", "b", tmp_path / "mine")
    cache.of_uv("orders")
    cache.folder_of("unpacked", "c", lambda _: pytest.fail("again"))
    assert left(tmp_path) == {"locks/a", "wheels/b", "uv/orders", "unpacked/c"}
    assert all((tmp_path / name).stat().st_mtime > DAY for name in left(tmp_path))


def test_the_size_is_set_by_a_variable() -> None:
    """In GiB; anything else is refused with what is valid."""
    assert Allowance.of({}).size == 10 * 1024**3
    assert Allowance.of({"ORCHESTRATOR_CACHE_GIB": "3"}).size == 3 * 1024**3
    with pytest.raises(
        RequestError, match=r"ORCHESTRATOR_CACHE_GIB = '1\.5' is not valid: it is a whole number of GiB"
    ):
        Allowance.of({"ORCHESTRATOR_CACHE_GIB": "1.5"})
