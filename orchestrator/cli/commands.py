"""The commands by name, each loaded when it is called: what is asked for often must not wait for what others need."""

import ast
import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# Command -> the module of this package that registers it, in the order in which help lists them.
MODULES = {
    "demo": "demo",
    "init": "init",
    "bootstrap": "bootstrap",
    "units": "units",
    "affected": "affected",
    "build": "build",
    "build-task": "build_task",
    "merge": "merge",
    "webhook": "webhook",
    "publish-source": "publish_source",
    "plan": "plan",
    "promote": "promote",
    "train": "train",
    "status": "status",
    "history": "history",
    "drift": "drift",
    "retire": "retire",
    "verify": "verify",
    "diff": "diff",
    "approve": "decide",
    "reject": "decide",
    "rollback": "rollback",
    "retry": "recover",
    "abort": "recover",
    "freeze": "controls",
    "unfreeze": "controls",
    "quarantine": "controls",
    "resume": "controls",
    "graph": "graph",
    "worker": "worker",
    "local": "local",
}


class LazyCommands(TyperGroup):
    """Loads the one command that is called; help reads the others' first lines without running their modules."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # Typer looks here for names that are like an unknown one.
        self.commands = dict.fromkeys(MODULES, TyperCommand(None))

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command."""
        del ctx
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What help says of a command; None when there is none of that name."""
        del ctx
        return TyperCommand(cmd_name, help=summary(cmd_name)) if cmd_name in MODULES else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called; Typer refuses an unknown one, and names those that are like it."""
        if args and args[0] in MODULES:
            return args[0], load(args[0]), args[1:]
        return super().resolve_command(ctx, args)


def load(name: str) -> Any:
    """Import a command's module, and register it."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)
    # Without a callback, an app of one command would be that command instead of a group.
    app.callback()(lambda: None)
    importlib.import_module(_module(name)).register(app)
    return typer.main.get_group(app).commands[name]


def summary(name: str) -> str:
    """The first line of the docstring of a command's function, which has the command's name with `_` for `-`."""
    spec = find_spec(_module(name))
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(_module(name))
    tree = ast.parse(Path(spec.origin).read_bytes())
    functions = (
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name.replace("-", "_")
    )
    return (ast.get_docstring(next(functions)) or "").split("\n", 1)[0]


def _module(name: str) -> str:
    return f"orchestrator.cli.{MODULES[name]}"
