"""What one unit is built from besides its Python package: its sources with what its own command made, and its code."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from orchestrator.build.cache import Cache
from orchestrator.build.functions.builder import FunctionBuilder
from orchestrator.build.functions.code import UnitCode, built_of
from orchestrator.build.functions.command import CommandBuilder
from orchestrator.build.functions.fetching import Fetching
from orchestrator.build.functions.package import Package
from orchestrator.build.run import Commands
from orchestrator.build.scratch import copy_tree
from orchestrator.config.unit import Unit
from orchestrator.frozen import dataclass
from orchestrator.releases.built import Built
from orchestrator.source.reading import within


@dataclass(frozen=True)
class UnitBuild:
    """The building of one unit by its command and by tool chains; each is done when its result is asked for.

    Attributes:
        unit: the unit.
        fetching: brings what its lock files name.
        commands: runs the unit's code.
        python: the interpreter that runs aws-lambda-builders.
        cache: keeps what was built.
        digest: of all that the unit is made of.
        scratch: a folder that the unit's code may write to.
        own: a folder that it cannot reach.
        template: the unit's own, from the repository's root.
    """

    unit: Unit
    fetching: Fetching
    commands: Commands
    python: str
    cache: Cache
    digest: str
    scratch: Path
    own: Path
    template: str

    @cached_property
    def made(self) -> Mapping[str, Package]:
        """What the unit's command has made, by logical id; nothing where it has none.

        Raises:
            BuildError: the command failed, or something cannot be fetched.
            ConfigurationError: an artifact is not there, too large, or leads out of the unit's folder.
        """
        wanted = self.unit.settings.build
        if wanted is None:
            return {}
        return CommandBuilder(self.unit, self.fetching, self.commands, self.scratch, self.own).run(wanted)

    @cached_property
    def tree(self) -> Path:
        """The exported sources, with what the command has made; no code of the unit writes to them."""
        if not self.made:
            return self.fetching.tree
        tree = copy_tree(self.fetching.tree, self.own)
        for name, path in self.stand_ins.items():
            _put(self.made[name].path, tree, path)
        return tree

    @property
    def stand_ins(self) -> dict[str, str]:
        """By logical id, where in there the thing is that the command made for it."""
        wanted = self.unit.settings.build
        return {name: within(self.unit.folder, path) for name, path in wanted.artifacts.items()} if wanted else {}

    @property
    def settings(self) -> str:
        """Where the command is written, for messages."""
        return self.unit.settings_file

    @cached_property
    def code(self) -> UnitCode:
        """Builds functions and layers."""
        fetching = replace(self.fetching, tree=self.tree, python=replace(self.fetching.python, tree=self.tree))
        builder = FunctionBuilder(fetching, self.commands, self.python, self.cache, self.digest, self.scratch, self.own)
        return UnitCode(builder, self.made.keys(), self.template)

    @property
    def built(self) -> tuple[Built, ...]:
        """How everything was built, for the manifest."""
        own = [built_of(self.template, f"Resources.{name}", package) for name, package in sorted(self.made.items())]
        return (*own, *self.code.built)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the release should say of it."""
        own = (warning for package in self.made.values() for warning in package.warnings)
        return tuple(dict.fromkeys((*own, *self.code.warnings)))


def _put(made: Path, tree: Path, path: str) -> None:
    """Put a file or folder into a tree, in the place of what is there; no link of the tree is followed."""
    place = tree
    for part in path.split("/")[:-1]:
        place /= part
        if place.is_symlink() or not place.is_dir():
            place.unlink(missing_ok=True)
            place.mkdir()
    target = tree / path
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    if made.is_dir():
        shutil.copytree(made, target)
    else:
        shutil.copy(made, target)
