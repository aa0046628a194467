"""Checks that the package of a function has what its handler names, as Lambda unpacks and looks for it."""

import posixpath
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from orchestrator.build.functions import workflows
from orchestrator.build.functions.source import Source

BOOTSTRAP = "bootstrap"
_SCRIPTS = (".js", ".mjs", ".cjs")
_EXECUTABLE = 0o100
_LIBRARIES = "lib/"


def problem_of(source: Source, language: str, package: Path) -> str:
    """Why a function cannot start from its package; empty when nothing is known to be wrong.

    What a layer may hold is not missed: a program of a custom runtime, or a module in any language.

    Args:
        source: the function.
        language: of its runtime, which may be another than what its package was made with.
        package: the zip.
    """
    # What only the deployment knows cannot be looked for.
    if not source.handler and language not in (workflows.PROVIDED, workflows.GO):
        return ""
    with zipfile.ZipFile(package) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        jars = [name for name in modes if name.startswith(_LIBRARIES) and name.endswith(".jar")]
        if language == workflows.JAVA:
            return _java(source, [*modes, *(name for jar in jars for name in _names(archive, jar))])
    if language in (workflows.PROVIDED, workflows.GO):
        return _program(source, modes)
    check = _CHECKS.get(language)
    return check(source, modes.keys()) if check and not source.has_layers else ""


def node_module(handler: str, names: Collection[str]) -> str | None:
    """The file of a Node.js handler; None when there is none. Source: the runtime interface client's `UserFunction`."""
    folder, _, name = handler.rpartition("/")
    stem = posixpath.normpath(posixpath.join(folder, name.partition(".")[0]))
    return next((one for one in (stem, *(f"{stem}{ending}" for ending in _SCRIPTS)) if one in names), None)


def _node(source: Source, names: Collection[str]) -> str:
    if "." not in source.handler.rpartition("/")[2]:
        return f"it must be a file and a function, such as 'index.handler'.{_top(names)}"
    if node_module(source.handler, names) is None:
        stem = source.handler.rpartition("/")[2].partition(".")[0]
        return f"its package has no {stem} with one of the endings {', '.join(_SCRIPTS)}.{_top(names)}"
    return ""


def _program(source: Source, modes: Mapping[str, int]) -> str:
    wanted = source.handler if source.runtime == "go1.x" else BOOTSTRAP
    if wanted not in modes:
        return "" if source.has_layers else f"its package has no program {wanted!r}, which Lambda starts.{_top(modes)}"
    if not modes[wanted] & _EXECUTABLE:
        return f"{wanted!r} in its package is not executable: run 'git update-index --chmod=+x', or chmod it."
    return ""


def _java(source: Source, names: Collection[str]) -> str:
    wanted = source.handler.partition("::")[0].replace(".", "/")
    if f"{wanted}.class" in names or source.has_layers:
        return ""
    return f"its package has no class {wanted}.{_top(names)}"


def _ruby(source: Source, names: Collection[str]) -> str:
    wanted = f"{source.handler.partition('.')[0]}.rb"
    return "" if wanted in names else f"its package has no {wanted}.{_top(names)}"


def _dotnet(source: Source, names: Collection[str]) -> str:
    wanted = f"{source.handler.partition('::')[0]}.dll"
    return "" if wanted in names else f"its package has no {wanted}.{_top(names)}"


def _python(source: Source, names: Collection[str]) -> str:
    module = source.handler.rpartition(".")[0].replace(".", "/")
    if f"{module}.py" in names or f"{module}/__init__.py" in names:
        return ""
    return f"its package has no {module}.py.{_top(names)}"


_CHECKS: Mapping[str, Callable[[Source, Collection[str]], str]] = {
    workflows.NODE: _node,
    workflows.RUBY: _ruby,
    workflows.DOTNET: _dotnet,
    workflows.PYTHON: _python,
}


def _top(names: Collection[str]) -> str:
    found = sorted({name.partition("/")[0] for name in names})
    shown = ", ".join(found[:10]) or "nothing"
    return f" At its top it has {shown}{', ...' if len(found) > 10 else ''}."  # noqa: PLR2004  # As many as fit a line.


def _names(archive: zipfile.ZipFile, jar: str) -> list[str]:
    with archive.open(jar) as file:
        try:
            with zipfile.ZipFile(file) as inner:
                return inner.namelist()
        except zipfile.BadZipFile:
            return []
