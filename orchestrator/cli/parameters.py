"""Commands are functions whose annotations say what each parameter is and what help tells of it; Click does the rest.

Typer reads functions like these as well, but imports pydantic to read any option: that takes longer than all else of a
command that is asked for often.
"""

from collections.abc import Callable
from enum import Enum
from inspect import Parameter, signature
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import click

from orchestrator.frozen import dataclass


@dataclass(frozen=True)
class Argument:
    """A parameter that is given by its place.

    Attributes:
        help: what help tells of it.
        metavar: what help calls it; the parameter's name in capitals when left out.
    """

    help: str
    metavar: str | None = None


@dataclass(frozen=True)
class Option:
    """A parameter that is given by its name.

    Attributes:
        name: such as `--from`; what follows from the parameter's name when left out, with a `--no-...` for a switch.
        help: what help tells of it.
        min: the least number, None for any.
        max: the largest one.
        envvar: the environment variable that it is taken from when it is not given.
    """

    name: str = ""
    help: str = ""
    min: int | None = None
    max: int | None = None
    envvar: str | None = None


class Values(click.Choice[Enum]):
    """One of an enumeration's values."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """Write a member as its value, where Click would write its name."""
        del ctx
        return str(choice.value if isinstance(choice, Enum) else choice)


class Group(click.Group):
    """Commands below another one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order in which they were added; Click would sort them."""
        del ctx
        return list(self.commands)


def command(function: Callable[..., object]) -> click.Command:
    """Make a function a command, which is called as it is with `-` for `_`; its docstring is the help.

    Its parameters are annotated with an `Argument` or an `Option`; only `context` is Click's own.
    """
    return click.Command(**described(function))


def group(function: Callable[..., object], *commands: Callable[..., object]) -> Group:
    """The same for one that has further commands below it."""
    return Group(**described(function), no_args_is_help=True, commands=[command(one) for one in commands])


def described(function: Callable[..., object]) -> dict[str, Any]:
    """What Click is told of a function."""
    takes_context = click.Context in get_type_hints(function).values()

    def call(**values: Any) -> object:
        # Click collects in tuples.
        given = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        return function(click.get_current_context(), **given) if takes_context else function(**given)

    return {
        "name": _name_of(function),
        "callback": call,
        "params": _parameters(function),
        "help": function.__doc__,
        "context_settings": {"show_default": True},
    }


def _name_of(function: Callable[..., object]) -> str:
    return function.__name__.replace("_", "-")


def _parameters(function: Callable[..., object]) -> list[click.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    found = (one for one in signature(function).parameters.values() if hints[one.name] is not click.Context)
    return [_parameter(one, *get_args(hints[one.name])) for one in found]


def _parameter(parameter: Parameter, annotation: Any, said: Argument | Option) -> click.Parameter:
    kind, is_list = _kind(annotation)
    default = parameter.default
    known: dict[str, Any] = {"type": _click_type(kind, said), "required": default is Parameter.empty}
    if default is not Parameter.empty:
        known["default"] = default.value if isinstance(default, Enum) else default
    if isinstance(said, Argument):
        # Click shows defaults of options alone.
        shown = f"{said.help}  [default: {known['default']}]" if known.get("default") else said.help
        return click.Argument([parameter.name], nargs=-1 if is_list else 1, metavar=said.metavar, help=shown, **known)
    named = said.name or f"--{parameter.name.replace('_', '-')}"
    if kind is bool:
        named = said.name or f"{named}/--no-{named.removeprefix('--')}"
        known |= {"is_flag": True}
    return click.Option(
        [parameter.name, named],
        multiple=is_list,
        envvar=said.envvar,
        show_envvar=bool(said.envvar),
        help=said.help,
        **known,
    )


def _kind(annotation: Any) -> tuple[Any, bool]:
    """The type of one value, without `None`, and whether there may be several."""
    if get_origin(annotation) is UnionType:
        (annotation,) = (one for one in get_args(annotation) if one is not NoneType)
    if get_origin(annotation) is list:
        return get_args(annotation)[0], True
    return annotation, False


def _click_type(kind: Any, said: Argument | Option) -> Any:
    if kind is Path:
        return click.Path(path_type=Path)
    if issubclass(kind, Enum):
        return Values(kind)
    if kind is int and isinstance(said, Option):
        return click.IntRange(said.min, said.max) if (said.min, said.max) != (None, None) else click.INT
    return kind
