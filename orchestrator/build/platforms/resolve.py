"""Resolves the runtime and the architecture of functions, and refuses what cannot be known before a deployment."""

from collections.abc import Collection, Mapping
from reprlib import Repr
from typing import Any

from orchestrator.build.platforms.choice import Chosen, then
from orchestrator.build.platforms.functions import TemplateFunction, functions_of
from orchestrator.build.platforms.intrinsics import evaluate
from orchestrator.build.platforms.known import python_runtimes
from orchestrator.build.platforms.scope import Scope, UnknownValueError
from orchestrator.config.platform import ARCHITECTURES, Platform
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

_PYTHON = "python"
# Of functions that do not say. Source: Lambda's and SAM's documentation of `Architectures`.
_ARCHITECTURE = "x86_64"
_KNOWN_FORMS = "a plain value, !Ref of a parameter that has one, !FindInMap, or !If between two of these"
_shown = Repr()
_shown.maxlevel, _shown.maxstring, _shown.maxother = 4, 80, 80


@dataclass(frozen=True)
class FunctionRuntime:
    """What a function runs on.

    Attributes:
        runtime: its identifier, such as `nodejs22.x`; empty for a container image, which brings its own.
        architecture: `x86_64` or `arm64`.
    """

    runtime: str
    architecture: str

    @property
    def platform(self) -> Platform | None:
        """The platform of a Python function; None for any other one."""
        is_python = self.runtime.startswith(_PYTHON)
        return Platform(self.runtime.removeprefix(_PYTHON), self.architecture) if is_python else None


def runtimes_of(
    document: Mapping[str, Any], scope: Scope, default: Platform, file: str, names: Collection[str] | None = None
) -> dict[str, Chosen[FunctionRuntime]]:
    """Resolve what functions run on.

    Args:
        document: the template.
        scope: what is known of it in an environment.
        default: the runtime of functions that say nothing of theirs, and one that is valid in any case.
        file: the template, for messages.
        names: the functions; all when left out.

    Raises:
        ConfigurationError: something cannot be known, or Lambda has no such runtime; every function is named.
    """
    resolved, problems = {}, []
    for function in functions_of(document):
        if names is None or function.name in names:
            try:
                resolved[function.name] = runtime_of(function, scope, default)
            except UnknownValueError as problem:
                problems.append(f"Resources.{function.name}.Properties.{problem}")
    if problems:
        raise ConfigurationError(file, *problems)
    return resolved


def runtime_of(function: TemplateFunction, scope: Scope, default: Platform) -> Chosen[FunctionRuntime]:
    """Resolve what one function runs on.

    Raises:
        UnknownValueError: it cannot be known; the text begins with the property.
    """

    def of(runtime: str) -> Chosen[FunctionRuntime]:
        return then(architecture, lambda name: FunctionRuntime(runtime, name))

    architecture = _architecture(function, scope)
    return then(_runtime(function, scope, default), of)


def _runtime(function: TemplateFunction, scope: Scope, default: Platform) -> Chosen[str]:
    if function.properties.get("PackageType") == "Image":
        return ""
    written = function.properties.get("Runtime")

    def checked(value: Any) -> str:
        if value is None:
            return default.runtime
        if not isinstance(value, str):
            raise UnknownValueError(f"Runtime = {_shown.repr(written)}: it must be text such as {default.runtime!r}.")
        valid = python_runtimes()
        if value.startswith(_PYTHON) and value not in (*valid, default.runtime):
            raise UnknownValueError(
                f"Runtime = {_shown.repr(written)}: {value!r} is not a Python 3 runtime of Lambda; valid are "
                f"{', '.join(valid)}."
            )
        return value

    return then(_evaluated("Runtime", written, scope), checked)


def _architecture(function: TemplateFunction, scope: Scope) -> Chosen[str]:
    written = function.properties.get("Architectures")

    def single(values: Any) -> Chosen[Any]:
        if values in (None, []):
            return None
        is_single = isinstance(values, list) and len(values) == 1
        return _evaluated("Architectures", values[0], scope) if is_single else values

    def checked(value: Any) -> str:
        if value is None:
            return _ARCHITECTURE
        if value not in ARCHITECTURES:
            raise UnknownValueError(
                f"Architectures = {_shown.repr(written)}: write [x86_64] or [arm64], for a function has one of these."
            )
        return str(value)

    return then(then(_evaluated("Architectures", written, scope), single), checked)


def _evaluated(name: str, written: Any, scope: Scope) -> Chosen[Any]:
    try:
        return evaluate(written, scope)
    except UnknownValueError as problem:
        raise UnknownValueError(
            f"{name} = {_shown.repr(written)}: {problem}, so what to build for is not known. Write {_KNOWN_FORMS}."
        ) from None
