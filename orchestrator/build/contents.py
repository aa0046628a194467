"""What can be seen of a handler without importing it: that its module is there, its function, and what it imports."""

import ast
import re
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from orchestrator.build.handlers import Function
from orchestrator.build.layer import ROOT, LayerFile
from orchestrator.build.platforms.standard import standard_library
from orchestrator.config.platform import Platform
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of_file

# In every Python runtime of Lambda, though in no wheel and no layer.
OF_THE_RUNTIME = {"awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
NOWHERE = (
    "which neither the wheel nor the layer holds, nor Python and Lambda's runtime: add it to project.dependencies, or "
    "to the packages that the build backend puts into the wheel; in a unit without a project, to its requirements.txt, "
    "or to a folder that a function's CodeUri names. For a folder that units share, write shared_code = ['<folder>'] "
    "into the unit's settings."
)
OWN_ROOT = re.compile(r"python/(?:lib/python3\.\d+/site-packages/)?")
"""What the paths begin with that a Python runtime imports from a layer that is not the unit's own."""
_ENDINGS = (".py", "/__init__.py", ".abi3.so")


@dataclass(frozen=True)
class Contents:
    """What can be imported from an archive of code and from layers, by its path, and from a standard library.

    Attributes:
        wheel: the code, which is the wheel of most functions.
        layer: the unit's dependencies.
        layers: other layers.
        names: all paths.
        standard: the modules of the Python that runs the code.
        sees_all: whether these are all layers.
    """

    wheel: Path
    layer: LayerFile | None
    layers: tuple[Path, ...]
    names: frozenset[str]
    standard: frozenset[str]
    sees_all: bool

    @classmethod
    def of(cls, function: Function, wheel: Path, layer: LayerFile | None, platform: Platform) -> "Contents":
        """Look into the archives of a function, which runs the wheel unless it has code of its own."""
        code = function.code or wheel
        names = _names(code) | {name.removeprefix(f"{ROOT}/") for name in (_names(layer.path) if layer else ())}
        for other in function.layers:
            names |= {OWN_ROOT.sub("", name) for name in _names(other) if OWN_ROOT.match(name)}
        standard = standard_library(platform)
        return cls(code, layer, function.layers, frozenset(names), standard, function.sees_all)

    @cached_property
    def imports(self) -> str:
        """All that importing depends on: the layers, and of the unit's modules what they import, define and are."""
        lines = [self.layer.sha256 if self.layer else "", *map(sha256_of_file, self.layers)]
        for name in sorted(_names(self.wheel)):
            # Metadata changes with every version.
            if ".dist-info/" not in name:
                lines += [name, *self._outline(name)]
        return "\n".join(lines)

    def problem(self, function: Function) -> str:
        """Why a handler cannot work, as far as that can be seen without importing it."""
        file = self._file(function)
        if file is None and not self.sees_all:
            return ""
        if file is None:
            return (
                f"there is no module {function.module!r} in the wheel or the layer. A handler is "
                "'<package>.<module>.<function>', counted from the root of the wheel."
            )
        tree = self._source(file)
        if tree is None:
            return ""
        if function.name not in (defined := set(_defined(tree))) and "*" not in defined:
            return f"{file} defines no {function.name!r}."
        unknown = sorted(name for name in _imported(tree) if self.sees_all and not self._is_known(name))
        return f"{file} imports {', '.join(unknown)}, {NOWHERE}" if unknown else ""

    def misspelt(self, function: Function) -> str:
        """Where the source of a handler is not Python, as this machine's Python reads it; empty when it is."""
        file = self._file(function)
        try:
            self._parsed(file or "")
        except SyntaxError as error:
            return f"{file}, line {error.lineno or 1}: {error.msg}"
        except (ValueError, RecursionError, MemoryError):
            # What these say depends on the machine.
            return ""
        return ""

    def _file(self, function: Function) -> str | None:
        stem = function.module.replace(".", "/")
        return next((name for name in self.names if name.startswith(stem) and self._is_module(name, stem)), None)

    def _source(self, file: str) -> ast.Module | None:
        """The unit's own module; None for another package's, for compiled code, and for what cannot be read here."""
        try:
            return self._parsed(file)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # It may be written for another Python; importing it tells.
            return None

    def _parsed(self, file: str) -> ast.Module | None:
        with zipfile.ZipFile(self.wheel) as archive:
            own = file.endswith(".py") and file in archive.namelist()
            return ast.parse(archive.read(file)) if own else None

    def _outline(self, file: str) -> list[str]:
        """What a module imports and defines; of what cannot be told, whether it is the same."""
        tree = self._source(file)
        try:
            return [*_imports(tree), *_defined(tree)] if tree else [self._crc(file)]
        except RecursionError:
            return [self._crc(file)]

    def _crc(self, file: str) -> str:
        with zipfile.ZipFile(self.wheel) as archive:
            return str(archive.getinfo(file).CRC)

    def _is_known(self, package: str) -> bool:
        return (
            package in self.standard
            or package in OF_THE_RUNTIME
            or any(name.startswith(f"{package}/") or self._is_module(name, package) for name in self.names)
        )

    @staticmethod
    def _is_module(name: str, stem: str) -> bool:
        rest = name.removeprefix(stem)
        return name.startswith(stem) and (rest in _ENDINGS or (rest.startswith(".cpython-") and rest.endswith(".so")))


def _names(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


def _imports(tree: ast.Module) -> Iterator[str]:
    return (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def _defined(tree: ast.AST) -> Iterator[str]:
    """Names at the top level of a module; `*` when they cannot be told."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield "*" if name == "__getattr__" else name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from ((one.asname or one.name).split(".")[0] for one in names)
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Name(id="globals"):
                yield "*"
            case _:
                yield from _defined(node)


def _imported(tree: ast.Module) -> Iterator[str]:
    """Packages that a module imports in any case: not within a function, a condition or a `try`."""
    for node in tree.body:
        match node:
            case ast.Import(names=names):
                yield from (one.name.split(".")[0] for one in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.split(".")[0]
