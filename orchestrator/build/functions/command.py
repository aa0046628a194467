"""Runs the unit's own build command, confined and without a network, and takes what it names of the result."""

import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from orchestrator.build.bounds import LARGEST_UNZIPPED, check_archive
from orchestrator.build.functions.fetching import Fetched, Fetching
from orchestrator.build.functions.npm.lock import LOCK
from orchestrator.build.functions.npm.settings import NPMRC
from orchestrator.build.functions.package import Package, Reproducibility
from orchestrator.build.rawzip import RawZipWriter
from orchestrator.build.run import Commands
from orchestrator.build.scratch import copy_tree
from orchestrator.build.untrusted import Budget, UntrustedFolder
from orchestrator.config.unit import BuildCommand, Unit
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

STEP = "run the unit's build command"
_INSTALL = "install packages of npm"
_METHOD = "command"
_ADVICE = "Let the command write plain files, and links to what is in its folder."
_ARCHIVE = ".zip"
_FILE, _PROGRAM, _EXECUTABLE = 0o644, 0o755, 0o100


@dataclass(frozen=True)
class CommandBuilder:
    """Runs the build command of one unit.

    Attributes:
        unit: the unit.
        fetching: brings what its lock files name.
        commands: runs the unit's code.
        scratch: a folder that the unit's code may write to.
        own: a folder that it cannot reach.
    """

    unit: Unit
    fetching: Fetching
    commands: Commands
    scratch: Path
    own: Path

    def run(self, wanted: BuildCommand) -> dict[str, Package]:
        """Run it.

        Args:
            wanted: the unit's setting.

        Returns:
            By logical id, a copy of the file or folder that stands in for its local path.

        Raises:
            BuildError: the command failed, or something cannot be fetched.
            ConfigurationError: an artifact is not there, too large, or leads out of the unit's folder.
        """
        folder = self.unit.folder
        fetched = self.fetching.for_folder(folder, self._said)
        work = self.commands.give(Path(tempfile.mkdtemp(prefix="command-", dir=self.scratch)))
        tree = copy_tree(self.fetching.tree, work)
        (tree / folder / NPMRC).unlink(missing_ok=True)
        (work / "stock").mkdir()
        self.commands.give_all(work)
        seen = fetched.stock.unpack(self.commands, work / "stock")
        commands = self.commands.reading(fetched.chain.readable)
        self._install(commands, fetched, tree / folder, seen)
        binaries = [tree / folder / "node_modules" / ".bin"] if fetched.packages.lock else []
        seen["PATH"] = fetched.chain.path(commands, *binaries)
        program = _program(wanted.command[0], [*binaries, *fetched.chain.search_path])
        outcome = commands.attempt(STEP, [program, *wanted.command[1:]], tree / folder, seen)
        commands.require(STEP, outcome, f"{self._said} failed, its output is below.")
        parts = (tree / folder).relative_to(self.scratch).parts
        into = Path(tempfile.mkdtemp(prefix="command-", dir=self.own))
        written = UntrustedFolder(
            self.scratch, parts, "the build command", self.unit.settings_file, _ADVICE, follows=True
        )
        packages = fetched.packages
        return {
            name: Package(
                self._taken(written, name, path, into / name),
                _METHOD,
                Reproducibility("the unit's own command decides what is made"),
                packages.published,
                packages.warnings,
                fetched.versions,
            )
            for name, path in wanted.artifacts.items()
        }

    @property
    def _said(self) -> str:
        return f"{self.unit.settings_table}.build"

    def _install(self, commands: Commands, fetched: Fetched, folder: Path, seen: Mapping[str, str]) -> None:
        """Install the packages of npm that the command works with; scripts of theirs run now."""
        lock = fetched.packages.lock
        if lock is None:
            return
        if fetched.packages.published:
            (folder / LOCK).write_text(lock.text, encoding="utf-8")
            commands.give(folder / LOCK)
        variables = {**seen, "PATH": fetched.chain.path(commands)}
        npm = fetched.chain.program("npm")
        outcome = commands.attempt(_INSTALL, [npm, "ci"], folder, variables)
        commands.require(_INSTALL, outcome, "the packages of package.json could not be installed, see below.")

    def _taken(self, written: UntrustedFolder, name: str, path: str, into: Path) -> Path:
        """An artifact, out of reach of the unit's code."""
        into.mkdir()
        budget = Budget(LARGEST_UNZIPPED)
        kept = into / PurePosixPath(path).name
        try:
            if written.is_folder(path):
                written.copy_folder(path, kept, budget)
                return kept
            written.copy_file(path, kept, budget)
        except ConfigurationError as error:
            where = f"{self._said}.artifacts.{name} = {path!r}"
            raise ConfigurationError(error.file, *(f"{where}: {problem}" for problem in error.problems)) from error
        return _packed_again(kept, into / f"{name}.zip") if kept.suffix == _ARCHIVE else kept


def _program(name: str, folders: Iterable[Path]) -> str:
    """A program by its path, where it is one of those that were fetched; all others are looked up as always."""
    return next((str(folder / name) for folder in folders if "/" not in name and (folder / name).exists()), name)


def _packed_again(archive: Path, into: Path) -> Path:
    """A zip with our order and times: those of another tool would make equal content differ."""
    check_archive(archive, LARGEST_UNZIPPED)
    with zipfile.ZipFile(archive) as packed, RawZipWriter(into) as written:
        for entry in sorted(packed.infolist(), key=lambda entry: entry.filename):
            if not entry.is_dir():
                mode = _PROGRAM if entry.external_attr >> 16 & _EXECUTABLE else _FILE
                written.copy(entry.filename, mode, packed, entry)
    return into
