"""Imports the handler of a Node.js function from its package, confined, in the form in which Lambda unpacks it."""

import tempfile
import zipfile
from pathlib import Path

from orchestrator.build import import_handler
from orchestrator.build.archive import unpack
from orchestrator.build.functions.handlers import node_module
from orchestrator.build.functions.source import Source
from orchestrator.build.functions.toolchains import ToolChain, this_processor
from orchestrator.build.run import Commands, Outcome
from orchestrator.errors import BuildError

_STEP = "import handler"
_SCRIPT = "import_handler.js"
# What Lambda's Node.js brings along.
_OF_THE_RUNTIME = ("@aws-sdk/", "@smithy/", "aws-sdk", "@aws-lambda-powertools/")
_CODES = (import_handler.IMPORTED, import_handler.FAILED, import_handler.NO_FUNCTION, import_handler.MISSING)


def import_node(source: Source, package: Path, commands: Commands, chain: ToolChain, scratch: Path) -> str:
    """Import it, where this machine has the function's processor.

    Args:
        source: the function; its package has the handler's file.
        package: the archive.
        commands: runs the unit's code.
        chain: Node.js.
        scratch: a folder that the unit's code may write to.

    Returns:
        A sentence where the module fails for a reason that need not hold in Lambda; else nothing.

    Raises:
        BuildError: the module exports no such function, or needs another one that is nowhere.
    """
    with zipfile.ZipFile(package) as archive:
        file = node_module(source.handler, archive.namelist())
    if file is None or source.processor != this_processor():
        return ""
    folder = Path(tempfile.mkdtemp(prefix="import-", dir=scratch))
    unpack(package, folder / "package")
    commands.give_all(folder)
    path = source.handler.rpartition("/")[2].partition(".")[2]
    script = Path(__file__).with_name(_SCRIPT).absolute()
    command: list[str | Path] = [chain.program("node"), script, str(folder / "package" / file), path, *map(str, _CODES)]
    closed = commands.closed().reading(chain.readable)
    outcome = closed.attempt(_STEP, command, folder / "package")
    problem = _problem(source, outcome)
    if problem:
        raise BuildError(commands.unit, _STEP, f"{_where(source)} does not work: {problem}")
    if outcome.code == import_handler.FAILED:
        said = next((line for line in outcome.tail.splitlines() if line.strip()), "it said nothing")
        return (
            f"{_where(source)}: importing it fails on this machine, which Lambda may be spared: {said}. If a variable "
            "or a service is what is missing here, let the module look for it when it is called."
        )
    return ""


def _where(source: Source) -> str:
    return f"{source.where}.Properties.Handler = {source.handler!r}"


def _problem(source: Source, outcome: Outcome) -> str:
    if outcome.code == import_handler.NO_FUNCTION:
        return f"its module exports no function {source.handler.rpartition('/')[2].partition('.')[2]!r}."
    if outcome.code != import_handler.MISSING or source.has_layers:
        return ""
    missing = outcome.tail.splitlines()[-1] if outcome.tail else ""
    if missing.startswith(_OF_THE_RUNTIME):
        return ""
    return (
        f"importing it fails: {missing!r} is neither in its package nor a part of the runtime. Add it to dependencies "
        "of package.json: those for development are not deployed."
    )
