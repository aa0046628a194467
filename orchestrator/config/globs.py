"""Globs over paths of a repository: `*` stays within a name, `**` is any number of folders, also none."""

from fnmatch import fnmatchcase

ANY_DEPTH = "**"
# What a path is shown with where it is no text.
_NO_TEXT = "\N{REPLACEMENT CHARACTER}"


def parts_of(glob: str) -> tuple[str, ...]:
    """A glob's or a path's parts; the root has none."""
    return tuple(part for part in glob.split("/") if part not in ("", "."))


def fits(path: tuple[str, ...], glob: tuple[str, ...]) -> bool:
    """Whether a glob matches a whole path, both in parts."""
    if not glob:
        return not path
    if glob[0] == ANY_DEPTH:
        return any(fits(path[at:], glob[1:]) for at in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], glob[0]) and fits(path[1:], glob[1:])


def escaped(path: str) -> str:
    """The glob that matches just one path; what is no text in it may be anything."""
    return "".join(f"[{one}]" if one in "*?[" else "*" if one == _NO_TEXT else one for one in path)
