"""The platforms of a unit: of its Python functions, in each template and each environment."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from orchestrator.build.platforms.choice import cases, then, values
from orchestrator.build.platforms.functions import functions_of
from orchestrator.build.platforms.layer_use import FunctionPlatforms, check_layer_use, layers_used
from orchestrator.build.platforms.own_layers import OwnLayers
from orchestrator.build.platforms.resolve import FunctionRuntime, runtimes_of
from orchestrator.build.platforms.scope import Scope, UnknownValueError
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.template_code import LAYER_KEY, dependency_layers, layer_parameter, wheel_functions

Users = Mapping[Platform, Sequence[str]]
"""By platform, the functions that run on it."""


@dataclass(frozen=True)
class Resolved:
    """What the Python functions of a template run on in some environments.

    Attributes:
        document: the template.
        platforms: by function.
        environments: those in which they do.
    """

    document: Mapping[str, Any]
    platforms: FunctionPlatforms
    environments: tuple[str, ...]


def resolve_environments(
    document: Mapping[str, Any],
    environments: Sequence[str],
    scope: Callable[[str], Scope],
    default: Platform,
    file: str,
) -> tuple[Resolved, ...]:
    """Resolve a template for each environment; those that agree are together.

    Args:
        document: the template, with the unit's code in it.
        environments: those that it is for.
        scope: what is known in one.
        default: the platform of `[lambda]`.
        file: the template, for messages.

    Raises:
        ConfigurationError: a platform cannot be known, or a function with the unit's code is not a Python function.
    """
    agreeing: list[tuple[FunctionPlatforms, list[str]]] = []
    for environment in environments:
        platforms = python_platforms(document, scope(environment), default, file)
        same = next((names for known, names in agreeing if known == platforms), None)
        if same is None:
            agreeing.append((platforms, [environment]))
        else:
            same.append(environment)
    return tuple(Resolved(document, platforms, tuple(names)) for platforms, names in agreeing)


def python_platforms(
    document: Mapping[str, Any], scope: Scope, default: Platform, file: str, also: Collection[str] = ()
) -> FunctionPlatforms:
    """Resolve the functions that run Python code of the unit or use a layer of its dependencies."""
    own, wheel = dependency_layers(dict(document)), {*wheel_functions(dict(document)), *also}
    names = {one.name for one in functions_of(document) if one.name in wheel or any(layers_used(one, own))}
    runtimes = runtimes_of(document, scope, default, file, names)
    platforms, problems = {}, []
    for name, runtime in runtimes.items():
        try:
            platforms[name] = then(runtime, _python)
        except UnknownValueError as problem:
            problems.append(f"Resources.{name}{problem}")
    if problems:
        raise ConfigurationError(file, *problems)
    return platforms


@dataclass(frozen=True)
class UnitPlatforms:
    """The platforms of a unit.

    Attributes:
        every: all of them, the main one first; none for a unit that runs no Python and names no layer.
        with_layer: those that the unit has dependencies on.
    """

    every: tuple[Platform, ...]
    with_layer: frozenset[Platform] = frozenset()

    @classmethod
    def of(cls, resolved: Sequence[Resolved], default: Platform) -> "UnitPlatforms":
        """The platforms of all templates.

        The main platform is the one whose layer `LayerKey` is: that of the functions that use this layer, that of
        `[lambda]` where there is a choice, else that of most functions.

        Args:
            resolved: all templates.
            default: the platform of `[lambda]`.
        """
        platforms = Counter(one for each in resolved for chosen in each.platforms.values() for one in values(chosen))
        if not platforms:
            declares = any(LAYER_KEY in one.document.get("Parameters", {}) for one in resolved)
            return cls((default,) if declares else ())
        candidates = Counter(one for each in resolved for one in _with_main_layer(each)) or platforms
        main = default if default in candidates else candidates.most_common(1)[0][0]
        return cls((main, *sorted(platforms.keys() - {main}, key=lambda one: (one.version, one.architecture))))

    @property
    def parameters(self) -> dict[str, bool]:
        """The template's parameters for the keys of layers, and whether there is such a layer."""
        return {layer_parameter(one, self.every[0]): one in self.with_layer for one in self.every}

    def with_layers(
        self, document: dict[str, Any], functions: FunctionPlatforms, platforms: FunctionPlatforms, file: str
    ) -> dict[str, Any]:
        """Give functions their layers, and check the layers that functions name.

        Args:
            document: the template.
            functions: those that get a layer.
            platforms: of all functions.
            file: the template, for messages.

        Raises:
            ConfigurationError: a function cannot have its layer, or names one for another platform.
        """
        if not self.every:
            return document
        main = self.every[0]
        check_layer_use(document, platforms, main, file)
        return OwnLayers(main, self.with_layer)(document, functions, file)


def users_of(resolved: Iterable[Resolved]) -> Users:
    """The functions of each platform."""
    users: dict[Platform, list[str]] = {}
    for one in resolved:
        for name, chosen in one.platforms.items():
            for platform in values(chosen):
                names = users.setdefault(platform, [])
                names.extend([name] if name not in names else [])
    return users


def _with_main_layer(resolved: Resolved) -> Iterable[Platform]:
    own = {name: key for name, key in dependency_layers(dict(resolved.document)).items() if key == LAYER_KEY}
    for function in functions_of(resolved.document):
        for known, platform in cases(resolved.platforms[function.name]) if function.name in resolved.platforms else ():
            if any(layers_used(function, own, known)):
                yield platform


def _python(runtime: FunctionRuntime) -> Platform:
    if runtime.platform is None:
        what = f".Properties.Runtime = {runtime.runtime!r}" if runtime.runtime else " is a container image"
        raise UnknownValueError(
            f"{what}: the function takes its code or a layer from the unit's Python package. Give it a Python runtime, "
            "or code of its own."
        )
    return runtime.platform
