"""How units are looked for, beside the plainest way: glob by glob, level by level, each exclusion by itself."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.config.globs import parts_of
from orchestrator.source.discovery import Finder
from orchestrator.source.repository import Entry, Mode
from orchestrator.source.unit_globs import UnitGlobs
from tests.tree_repository import Files, TreeRepository
from tests.unit.config.test_globs import fits

_NAMES = st.sampled_from(["a", "b", "c", ".hidden", "node_modules", "template.yaml", "stack.yaml", "cdk.json"])
_PARTS = st.sampled_from(["*", "**", "a", "b", "[ab]", "?", ".hidden", "node_modules", "*.yaml", "template.yaml"])
_GLOBS = st.lists(_PARTS, min_size=0, max_size=4).map("/".join)
_MODES = st.sampled_from([*([Mode.FILE] * 6), Mode.LINK, Mode.SUBMODULE])
_PATHS = st.lists(_NAMES, min_size=1, max_size=5).map("/".join)


@st.composite
def _files(draw: st.DrawFn) -> Files:
    """Files, but for those that would lie below another one."""
    paths = draw(st.lists(_PATHS, min_size=1, max_size=12, unique=True))
    above = {"/".join(path.split("/")[:length]) for path in paths for length in range(1, path.count("/") + 1)}
    modes = {path: draw(_MODES) for path in paths if path not in above}
    return {path: (mode, "1" * 40 if mode is Mode.SUBMODULE else "a") for path, mode in modes.items()}


class Plain:
    """What is documented, word by word."""

    def __init__(self, files: Files, exclude: tuple[str, ...]) -> None:
        self._repository = TreeRepository({"x": files})
        self._exclude = [parts_of(glob) for glob in exclude]

    def matched(self, glob: tuple[str, ...]) -> set[str]:
        """What a glob matches."""
        fixed = glob[: glob.index("**")] if "**" in glob else glob
        matched = [("", Entry("", Mode.FOLDER))]
        for pattern in fixed:
            below = [one for path, entry in matched if entry.is_folder for one in self._in(path)]
            matched = [(path, entry) for path, entry in below if fnmatchcase(path.rpartition("/")[2], pattern)]
        if fixed == glob:
            return {path for path, _ in matched}
        deeper = [path for start, entry in matched if entry.is_folder for path in self._below(start)]
        return {path for path in deeper if fits(parts_of(path), glob)}

    def _in(self, folder: str) -> list[tuple[str, Entry]]:
        listed = self._repository.folders("x", [folder]).get(folder, {})
        found = [(f"{folder}/{name}".lstrip("/"), entry) for name, entry in listed.items()]
        return [one for one in found if not any(fits(parts_of(one[0]), glob) for glob in self._exclude)]

    def _below(self, folder: str) -> Iterator[str]:
        for path, entry in self._in(folder):
            name = path.rpartition("/")[2]
            if entry.is_folder and (name.startswith(".") or name in ("node_modules", "cdk.out")):
                continue
            yield path
            if entry.is_folder:
                yield from self._below(path)


@given(_files(), st.lists(_GLOBS, min_size=1, max_size=4), st.lists(_GLOBS, max_size=3))
@example({"a/b/template.yaml": (Mode.FILE, "")}, ["a/**"], [])
@example({"a/.hidden/template.yaml": (Mode.FILE, "")}, ["*/*/template.yaml", "**/template.yaml"], ["**/a"])
def test_globs_that_are_looked_for_together_find_what_each_finds_by_itself(
    files: Files, globs: list[str], exclude: list[str]
) -> None:
    """Folders and files, in hidden folders as well, but for those that are excluded, with all that is in them."""
    plain = Plain(files, tuple(exclude))
    expected = [plain.matched(parts_of(glob)) for glob in globs]
    looked_for = UnitGlobs(globs, exclude)
    everything = {*files, *("/".join(path.split("/")[:n]) for path in files for n in range(1, path.count("/") + 1))}
    for number, matched in enumerate(expected):
        found = {
            path
            for path in everything
            if (place := looked_for.at(path, Entry("", files[path][0] if path in files else Mode.FOLDER)))
            and number in looked_for.matching(place)
        }
        assert found == matched - {""}
    folders = {path for matched in expected for path in matched if path not in files}
    named = {
        path.rpartition("/")[0]
        for glob, matched in zip(globs, expected, strict=True)
        for path in matched
        if path in files and glob.endswith((".yaml", ".json"))
    }
    by_folder = {
        path
        for glob, matched in zip(globs, expected, strict=True)
        for path in matched
        if path in folders and not glob.endswith((".yaml", ".json"))
    }
    assert Finder(TreeRepository({"x": files}), "x", tuple(exclude)).find(tuple(globs)).keys() == named | by_folder


@given(_files(), st.lists(_GLOBS, min_size=1, max_size=3))
def test_folders_are_listed_once_and_only_where_something_may_be(files: Files, globs: list[str]) -> None:
    """However many globs lead there: a host is asked for each of them."""
    repository = TreeRepository({"x": files})
    Finder(repository, "x").find(tuple(globs))
    looked_for = UnitGlobs(globs)
    assert len(repository.listed) == len(set(repository.listed))
    for folder in repository.listed:
        place = looked_for.at(folder, Entry("", Mode.FOLDER)) if folder else looked_for.root
        assert place
        assert place.units.leads_on or not folder
