"""Which files are kept together."""

import hashlib
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.source.snapshots.packs import PACK_BYTES, File, plan_packs

NAMES = st.sampled_from(["a", "b", "c d", "ü"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
SIZES = st.sampled_from([0, 1, PACK_BYTES // 3, PACK_BYTES - 1, PACK_BYTES, 3 * PACK_BYTES])


def made(sizes: dict[str, int]) -> list[File]:
    """Files that are no folders of others; two of one size have the same content."""
    paths = [path for path in sizes if not any(other.startswith(f"{path}/") for other in sizes)]
    return [File(path, hashlib.sha256(str(sizes[path]).encode()).hexdigest(), sizes[path]) for path in paths]


@given(st.dictionaries(PATHS, SIZES, max_size=20))
def test_every_file_is_found_in_one_pack_that_is_not_too_large(sizes: dict[str, int]) -> None:
    """By its own path, or by that of a folder that it is in; only a single file takes more."""
    files = made(sizes)
    packs = list(plan_packs(files))
    for file in files:
        places = {file.path, "", *(file.path[:at] for at, one in enumerate(file.path) if one == "/")}
        (pack,) = [pack for pack in packs if places & set(pack.paths)]
        assert file.id in pack.blobs
    size_of = {file.id: file.size for file in files}
    for pack in packs:
        assert len(pack.blobs) == 1 or sum(size_of[blob] for blob in pack.blobs) <= PACK_BYTES


@given(st.dictionaries(PATHS, SIZES, max_size=20), st.randoms())
def test_the_order_in_which_files_are_listed_does_not_matter(sizes: dict[str, int], random: Random) -> None:
    """What is published follows from the commit alone."""
    files = made(sizes)
    shuffled = random.sample(files, len(files))
    assert list(plan_packs(shuffled)) == list(plan_packs(files))


def test_a_folder_of_many_small_files_is_split() -> None:
    """Reading one of them must not take reading them all."""
    files = [File(f"many/{number:05}", f"{number:040x}", 10) for number in range(2_500)]
    packs = list(plan_packs(files))
    assert [len(pack.blobs) for pack in packs] == [1_000, 1_000, 500]
    assert [pack.paths[0] for pack in packs] == ["many/00000", "many/01000", "many/02000"]


def test_the_same_files_make_the_same_pack_wherever_they_are() -> None:
    """A folder that is renamed is not published again."""
    one, other = ([File(f"{folder}/x", "a" * 40, 1), File(f"{folder}/y", "b" * 40, 1)] for folder in ("old", "new"))
    large = File("large", "c" * 40, PACK_BYTES)
    assert {pack.name for pack in plan_packs([*one, large])} == {pack.name for pack in plan_packs([*other, large])}
