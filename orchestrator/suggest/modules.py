"""Which files of a repository a name can be imported from.

Nobody knows in which folders Python will look for modules. So each counts that is no package itself: `src` folders,
those of projects, of Lambda layers, and the repository's root are such folders.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from orchestrator.suggest.parse import Import

_TESTS = ("test", "tests")


class Modules:
    """The Python files of a repository.

    Args:
        files: their paths, from the repository's root.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self.files = frozenset(files)
        self.packages = frozenset(_folder(path) for path in self.files if path.rpartition("/")[2] == "__init__.py")
        self._named: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for path in sorted(self.files):
            for name in self.names(path):
                self._named[name].append(path)

    def names(self, path: str) -> Iterator[tuple[str, ...]]:
        """The dotted names that a file can be imported by, in parts, the shortest first."""
        *folders, file = PurePosixPath(path).parts
        stem = file.removesuffix(".py")
        if stem != "__init__" and "/".join([*folders, stem]) in self.packages:
            # A package goes before a module of the same name.
            return
        parts = folders if stem == "__init__" else [*folders, stem]
        beginning = len(folders)
        while beginning and "/".join(folders[:beginning]) in self.packages:
            beginning -= 1
        for start in range(beginning, -1, -1):
            name = tuple(parts[start:])
            leads_on = start == len(folders) or self._leads_on(folders[: start + 1])
            if not (leads_on and all(map(str.isidentifier, name))):
                return
            if name and (start == 0 or "/".join(folders[:start]) not in self.packages):
                yield name

    def named(self, parts: tuple[str, ...]) -> list[str]:
        """The files that have exactly that name."""
        return self._named.get(parts, [])

    def relative(self, one: Import, importer: str) -> str | None:
        """The file that a relative import leads to; None where there is none."""
        above = importer.split("/")[:-1]
        if one.level - 1 > len(above):
            return None
        base = above[: len(above) - (one.level - 1)]
        stems = ["/".join([*base, *one.parts[:length]]) for length in range(len(one.parts), 0, -1)]
        wanted = [path for stem in stems for path in (f"{stem}/__init__.py", f"{stem}.py")]
        return next((path for path in (*wanted, "/".join([*base, "__init__.py"])) if path in self.files), None)

    def _leads_on(self, folders: list[str]) -> bool:
        """Whether names of what is in a folder can lead through it: a module goes before a folder of the same name."""
        folder = "/".join(folders)
        return folder in self.packages or f"{folder}.py" not in self.files


def is_test(path: str) -> bool:
    """Whether a file is there for tests: no release is made of it."""
    *folders, name = PurePosixPath(path).parts
    named_so = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    return named_so or any(folder in _TESTS for folder in folders)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
