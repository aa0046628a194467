"""Which units a push touches: pure, out of what was found at the commits before and after it."""

from collections.abc import Collection

from orchestrator.source.surveyed import Surveyed

_FOLDER = "/"


def folder_subject(folder: str) -> str:
    """What pushes to a folder are noted under while the unit in it is not valid; no unit is called so."""
    return f"{_FOLDER}{folder}"


def touched(before: Surveyed | None, after: Surveyed | None, last: Surveyed | None) -> dict[str, str]:
    """Tell what a push touches, and the digest of each unit after it; empty where there is none.

    A unit is touched when its digest differs, when it came, went, broke or was repaired. Nothing is known of a unit
    that is valid neither before nor after: each push counts for its folder, and not for a name, which the folder may
    claim wrongly. Where one of the commits cannot be read, all that is known may be touched.

    Args:
        before: what was found before the push; None where that is not known.
        after: what was found after it.
        last: what was found at the branch last, in case neither is known.
    """
    known = [one for one in (before, after) if one] or ([last] if last else [])
    if before and after:
        units: Collection[str] = {*before.unlike(after), *after.unlike(before)}
        folders = before.problems.keys() & after.problems.keys()
    else:
        units = {unit for one in known for unit in one.digests}
        folders = {folder for one in known for folder in one.problems}
    digests = after.digests if after else {}
    return {
        **{unit: digests.get(unit, "") for unit in sorted(units)},
        **{folder_subject(folder): "" for folder in sorted(folders)},
    }
