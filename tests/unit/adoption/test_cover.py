"""Globs that find units: few, and together with what they exclude, exactly these."""

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.adoption.cover import Others, Wanted, cover
from orchestrator.adoption.exclusions import exclusions
from orchestrator.config.globs import Globs
from orchestrator.source.changes import around


def _units(*folders: str, file: str = "template.yaml") -> list[Wanted]:
    return [Wanted(folder, file, is_usual=file == "template.yaml") for folder in folders]


def _others(*folders: str) -> Others:
    return Others({"template.yaml": folders}, folders)


def test_units_of_one_folder_have_one_glob() -> None:
    """New ones beside them are found as well; a single one is named."""
    services = _units(*(f"services/{name}" for name in "abcdef"))
    assert cover([*services, *_units("ledger/main")], _others()) == ["ledger/main", "services/*"]


def test_units_of_many_teams_have_one_glob() -> None:
    """Whatever the teams are called."""
    units = _units(*(f"teams/{team}/{name}" for team in "pqrst" for name in "abc"))
    assert cover(units, _others()) == ["teams/*/*"]


def test_at_the_root_units_are_told_by_their_file() -> None:
    """Much else lies there."""
    assert cover(_units(*"abcde"), _others()) == ["*/template.yaml"]


def test_units_at_all_depths_have_a_glob_when_they_are_dozens() -> None:
    """For a few of them, it would look where nobody thinks of."""
    folders = ["/".join([f"x{number}", *["deep"] * (number % 5)]) for number in range(100)]
    assert "**/template.yaml" not in cover(_units(*folders[:12]), _others())
    assert len(cover(_units(*folders), _others())) < 10


def test_where_more_is_left_out_than_is_found_units_are_named() -> None:
    """Rather than all that is none."""
    left_out = [f"samples/{name}" for name in "mnopqrst"]
    assert cover(_units("samples/a", "samples/b"), _others(*left_out)) == ["samples/a", "samples/b"]


def test_a_folder_is_excluded_for_all_that_is_in_it() -> None:
    """As far as no unit is in there."""
    found = exclusions(["old/x/a", "old/x/b", "old/y/c/d", "apps/gone"], ["apps/orders"])
    assert found == {"old/x/a": "old", "old/x/b": "old", "old/y/c/d": "old", "apps/gone": "apps/gone"}


def test_a_name_is_excluded_that_many_folders_have() -> None:
    """But not where a unit has it as well."""
    fixtures = [f"apps/{unit}/fixtures" for unit in "abc"]
    assert set(exclusions(fixtures, [f"apps/{unit}/main" for unit in "abc"]).values()) == {"**/fixtures"}
    units = ["libs/fixtures", *(f"apps/{unit}/main" for unit in "abc")]
    assert set(exclusions(fixtures, units).values()) == set(fixtures)


def test_names_that_begin_or_end_alike_are_excluded_when_they_are_many() -> None:
    """A few say nothing of the next one."""
    units = [f"apps/orders-{number}" for number in range(12)]
    retired = [f"apps/{number}-retired" for number in range(12)]
    assert set(exclusions(retired, units).values()) == {"**/*-retired"}
    assert set(exclusions(retired[:5], units).values()) == set(retired[:5])
    assert set(exclusions(retired, [*units, "apps/not-retired"]).values()) == set(retired)


_NAMES = st.sampled_from(["a", "b", "c", "a-x", "b-x", "c-x", "[a]", "x*", "a.yaml", "template.yaml"])
_FOLDERS = st.lists(st.lists(_NAMES, min_size=1, max_size=4).map("/".join), max_size=25, unique=True)


@given(_FOLDERS, st.sets(st.integers(0, 24)))
@example(["a", "a/b", "a/c", "b/a"], {1, 2})
def test_globs_and_exclusions_find_units_and_nothing_else(folders: list[str], numbers: set[int]) -> None:
    """Whatever lies among them; units lie in no other unit."""
    chosen = [folder for number, folder in enumerate(folders) if number in numbers]
    units = [folder for folder in chosen if not any(outer in chosen for outer in around(folder))]
    strays = {folder for folder in folders if folder not in units}
    globs = cover([Wanted(folder, "template.yaml", not folder.endswith(".yaml")) for folder in units], _others(*strays))
    crowded = {folder for unit in units for folder in around(unit)}
    compiled = Globs(globs)
    by_file = {one for one in folders if compiled.match(f"{one}/template.yaml")}
    by_folder = {one for one in folders if compiled.match(one) and not one.endswith(".yaml")}
    found = by_file | by_folder
    excluded = Globs(exclusions((found - set(units)) - crowded, units).values())
    assert set(units) <= found
    assert not any(excluded.match(path) for unit in units for path in (unit, *around(unit)))
    assert all(excluded.match(one) or any(map(excluded.match, around(one))) for one in found - set(units) - crowded)
    assert not by_folder & crowded - set(units)
