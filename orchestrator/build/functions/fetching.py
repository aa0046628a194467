"""Fetches what the lock files of a folder name, by the tools that know them, while no code of the unit runs."""

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path

from orchestrator.build.cache import Cache
from orchestrator.build.functions import go, toolchains, workflows
from orchestrator.build.functions.locks import PublishedLocks
from orchestrator.build.functions.npm.lock import PACKAGE
from orchestrator.build.functions.npm.packages import Npm, Packages, Wanted
from orchestrator.build.functions.python import Python
from orchestrator.build.functions.source import Source
from orchestrator.build.functions.stock import Stock
from orchestrator.build.functions.toolchains import ToolChain, this_processor
from orchestrator.build.functions.workflows import Workflow
from orchestrator.build.run import Commands
from orchestrator.config.platform import Platform
from orchestrator.frozen import dataclass

_ESBUILD = "esbuild"
_PYTHON = "python"
# What a Makefile of a custom runtime or a layer installs packages for, if it does.
_OF_THIS_MACHINE = f"{sys.version_info.major}.{sys.version_info.minor}"
_NOTHING = Packages(None, Stock())
# Tools that would else wait for a network that is not there.
_OFFLINE = {"CARGO_NET_OFFLINE": "true", "PIP_NO_INDEX": "1", "UV_OFFLINE": "1", "BUNDLE_DEPLOYMENT": "true"}


@dataclass(frozen=True)
class Fetched:
    """What was fetched for one folder.

    Attributes:
        chain: the programs that build it.
        stock: what they build from.
        packages: those of npm.
        versions: of the programs.
    """

    chain: ToolChain
    stock: Stock
    packages: Packages = _NOTHING
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fetching:
    """Fetches for the build of one commit.

    Attributes:
        commands: of tools that fetch.
        cache: keeps what was fetched.
        locks: keeps lock files that builds have made.
        as_of: when the commit was made.
        scratch: a folder of tools that fetch; no code of the unit writes to it.
        tree: the exported tree.
        python: brings Python packages.
    """

    commands: Commands
    cache: Cache
    locks: PublishedLocks
    as_of: datetime
    scratch: Path
    tree: Path
    python: Python

    def for_source(self, source: Source, workflow: Workflow) -> Fetched:
        """Fetch what a function or layer is built from.

        Raises:
            BuildError: a program is missing, or something cannot be had.
            ConfigurationError: a lock file is not valid, or names what no registry of the machine has.
        """
        return self._with_versions(self._for_source(source, workflow))

    def _for_source(self, source: Source, workflow: Workflow) -> Fetched:
        chain = toolchains.tool_chain(self.commands, workflow, source.where, self.shims())
        offline = Stock(variables=_OFFLINE)
        if workflow.language == workflows.NODE:
            everything = workflows.uses_npm_ci(source)
            tool, processor = (_ESBUILD, None) if workflow.bundles else ("", source.processor)
            wanted = Wanted(processor, development=everything, tool=tool)
            packages = self._npm(chain).packages(self.tree, source.folder, wanted)
            return Fetched(chain, offline | packages.stock, packages)
        if workflow.language == workflows.GO:
            modules = self._go(chain).modules(self.tree, source.folder, source.processor)
            return Fetched(chain, offline | modules)
        if workflow.language == workflows.PROVIDED:
            found = self._for_folder(source.place("ProjectRootDirectory"), source.where)
            own = source.runtime.removeprefix(_PYTHON) if source.runtime.startswith(_PYTHON) else _OF_THIS_MACHINE
            wheels = self.python.wheels(source.folder, Platform(own, source.processor))
            return Fetched(chain | found.chain, found.stock | wheels, found.packages)
        return Fetched(chain, offline)

    def for_folder(self, where: str, said: str) -> Fetched:
        """Fetch what all lock files of a folder name that are known here.

        Args:
            where: the folder, from the repository's root.
            said: what is built, for messages.

        Raises:
            BuildError, ConfigurationError: as `for_source`.
        """
        made = self._for_folder(where, said)
        return self._with_versions(replace(made, chain=self.python.environment(where) | made.chain))

    def _for_folder(self, where: str, said: str) -> Fetched:
        chain, stock, packages = ToolChain(), Stock(variables=_OFFLINE), _NOTHING
        folder = self.tree / where
        if (folder / PACKAGE).is_file():
            node = toolchains.node(self.commands, said, self.shims())
            packages = self._npm(node).packages(self.tree, where, Wanted(None, development=True))
            chain, stock = chain | node, stock | packages.stock
        if (folder / go.MOD).is_file():
            found = toolchains.program(self.commands, workflows.GO, said)
            chain, stock = chain | found, stock | self._go(found).modules(self.tree, where, this_processor())
        return Fetched(chain, stock, packages)

    def _with_versions(self, made: Fetched) -> Fetched:
        commands = self.commands.reading(made.chain.readable)
        return replace(made, versions=made.chain.versions(commands, self.cache, self.scratch))

    def _npm(self, chain: ToolChain) -> Npm:
        return Npm(self.commands.reading(chain.readable), chain, self.cache, self.locks, self.as_of, self.scratch)

    def _go(self, chain: ToolChain) -> go.Go:
        return go.Go(self.commands.reading(chain.readable), chain, self.cache, self.scratch)

    def shims(self) -> Path:
        """A new folder for what starts programs that are none by themselves; no code of the unit writes to it."""
        folder = Path(tempfile.mkdtemp(prefix="programs-", dir=self.scratch))
        # The unit's code, which starts them, may be another user.
        folder.chmod(0o755)
        return folder
