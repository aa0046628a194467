"""Names of files, with Python's own finder as the judge: it looks, and imports nothing."""

import importlib.machinery
import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.suggest.modules import Modules, is_test
from orchestrator.suggest.parse import Import

_FOLDERS = st.lists(st.sampled_from(["a", "b", "src", "not-a-name"]), max_size=3)
_FILES = st.sampled_from(["__init__.py", "a.py", "b.py", "c.py", "no-name.py"])
PATHS = st.sets(st.tuples(_FOLDERS, _FILES).map(lambda one: "/".join([*one[0], one[1]])), min_size=1, max_size=8)


def found(root: Path, name: tuple[str, ...]) -> Path | None:
    """The file that Python would import a name from, looking in one folder; None for none."""
    folder: str | None = str(root)
    origin: str | None = None
    for part in name:
        if folder is None:
            return None
        finder = importlib.machinery.FileFinder(folder, (importlib.machinery.SourceFileLoader, [".py"]))
        spec = finder.find_spec(part)
        if spec is None:
            return None
        origin = spec.origin if spec.loader else None
        folder = spec.submodule_search_locations[0] if spec.submodule_search_locations else None
    return Path(origin) if origin else None


def no_packages(root: Path) -> list[Path]:
    """The folders that Python may be told to look in."""
    folders = [Path(folder) for folder, _, _ in os.walk(root)]
    return [folder for folder in folders if folder == root or not (folder / "__init__.py").exists()]


@given(PATHS)
def test_a_file_has_the_names_that_python_finds_it_by(paths: set[str]) -> None:
    """All of them, and no others, whichever folders Python looks in."""
    modules = Modules(paths)
    known = {(path, name) for path in paths for name in modules.names(path)}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        tried = {tuple(one for one in path.removesuffix(".py").split("/") if one != "__init__") for path in paths}
        names = {one[start:] for one in tried for start in range(len(one))}
        pythons = {
            (str(file.relative_to(root)), name)
            for place in no_packages(root)
            for name in names
            if all(map(str.isidentifier, name)) and (file := found(place, name))
        }
    assert known == pythons
    assert all(path in modules.named(name) for path, name in known)


def test_relative_imports_lead_to_files() -> None:
    """From a module and from a package, up to the root and no further."""
    modules = Modules(["p/__init__.py", "p/q/__init__.py", "p/q/m.py", "p/shared.py", "top.py"])
    cases = {
        (("shared", "name"), 2): "p/shared.py",
        (("m",), 1): "p/q/m.py",
        (("name",), 1): "p/q/__init__.py",
        (("q", "m"), 2): "p/q/m.py",
        (("top",), 3): "top.py",
        (("top",), 4): None,
        (("nothing",), 3): None,
    }
    for importer in ("p/q/m.py", "p/q/__init__.py"):
        for (parts, level), file in cases.items():
            assert modules.relative(Import(parts, level, 1), importer) == file


def test_files_for_tests_are_told_by_their_names() -> None:
    """Or by those of the folders above."""
    assert all(map(is_test, ["a/tests/b.py", "test/b.py", "a/test_b.py", "a/b_test.py", "conftest.py"]))
    assert not any(map(is_test, ["a/testing.py", "a/contest.py", "attests/b.py"]))
