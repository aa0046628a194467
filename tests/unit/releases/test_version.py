"""Which version comes next."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from orchestrator.releases.version import first_version, next_version

_STEMS = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
_SUFFIXES = st.sampled_from(["", "a1", "rc2", ".post1", ".post7", ".dev3", "a1.dev2", ".post1.dev2"])
VERSIONS = st.builds(lambda epoch, stem, suffix: epoch + stem + suffix, st.sampled_from(["", "1!"]), _STEMS, _SUFFIXES)


@pytest.mark.parametrize(
    ("declared", "taken", "expected"),
    [
        ("0.1.1", [], "0.1.1"),
        ("0.1.1", ["0.1.0", "0.1.1.post1"], "0.1.1"),
        ("0.1.1", ["0.1.1"], "0.1.1.post1"),
        ("0.1.1", ["0.1.1", "0.1.1.post1"], "0.1.1.post2"),
        ("0.1.1", ["0.1.1.0"], "0.1.1.post1"),
        ("1.0rc1", ["1.0rc1"], "1.0rc1.post1"),
        ("0.1.1.post3", ["0.1.1.post3"], "0.1.1.post4"),
        ("0.2.dev1", ["0.2.dev1"], "0.2.dev2"),
    ],
)
def test_the_next_version_is_the_declared_one_or_its_next_post_release(
    declared: str, taken: list[str], expected: str
) -> None:
    """The rule by example."""
    assert next_version(declared, taken) == expected


@given(VERSIONS, st.lists(VERSIONS))
def test_the_next_version_is_free_legal_and_not_older_than_the_declared_one(declared: str, taken: list[str]) -> None:
    """And it fits into an object key."""
    version = Version(next_version(declared, taken))
    assert version not in {Version(one) for one in taken}
    assert version >= Version(declared)
    assert "+" not in str(version)


@given(VERSIONS, st.integers(1, 8))
def test_versions_claimed_one_after_the_other_only_grow(declared: str, count: int) -> None:
    """Each merge without a new version gets a higher one."""
    taken: list[str] = []
    for _ in range(count):
        taken.append(next_version(declared, taken))
    assert [Version(one) for one in taken] == sorted({Version(one) for one in taken})


@given(VERSIONS, st.lists(VERSIONS))
def test_whoever_asks_version_by_version_finds_the_same(declared: str, taken: list[str]) -> None:
    """A ledger knows of each version whether it is free, and lists none."""
    gone = {Version(one) for one in taken}
    assert first_version(declared, lambda version: Version(version) not in gone) == next_version(declared, taken)


def test_each_version_is_asked_for_once() -> None:
    """A unit that keeps its version has hundreds of releases, each of which is a question to the ledger."""
    asked: list[str] = []

    def is_mine(version: str) -> bool:
        asked.append(version)
        return version == "0.1.0.post1000"

    began = time.process_time()
    assert first_version("0.1.0", is_mine) == "0.1.0.post1000"
    assert len(asked) == len(set(asked)) == 1001
    # It takes three seconds to look through those before for each.
    assert time.process_time() - began < 1
