"""A repository with one hostile unit, and a machine that really builds it, with the real uv."""

from dataclasses import replace
from pathlib import Path

from orchestrator.build.build import Build, Builder, Tools
from orchestrator.build.folder import FolderLedger, FolderStore
from orchestrator.source.catalog import read_catalog
from tests.unit.build.fakes import PYPROJECT, example_repository

_HATCHLING = PYPROJECT.replace("some-backend", "hatchling").replace("some_backend", "hatchling.build")
_PROJECT = _HATCHLING.replace('"six==1.16.0"', "") + '\n[tool.hatch.build.hooks.custom]\npath = "hook.py"\n'
_HOOK = """
import sys
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        {harm}
"""


class HostileUnit:
    """The unit `orders`.

    Args:
        tools: of the machine.
        folder: an empty folder.
    """

    def __init__(self, tools: Tools, folder: Path) -> None:
        self.tools = tools
        self.repository = example_repository(folder / "repository")
        self.log = folder / "log"
        self._published = folder / "published"

    def write(self, name: str, text: str) -> None:
        """Write a file of the unit."""
        self.repository.write(f"projects/orders/{name}", text)

    def hook(self, harm: str) -> None:
        """Let hatchling run code in the process that it was started in, before it builds each package."""
        self.write("pyproject.toml", _PROJECT)
        self.write("hook.py", _HOOK.format(harm=harm.strip().replace("\n", "\n        ")))

    def build(self, *, merged: bool = False) -> Build:
        """Build it."""
        store, ledger = FolderStore(self._published), FolderLedger(self._published)
        builder = Builder(self.repository, store, ledger, self.tools)
        return builder.build(read_catalog(self.repository, "main"), "orders", self.log, merged=merged)

    @property
    def said(self) -> str:
        """What the commands of all builds have printed."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def on(self, **features: object) -> "HostileUnit":
        """Let the machine be another one."""
        self.tools = replace(self.tools, features=self.tools.features._replace(**features))  # type: ignore[arg-type]
        return self
