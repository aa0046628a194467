"""Whether the handlers of a template are in the wheel and the layer, and can be imported from there."""

import ast
import os
import platform as machine
import re
import signal
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.build import import_handler
from orchestrator.build.cache import Cache
from orchestrator.build.handlers import Function
from orchestrator.build.layer import ROOT
from orchestrator.build.run import Outcome
from orchestrator.build.uv import Uv
from orchestrator.config.organization import Lambda
from orchestrator.errors import BuildError

_STEP = "import handlers"
_SECONDS = 30
_ENDINGS = (".py", "/__init__.py", ".abi3.so")
_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
# In every Python runtime of Lambda, though in no wheel and no layer.
_OF_THE_RUNTIME = {"awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
_MISSING = re.compile(r"^ModuleNotFoundError: No module named '([\w]+)", re.MULTILINE)
# A build machine with an older C library than the runtime's says nothing about the runtime.
_C_LIBRARY = "version `GLIBC_"


def runs_here(platform: Lambda) -> bool:
    """Whether this machine runs what is built for a platform: the same system, machine and Python."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (sys.platform, _MACHINES.get(machine.machine()), python) == ("linux", platform.architecture, platform.python)


@dataclass(frozen=True)
class HandlerCheck:
    """Checks the handlers of one unit.

    Attributes:
        uv: knows the interpreter and the log.
        cache: keeps unpacked layers.
        platform: what the unit is built for.
    """

    uv: Uv
    cache: Cache
    platform: Lambda

    def check(self, functions: Sequence[Function], wheel: Path, layer: Path | None, scratch: Path) -> None:
        """Check that every handler is there and, where this machine is like Lambda's, that it can be imported.

        What a handler's module does besides importing may need a database or a variable that is not here: that it
        fails with anything but a missing module is noted in the log, and is no error.

        Raises:
            BuildError: a handler, or a module that it imports, is neither in the wheel nor in the layer.
        """
        if not functions:
            return
        there = _Contents.of(wheel, layer)
        for function in functions:
            problem = there.problem(function)
            if problem:
                self._fail(function, problem)
        if not runs_here(self.platform):
            self.uv.commands.note(f"Handlers are looked at and not imported: this machine is not {self.platform}.")
            return
        code = _unpack(wheel, scratch / "wheel")
        for function in {one.handler: one for one in functions}.values():
            problem = self._import(function, [code, *([self._kept(layer) / ROOT] if layer else [])])
            if problem and layer:
                # The kept folder may have been deleted or changed meanwhile: only one of this build's own is proof.
                problem = self._import(function, [code, _unpack(layer, scratch / function.resource) / ROOT])
            if problem:
                self._fail(function, problem)

    def _import(self, function: Function, folders: Sequence[Path]) -> str:
        """Import a handler; returns why that shows that it does not work."""
        script = [self.uv.python, "-I", "-S", str(Path(import_handler.__file__).absolute())]
        arguments = [os.pathsep.join(map(str, folders)), function.module, function.name, str(_SECONDS)]
        outcome = self.uv.commands.attempt(_STEP, [*script, *arguments], folders[0], dict(function.variables))
        problem = _problem(outcome, function)
        return f"{problem}\n{outcome.tail}" if problem else ""

    def _kept(self, layer: Path) -> Path:
        """A layer's files; kept, so that Python's bytecode for them is, too."""
        return self.cache.folder_of("unpacked", layer, lambda into: _unpack(layer, into))

    def _fail(self, function: Function, problem: str) -> None:
        where = f"Resources.{function.resource}.Properties.Handler = {function.handler!r}"
        raise BuildError(self.uv.commands.unit, _STEP, f"{where} does not work: {problem}")


@dataclass(frozen=True)
class _Contents:
    """What can be imported from a wheel and a layer, by its path."""

    wheel: Path
    names: frozenset[str]

    @classmethod
    def of(cls, wheel: Path, layer: Path | None) -> "_Contents":
        names = set(zipfile.ZipFile(wheel).namelist())
        if layer:
            names |= {name.removeprefix(f"{ROOT}/") for name in zipfile.ZipFile(layer).namelist()}
        return cls(wheel, frozenset(names))

    def problem(self, function: Function) -> str:
        """Why a handler cannot work, as far as that can be seen without importing it."""
        stem = function.module.replace(".", "/")
        file = next((name for name in self.names if name.startswith(stem) and self._is_module(name, stem)), None)
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
        unknown = sorted(name for name in _imported(tree) if not self._is_known(name))
        return f"{file} imports {', '.join(unknown)}, {_NOWHERE}" if unknown else ""

    def _source(self, file: str) -> ast.Module | None:
        """The unit's own module; None for another package's, and for compiled code."""
        with zipfile.ZipFile(self.wheel) as archive:
            if not file.endswith(".py") or file not in archive.namelist():
                return None
            try:
                return ast.parse(archive.read(file))
            except (SyntaxError, ValueError):
                # It may be written for another Python; importing it tells.
                return None

    def _is_known(self, package: str) -> bool:
        return (
            package in sys.stdlib_module_names
            or package in _OF_THE_RUNTIME
            or any(name.startswith(f"{package}/") or self._is_module(name, package) for name in self.names)
        )

    @staticmethod
    def _is_module(name: str, stem: str) -> bool:
        rest = name.removeprefix(stem)
        return name.startswith(stem) and (rest in _ENDINGS or (rest.startswith(".cpython-") and rest.endswith(".so")))


_NOWHERE = (
    "which neither the wheel nor the layer holds, nor Python and Lambda's runtime: add it to project.dependencies, or "
    "to the packages that the build backend puts into the wheel."
)


def _problem(outcome: Outcome, function: Function) -> str:
    """Why an import that was tried shows that a handler does not work."""
    match outcome.code:
        case 0 | import_handler.FAILED:
            return ""
        case import_handler.NO_FUNCTION:
            return f"{function.module} defines no function {function.name!r}."
        case import_handler.MISSING:
            missing = _MISSING.findall(outcome.output)
            if _C_LIBRARY in outcome.output or (missing and missing[-1] in _OF_THE_RUNTIME):
                return ""
            return f"importing it fails: {missing[-1]} is something {_NOWHERE}" if missing else "importing it fails."
        case code if code == -signal.SIGALRM:
            return f"importing it takes longer than {_SECONDS} seconds, and Lambda gives a function 10 to start."
        case _:
            return "importing it ends the interpreter."


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


def _unpack(archive: Path, into: Path) -> Path:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(into)
    return into
