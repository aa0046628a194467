"""The commands by name, each loaded when it is called: what is asked for often must not wait for what others need."""

import importlib
import re
from pathlib import Path
from typing import Any

import click

# Command -> the module of this package that registers it, in the order in which help lists them.
MODULES = {
    "demo": "demo",
    "init": "init",
    "bootstrap": "bootstrap",
    "guardrails": "guardrails",
    "access": "access",
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


_INTERRUPTED = 130
_OVER_LINES = re.DOTALL | re.MULTILINE


class LazyCommands(click.Group):
    """Loads the one command that is called; help reads the others' first lines without running their modules."""

    def __init__(self, **attributes: Any) -> None:
        # Click looks among these for names that are like an unknown one.
        super().__init__(**attributes, no_args_is_help=True, commands=dict.fromkeys(MODULES, click.Command(None)))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        del ctx
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """What help says of a command; None when there is none of that name."""
        del ctx
        return click.Command(cmd_name, help=summary(cmd_name)) if cmd_name in MODULES else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; Click refuses an unknown one, and names those that are like it."""
        if args and args[0] in MODULES:
            return args[0], load(args[0]), args[1:]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Click itself would end with 1 when it is interrupted."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise click.exceptions.Exit(_INTERRUPTED) from interrupt


def load(name: str) -> click.Command:
    """Import a command's module, and register it."""
    app = click.Group()
    importlib.import_module(_module(name)).register(app)
    return app.commands[name]


def summary(name: str) -> str:
    """The first line of the docstring of a command's function, which has the command's name with `_` for `-`.

    It is looked for in the text: to parse thirty modules takes longer than help may.
    """
    text = Path(__file__).with_name(f"{MODULES[name]}.py").read_text(encoding="utf-8")
    found = re.search(rf'^def {name.replace("-", "_")}\(.*?\) -> None:\n    """([^\n]+?)(?:"""|$)', text, _OVER_LINES)
    return found[1] if found else ""


def _module(name: str) -> str:
    return f"orchestrator.cli.{MODULES[name]}"
