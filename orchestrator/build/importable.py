"""Whether the handlers of a template are in the wheel and the layer, and can be imported from there."""

import platform as machine
import re
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.build import import_handler
from orchestrator.build.archive import unpack
from orchestrator.build.cache import Cache
from orchestrator.build.contents import NOWHERE, OF_THE_RUNTIME, Contents
from orchestrator.build.handlers import Function
from orchestrator.build.layer import ROOT, LayerFile
from orchestrator.build.platforms.interpreters import Interpreter
from orchestrator.build.run import Commands, Outcome
from orchestrator.build.unpacked import discard_damaged
from orchestrator.config.platform import Platform
from orchestrator.confine.launch import KILLED
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of

_STEP = "import handlers"
_KIND = "imported"
_SECONDS = 60
_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_MISSING = re.compile(r"^ModuleNotFoundError: No module named '([\w]+)", re.MULTILINE)
# A build machine with an older C library than the runtime's says nothing about the runtime.
_C_LIBRARY = "version `GLIBC_"


_Kind = tuple[Path | None, tuple[Path, ...], bool]
"""Functions of one kind import from the same archives."""


def _kind(function: Function) -> _Kind:
    return function.code, function.layers, function.sees_all


def is_of_this_machine(platform: Platform) -> bool:
    """Whether this machine's system and processor run what is built for a platform."""
    return (sys.platform, _MACHINES.get(machine.machine())) == ("linux", platform.architecture)


@dataclass(frozen=True)
class HandlerCheck:
    """Checks the handlers of one unit that run on one platform.

    Attributes:
        commands: runs the unit's code.
        interpreter: this machine's Python for the platform; None where it has none, or is another machine.
        cache: keeps unpacked layers.
        platform: what the handlers run on.
    """

    commands: Commands
    interpreter: Interpreter | None
    cache: Cache
    platform: Platform

    def check(self, functions: Sequence[Function], wheel: Path, layer: LayerFile | None, scratch: Path) -> list[str]:
        """Check that every handler is there and, where this machine is like Lambda's, that it can be imported.

        What a handler's module does besides importing may need a database or a variable that is not here: that it
        fails with anything but a missing module is no error. While no module of the unit imports or defines anything
        else, and the layer stays, one that could be imported is not imported again.

        Returns:
            A sentence for each handler whose module failed like that, or cannot be read by this machine's Python.

        Raises:
            BuildError: a handler, or a module that it imports, is neither in the wheel nor in the layer.
        """
        one_of_each = {_kind(function): function for function in functions}
        contents = {kind: Contents.of(one, wheel, layer, self.platform) for kind, one in one_of_each.items()}
        for function in functions:
            try:
                problem = contents[_kind(function)].problem(function)
            except RecursionError:
                problem = "its source is nested too deeply."
            if problem:
                self._fail(function, problem)
        if functions and self.interpreter is None:
            self.commands.note(f"Handlers are looked at and not imported: this machine has no {self.platform}.")
            return self._misspelt(functions, contents)
        warnings = []
        seen = set()
        for function in functions:
            there = contents[_kind(function)]
            program = self.interpreter.program if self.interpreter else ""
            key = sha256_of(f"{program}\n{function.handler}\n{there.imports}".encode())
            if key in seen:
                continue
            seen.add(key)
            if self.cache.read(_KIND, key) is not None:
                self.commands.note(f"{function.handler} was imported before, and nothing imports anything else now.")
                continue
            outcome = self._imported(function, there, scratch)
            if outcome.code == import_handler.IMPORTED:
                self.cache.keep(_KIND, key, b"")
            elif outcome.code == import_handler.FAILED or not function.sees_all:
                warnings.append(_warning(function, outcome))
        return warnings

    @property
    def imports(self) -> bool:
        """Whether the check imports handlers, as far as the machine goes."""
        return self.interpreter is not None

    def prepare(self, layer: LayerFile) -> None:
        """Do beside other steps what a check that imports needs, whatever the wheel will be."""
        self._folders(layer)

    def _misspelt(self, functions: Sequence[Function], contents: Mapping[_Kind, Contents]) -> list[str]:
        """An older Python may not know what a newer one does: then it is a warning."""
        found = [(one, error) for one in functions if (error := contents[_kind(one)].misspelt(one))]
        if found and sys.version_info[:2] >= self.platform.version:
            self._fail(*found[0])
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        return [
            f"{_where(function)}: {error}, says the Python {here} of this machine, which is older than the function's."
            for function, error in found
        ]

    def _imported(self, function: Function, contents: Contents, scratch: Path) -> Outcome:
        """Try to import a handler; returns how that ended where it is no proof against it."""
        # Of a name that nobody can know: a handler that was imported before could have put a link there.
        folder = Path(tempfile.mkdtemp(prefix="import-", dir=scratch))
        layer = contents.layer
        code = unpack(contents.wheel, folder / "wheel")
        others = [
            root
            for number, path in enumerate(contents.layers)
            for root in _roots(unpack(path, folder / f"layer-{number}"), self.platform)
        ]
        self.commands.give_all(folder)
        kept = self._folders(layer) if layer else ()
        outcome = self._import(function, [code, *others, *kept])
        if layer and outcome.code != import_handler.IMPORTED and (discard_damaged(kept) or _problem(outcome, function)):
            # What is kept may have been deleted or changed meanwhile: only what this build has unpacked is proof.
            # By a name, too, that what was just imported cannot have put a link at.
            folder = Path(tempfile.mkdtemp(prefix="import-", dir=scratch))
            own = unpack(layer.path, folder / "layer") / ROOT
            self.commands.give_all(folder)
            outcome = self._import(function, [code, *others, own])
        problem = _problem(outcome, function)
        if problem:
            self._fail(function, f"{problem}\n{outcome.tail}".rstrip())
        return outcome

    def _import(self, function: Function, folders: Sequence[Path]) -> Outcome:
        assert self.interpreter is not None  # noqa: S101  # Else nothing is imported.
        script: list[str | Path] = [self.interpreter.program, "-I", "-S", Path(import_handler.__file__).absolute()]
        arguments: list[str | Path] = [function.module, function.name, str(_SECONDS), *folders]
        commands = self.commands.reading(self.interpreter.library)
        return commands.attempt(_STEP, [*script, *arguments], folders[0], dict(function.variables))

    def _folders(self, layer: LayerFile) -> tuple[Path, ...]:
        """The folders to import what is in a layer from: its wheels', where nothing is in two of them."""
        return layer.unpacked or (self._kept(layer),)

    def _kept(self, layer: LayerFile) -> Path:
        """What is imported from a layer, kept for all builds that have the same layer."""

        def unpack_root(into: Path) -> None:
            (unpack(layer.path, into.with_name("layer")) / ROOT).rename(into)

        return self.cache.folder_of("unpacked-layers", layer.sha256, unpack_root)

    def _fail(self, function: Function, problem: str) -> None:
        raise BuildError(self.commands.unit, _STEP, f"{_where(function)} does not work: {problem}")


def _roots(layer: Path, platform: Platform) -> list[Path]:
    """The folders of an unpacked layer that a Python runtime imports from."""
    return [layer / ROOT, layer / ROOT / "lib" / platform.runtime / "site-packages"]


def _warning(function: Function, outcome: Outcome) -> str:
    return (
        f"{_where(function)}: importing it fails on this machine, which Lambda may be spared: {_last_line(outcome)}. "
        "If a variable or a service is what is missing here, let the module look for it when it is called."
    )


def _last_line(outcome: Outcome) -> str:
    return outcome.tail.splitlines()[-1] if outcome.tail else "it said nothing"


def _where(function: Function) -> str:
    return f"Resources.{function.resource}.Properties.Handler = {function.handler!r}"


def _problem(outcome: Outcome, function: Function) -> str:
    """Why an import that was tried shows that a handler does not work."""
    match outcome.code:
        case import_handler.IMPORTED | import_handler.FAILED:
            return ""
        case import_handler.NO_FUNCTION:
            return f"{function.module} defines no function {function.name!r}."
        case import_handler.MISSING:
            missing = _MISSING.findall(outcome.output)
            elsewhere = not function.sees_all or (missing and missing[-1] in OF_THE_RUNTIME)
            if elsewhere or _C_LIBRARY in outcome.output:
                return ""
            why = f"{missing[-1]} is something {NOWHERE}" if missing else _last_line(outcome)
            return f"importing it fails: {why}"
        case code if code == KILLED + signal.SIGALRM:
            return f"importing it takes longer than {_SECONDS} seconds, and Lambda gives a function 10 to start."
        case _:
            return "importing it ends the interpreter."
