"""Fetches the packages of a Node.js unit: by npm, without any code of the unit or of a package, into a cache.

npm works in a folder that holds the dependencies of `package.json` and a lock file that was checked, and is told to run
no scripts. Packages that have some run them later, confined and without a network, when they are installed once more
out of the cache.
"""

import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from orchestrator.build.cache import Cache
from orchestrator.build.functions.locks import PublishedLocks
from orchestrator.build.functions.npm.lock import LOCK, PACKAGE, SHRINKWRAP, Manifest, NpmLock, read_lock, read_manifest
from orchestrator.build.functions.npm.settings import NPMRC, Registries, RepositorySettings, read_npmrc
from orchestrator.build.functions.npm.yarn_lock import YARN_LOCK, check_yarn_lock, not_kept
from orchestrator.build.functions.stock import Stock, fetched
from orchestrator.build.functions.toolchains import ToolChain, this_processor
from orchestrator.build.run import Commands
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.sha256 import sha256_of

STEP = "fetch packages of npm"
_CACHE, TOOLS = "npm", "npm-tools"
_REGISTRIES = "npm-settings.json"
_CPUS = {"x86_64": "x64", "arm64": "arm64"}
_QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts", "--loglevel", "error")
# A package of the registry may need what is elsewhere. Older versions of npm know the first of these alone.
_REGISTRIES_ALONE = {
    "npm_config_git": "/bin/false",
    "npm_config_allow_git": "none",
    "npm_config_allow_remote": "none",
    "npm_config_allow_file": "none",
}
_ADDRESSES = {"npm_config_allow_remote": "all"}
_OTHER_LOCKS: Mapping[str, str] = {
    "pnpm-lock.yaml": "pnpm",
    "bun.lock": "Bun",
    "bun.lockb": "Bun",
}


@dataclass(frozen=True)
class Wanted:
    """What is fetched of a folder's packages.

    Attributes:
        processor: what they are for; None for this machine's.
        development: whether those for development are fetched, too.
        tool: a package that is also fetched apart, for this machine, where the lock has it.
    """

    processor: str | None
    development: bool = False
    tool: str = ""


@dataclass(frozen=True)
class Packages:
    """The packages of one folder.

    Attributes:
        lock: what names them; None when there are none.
        published: the lock where a build made it.
        stock: what was fetched.
        warnings: what the release should say.
        scripts: of the folder's own package, those that npm runs.
        tools: what is installed apart, to build with.
    """

    lock: NpmLock | None
    stock: Stock
    published: Artifact | None = None
    warnings: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    tools: tuple[Manifest, NpmLock] | None = None


@dataclass(frozen=True)
class Npm:
    """npm, ready to fetch for the build of one commit.

    Attributes:
        commands: of tools that fetch.
        chain: Node.js and npm.
        cache: keeps what was fetched.
        locks: keeps lock files that builds have made.
        as_of: when the commit was made.
        scratch: a folder of tools that fetch.
    """

    commands: Commands
    chain: ToolChain
    cache: Cache
    locks: PublishedLocks
    as_of: datetime
    scratch: Path

    def packages(self, tree: Path, where: str, wanted: Wanted) -> Packages:
        """Fetch what a folder of the unit depends on.

        Args:
            tree: the exported tree; it is read alone.
            where: the folder, from the repository's root.
            wanted: what of it.

        Raises:
            BuildError: they cannot be had.
            ConfigurationError: `package.json`, a lock file or `.npmrc` is not valid, or names what no registry has.
        """
        folder = tree / where
        path = folder / PACKAGE
        if not path.is_file():
            return Packages(None, Stock(variables=self._settings(RepositorySettings({}))))
        manifest = read_manifest(path.read_bytes(), f"{where}/{PACKAGE}")
        npmrc = folder / NPMRC
        file = f"{where}/{NPMRC}"
        settings = read_npmrc(npmrc.read_text(encoding="utf-8") if npmrc.is_file() else "", file)
        lock, published = self._lock(folder, where, manifest, settings)
        warnings = tuple(settings.warning(file))
        variables = self._settings(settings)
        if lock is None:
            return Packages(None, Stock(variables=variables), None, warnings, manifest.scripts)
        shape = {**settings.variables, **_processor(wanted.processor)}
        stock = Stock({_CACHE: self._fetched(manifest, lock, shape, wanted)}, {**variables, **shape})
        tools = self._tools(lock, f"{where}/{PACKAGE}", wanted.tool)
        if tools:
            stock |= Stock({TOOLS: self._fetched(*tools, {}, Wanted(None))})
        return Packages(lock, stock, published, warnings, manifest.scripts, tools)

    @staticmethod
    def _tools(lock: NpmLock, file: str, tool: str) -> tuple[Manifest, NpmLock] | None:
        """What is fetched apart, which must bring its programs along as packages."""
        found = lock.only(tool) if tool else None
        if found and found[1].is_alone:
            raise ConfigurationError(
                file,
                f"the version of {tool} in the lock fetches its program by itself when it is installed, which builds "
                f"do not allow: require a newer {tool}, whose programs are packages, and lock again.",
            )
        return found

    @cached_property
    def registries(self) -> Registries:
        """Where this machine's npm gets packages from; it is asked where no file of the unit is."""
        known = self.scratch / _REGISTRIES
        if not known.exists():
            command: list[str | Path] = [self._npm, "config", "list", "--json"]
            outcome = self.commands.attempt(STEP, command, self.scratch, self._variables)
            self.commands.require(STEP, outcome, "npm does not tell its settings; its output is below.")
            # An address may hold a password.
            known.touch(mode=0o600)
            known.write_text(outcome.output[outcome.output.index("{") :], encoding="utf-8")
        return Registries.of(known.read_text(encoding="utf-8"))

    @property
    def _npm(self) -> Path:
        return self.chain.program("npm")

    @property
    def _variables(self) -> dict[str, str]:
        return {"PATH": self.chain.path(self.commands), **_REGISTRIES_ALONE}

    def _settings(self, settings: RepositorySettings) -> dict[str, str]:
        """What tells the unit's npm to take everything out of the cache."""
        return {
            **self.registries.variables,
            **settings.variables,
            "npm_config_cache": f"{{home}}/{_CACHE}",
            "npm_config_offline": "true",
            "npm_config_audit": "false",
            "npm_config_fund": "false",
            "npm_config_update_notifier": "false",
            # Of newer versions, which else ask for each package whether its scripts may run.
            "npm_config_dangerously_allow_all_scripts": "true",
        }

    def _lock(
        self, folder: Path, where: str, manifest: Manifest, settings: RepositorySettings
    ) -> tuple[NpmLock | None, Artifact | None]:
        """The lock of a folder: its own, else the one that is made as of the commit, which is published."""
        hosts = self.registries.hosts
        for name in (SHRINKWRAP, LOCK):
            if (folder / name).is_file():
                return read_lock((folder / name).read_bytes(), name, f"{where}/{name}", hosts), None
        other = next((name for name in _OTHER_LOCKS if (folder / name).is_file()), None)
        if other:
            raise ConfigurationError(
                f"{where}/{other}",
                f"is a lock of {_OTHER_LOCKS[other]}, which builds do not read: write a {LOCK} beside {PACKAGE} with "
                "'npm install --package-lock-only', and commit it in its place.",
            )
        if not manifest.has_dependencies:
            return None, None
        yarn = (folder / YARN_LOCK).read_text(encoding="utf-8") if (folder / YARN_LOCK).is_file() else ""
        if yarn:
            check_yarn_lock(yarn, f"{where}/{YARN_LOCK}", hosts)
        declared = sha256_of("\0".join((manifest.text, yarn, repr(sorted(settings.variables.items())))).encode())
        text, published = self.locks.once(declared, LOCK, lambda: self._resolved(manifest, yarn, where, settings))
        lock = read_lock(text, LOCK, published.key, hosts)
        if yarn and (missing := not_kept(lock, yarn)):
            raise ConfigurationError(
                f"{where}/{YARN_LOCK}",
                f"npm resolves {', '.join(missing)} otherwise: write a {LOCK} beside it with 'npm install "
                "--package-lock-only', and commit it in its place.",
            )
        return lock, published

    def _resolved(self, manifest: Manifest, yarn: str, where: str, settings: RepositorySettings) -> bytes:
        """Make a lock as the registry was when the commit was made."""
        folder = self._folder(manifest, {YARN_LOCK: yarn} if yarn else {})
        before = self.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        command: list[str | Path] = [self._npm, "install", "--package-lock-only", "--before", before, *_QUIET]
        variables = {**self._variables, **settings.variables, "npm_config_cache": str(folder / "cache")}
        if yarn:
            # To npm, what such a lock names are addresses; they were checked.
            variables |= _ADDRESSES
        outcome = self.commands.attempt(STEP, command, folder, variables)
        said = f"what {where}/{PACKAGE} names cannot be resolved as of {before}; npm says why below."
        self.commands.require(STEP, outcome, said)
        return (folder / LOCK).read_bytes()

    def _fetched(self, manifest: Manifest, lock: NpmLock, shape: Mapping[str, str], wanted: Wanted) -> Path:
        """The archive of npm's cache with what a lock names."""
        omitted = () if wanted.development else ("--omit", "dev")
        parts = (manifest.text, lock.name, lock.text, repr((sorted(shape.items()), omitted)), self.chain.fingerprint)

        def fetch(folder: Path) -> Path:
            _write(folder, manifest, {lock.name: lock.text})
            variables = {**self._variables, **shape, "npm_config_cache": str(folder / "cache")}
            command: list[str | Path] = [self._npm, "ci", *_QUIET, *omitted]
            outcome = self.commands.attempt(STEP, command, folder, variables)
            self.commands.require(STEP, outcome, f"what {lock.name} names cannot be had; npm says why below.")
            (folder / "cache" / "_cacache").mkdir(parents=True, exist_ok=True)
            (kept := folder / "kept").mkdir()
            (folder / "cache" / "_cacache").rename(kept / "_cacache")
            return kept

        return fetched(self.cache, sha256_of("\0".join(parts).encode()), self.scratch, fetch)

    def _folder(self, manifest: Manifest, files: Mapping[str, str]) -> Path:
        """A new folder for npm, with what was checked."""
        folder = Path(tempfile.mkdtemp(prefix="npm-", dir=self.scratch))
        _write(folder, manifest, files)
        return folder


def _write(folder: Path, manifest: Manifest, files: Mapping[str, str]) -> None:
    for name, text in ((PACKAGE, manifest.text), *files.items()):
        (folder / name).write_text(text, encoding="utf-8")


def _processor(processor: str | None) -> dict[str, str]:
    """What tells npm which of the optional packages are wanted, where that are not this machine's."""
    if processor is None or (processor == this_processor() and sys.platform == "linux"):
        return {}
    return {"npm_config_os": "linux", "npm_config_libc": "glibc", "npm_config_cpu": _CPUS[processor]}
