"""A build machine with the sources of one unit in a folder, and the registry of npm that it asks."""

import os
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uv

from orchestrator.build.cache import Cache
from orchestrator.build.confined.confinement import Confinement
from orchestrator.build.confined.users import own_user
from orchestrator.build.environment import clean_environment
from orchestrator.build.folder import FolderStore
from orchestrator.build.functions.builder import FunctionBuilder
from orchestrator.build.functions.command import CommandBuilder
from orchestrator.build.functions.fetching import Fetching
from orchestrator.build.functions.locks import PublishedLocks
from orchestrator.build.functions.package import Package
from orchestrator.build.functions.python import Python
from orchestrator.build.functions.source import Source
from orchestrator.build.run import Commands
from orchestrator.build.uv import Uv
from orchestrator.config.unit import BuildCommand, Unit, UnitSettings
from orchestrator.confine.features import of_this_machine
from tests.unit.build.fakes import COMMITTED_AT

UNIT, FOLDER = "orders", "services/orders"
TEMPLATE = f"{FOLDER}/template.yaml"


@dataclass
class Workbench:
    """A machine, and the unit `orders` in `services/orders`.

    Args:
        folder: an empty folder.
        environment: what the worker has besides what this process has.
        cache: what the machine keeps.
    """

    folder: Path
    environment: Mapping[str, str]
    cache: Cache
    builds: int = field(default=0)

    @property
    def tree(self) -> Path:
        """The exported sources."""
        return self.folder / "tree"

    @property
    def said(self) -> str:
        """What all commands have printed."""
        log = self.folder / "log"
        return log.read_text(encoding="utf-8") if log.exists() else ""

    def write(self, name: str, text: str, *, program: bool = False) -> None:
        """Write a file of the unit."""
        path = self.tree / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if program else 0o644)

    def build(self, name: str = "Function", code: str = "code", **about: Any) -> Package:
        """Build a function of the unit, in a folder that no other build has."""
        source = Source(name, TEMPLATE, f"{FOLDER}/{code}", **about)
        with own_user(of_this_machine()) as user:
            return self._builder(user).build(source)

    def run(self, *command: str, **artifacts: str) -> dict[str, Package]:
        """Run a build command of the unit."""
        wanted = BuildCommand(command=command, artifacts=artifacts)
        unit = Unit(name=UNIT, folder=FOLDER, version="1", settings=UnitSettings(build=wanted))
        with own_user(of_this_machine()) as user:
            made = self._builder(user)
            return CommandBuilder(unit, made.fetching, made.commands, made.scratch, made.own).run(wanted)

    def _builder(self, user: int | None) -> FunctionBuilder:
        self.builds += 1
        places = [self.folder / f"build-{self.builds}" / name for name in ("fetched", "work", "own")]
        for place in places:
            place.mkdir(parents=True, mode=0o700)
        fetched, work, own = places
        for passed in (fetched.parent, fetched):
            passed.chmod(0o711)
        seen = clean_environment({**os.environ, **self.environment})
        log = self.folder / "log"
        tools = Commands(UNIT, log, seen, 300, Confinement(fetched, self.cache.of_uv(UNIT)))
        commands = Commands(UNIT, log, seen, 300, Confinement(work, user=user))
        locks = PublishedLocks(UNIT, FolderStore(self.folder / "published"))
        packages = Uv(tools, uv.find_uv_bin(), sys.executable, COMMITTED_AT)
        unit = Unit(name=UNIT, folder=FOLDER, version="1", settings=UnitSettings())
        python = Python(unit, packages, self.cache, locks, fetched, self.tree)
        fetching = Fetching(tools, self.cache, locks, COMMITTED_AT, fetched, self.tree, python)
        return FunctionBuilder(fetching, commands, sys.executable, self.cache, f"digest {self.builds}", work, own)


def files_of(package: Package) -> dict[str, str]:
    """The files of a package, by name."""
    with zipfile.ZipFile(package.path) as archive:
        return {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}
