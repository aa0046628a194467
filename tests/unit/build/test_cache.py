"""What a build machine keeps between builds."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.build.cache import Cache
from orchestrator.build.cache_folder import cache_folder
from orchestrator.build.files import write_once


class Maker:
    """Makes a content, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def make(self) -> bytes:
        """Make it."""
        self.times += 1
        return b"content"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty one, whose folder is not there yet."""
    return Cache(tmp_path / "cache")


def test_what_is_kept_is_found_and_what_is_not_is_not(cache: Cache, tmp_path: Path) -> None:
    """By kind and key."""
    cache.keep("wheels", "a", b"content")
    assert cache.read("wheels", "a") == b"content"
    assert cache.take("wheels", "a", tmp_path / "mine")
    assert (tmp_path / "mine").read_bytes() == b"content"
    assert cache.read("wheels", "b") is None
    assert cache.read("layers", "a") is None
    assert not cache.take("layers", "a", tmp_path / "other")


@pytest.mark.parametrize("damage", [b"conten", b"c0ntent", b""])
def test_what_was_altered_or_cut_short_is_as_good_as_not_there(damage: bytes, cache: Cache, tmp_path: Path) -> None:
    """And is made anew."""
    cache.keep("wheels", "a", b"content")
    file = next((cache.folder / "wheels" / "a").iterdir())
    file.write_bytes(damage)
    assert not cache.take("wheels", "a", tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    assert cache.once("wheels", "a", lambda: b"content") == b"content"
    assert cache.read("wheels", "a") == b"content"


def test_a_file_of_known_content_is_not_taken_for_another(cache: Cache, tmp_path: Path) -> None:
    """Whoever put it there."""
    cache.keep("wheels", "a", b"evil")
    assert not cache.take("wheels", "a", tmp_path / "mine", "0" * 64)


def test_the_cache_may_be_deleted_while_it_is_used(cache: Cache, tmp_path: Path) -> None:
    """What was taken stays; what is missing is made again."""
    maker = Maker()

    def use(number: int) -> bytes:
        content = cache.once("locks", str(number % 3), maker.make)
        taken = cache.take("locks", str(number % 3), tmp_path / f"taken-{number}")
        shutil.rmtree(cache.folder, ignore_errors=True)
        return (tmp_path / f"taken-{number}").read_bytes() if taken else content

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(60))) == {b"content"}
    assert maker.times > 1


def test_builds_at_the_same_time_make_the_same_thing_once(cache: Cache) -> None:
    """Those of one process; of two processes both may, and either's stays."""
    maker = Maker()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: cache.once("layers", "a", maker.make), range(16)))
    assert answers == [b"content"] * 16
    assert maker.times == 1


def test_threads_wait_for_an_archive_that_another_one_unpacks(cache: Cache) -> None:
    """Unpacking takes longer than waiting for it."""
    times = []

    def unpack(into: Path) -> None:
        into.mkdir()
        times.append(into)

    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: cache.folder_of("unpacked", "0" * 64, unpack), range(16)))
    assert len(folders) == len(times) == 1


def test_an_archive_is_unpacked_once(cache: Cache, tmp_path: Path) -> None:
    """As a whole: a folder that is half unpacked is never seen."""
    archive = tmp_path / "archive"
    archive.write_bytes(b"1")
    first = cache.folder_of("unpacked", "0" * 64, lambda into: into.mkdir())
    assert cache.folder_of("unpacked", "0" * 64, lambda _: pytest.fail("again")) == first
    assert [path.name for path in first.parent.iterdir()] == [first.name]


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"ORCHESTRATOR_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a")),
        ({"XDG_CACHE_HOME": "/b"}, Path("/b/orchestrator")),
        ({}, Path.home() / ".cache/orchestrator"),
    ],
)
def test_the_cache_lies_where_caches_do(environment: dict[str, str], folder: Path) -> None:
    """Unless told otherwise."""
    assert cache_folder(environment) == folder


def test_of_several_who_write_a_file_the_first_wins(tmp_path: Path) -> None:
    """And what it wrote is there as a whole; nothing is left beside it."""
    contents = [str(number).encode() * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda content: write_once(tmp_path / "a" / "file", content), contents))
    assert won.count(True) == 1
    assert (tmp_path / "a" / "file").read_bytes() == contents[won.index(True)]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["file"]


def test_every_unit_has_a_cache_of_its_own() -> None:
    """A unit's build writes to it, and must not write to what another one's reads."""
    environment = {"HOME": "/home/ada"}
    assert Cache(cache_folder(environment)).of_uv("orders") == Path("/home/ada/.cache/orchestrator/uv/orders")
    assert Cache(cache_folder({"XDG_CACHE_HOME": "/cache"})).of_uv("orders") == Path("/cache/orchestrator/uv/orders")
    assert Cache(cache_folder(environment)).of_uv("invoices") != Cache(cache_folder(environment)).of_uv("orders")
