"""A unit's dependencies: locked for the Lambda runtime, and made into a layer."""

import json
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from orchestrator.build.cache import Cache
from orchestrator.build.declared import Declared, Lock
from orchestrator.build.layer import LayerFile, assemble
from orchestrator.build.requirements.pins import Pin, PinnedLock, Unpinned
from orchestrator.build.requirements.uv_lock import UV_LOCK, check_uv_lock
from orchestrator.build.run import Outcome
from orchestrator.build.runtime import Target, lambda_runtime
from orchestrator.build.unpacked import Unpacked, top_level
from orchestrator.build.uv import Uv
from orchestrator.build.wheel import Wheel, from_json, to_json
from orchestrator.config.platform import Platform
from orchestrator.config.unit import FILE_NAME
from orchestrator.errors import BuildError, ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of

_STEP = "lock dependencies"
# A name, with the versions that uv looked at where there are any; of several groups of versions, the last one.
_NO_WHEEL = re.compile(r"\b([A-Za-z0-9][\w.-]{0,99})(?:[=<>!~]=?\S{1,200})?\s+(?:has|have) no (?:usable )?wheels")
LAYERS = "layers"
_LOCKS, _WHEELS = "locks", "locked-wheels"
_PYLOCK = "pylock.toml"
# Unpacking is decompressing, beside which other threads can write.
_AT_ONCE = 2


@dataclass(frozen=True)
class Dependencies:
    """Locks what units declare, and makes layers of it.

    Attributes:
        uv: asks the package index.
        cache: keeps locks, wheels and layers.
        platform: what everything is for.
    """

    uv: Uv
    cache: Cache
    platform: Platform

    def lock(self, declared: Declared, scratch: Path) -> Lock:
        """Find the exact wheels of all dependencies: those of the unit's lock file, else the newest that go together.

        Raises:
            ConfigurationError: a lock file is not valid, or was made for other dependencies.
            BuildError: no set of wheels satisfies them all.
        """
        key = sha256_of(f"{declared.key(self.platform)} {self._moment(declared)}".encode())

        def make() -> bytes:
            return self._lock(declared, scratch).text.encode()

        return Lock(self.cache.once(_LOCKS, key, make).decode(), self.platform)

    def layer(self, locked: Lock, scratch: Path, into: Path) -> LayerFile:
        """Make the layer of a lock, or find the one that was made before.

        Args:
            locked: the lock.
            scratch: a folder that uv may write to.
            into: the file.

        Raises:
            BuildError: a wheel is not to be had any more.
        """
        with self.cache.locked(LAYERS, locked.sha256):
            found = self.cache.take(LAYERS, locked.sha256, into)
            if found:
                return LayerFile(into, found)
            # Only a layer that is new needs HTTP, which takes long to import.
            from orchestrator.build.fetch import Fetcher  # noqa: PLC0415

            fetched = Fetcher(self.uv, self.cache, self._target).fetch(self._wheels(locked, scratch), scratch)
            made = assemble([one.path for one in fetched], into)
            if made.clashes:
                self.uv.commands.note(f"Several packages bring these files, the last one's stays: {made.clashes}")
            self.cache.keep(LAYERS, locked.sha256, into, made.sha256)
            return LayerFile(into, made.sha256)

    def wheels(self, locked: Lock, scratch: Path) -> dict[str, Path]:
        """Fetch the wheels of a lock; returns them by the names that their index gives them.

        Raises:
            BuildError: a wheel is not to be had any more.
        """
        from orchestrator.build.fetch import Fetcher  # noqa: PLC0415  # As above.

        wanted = self._wheels(locked, scratch)
        fetched = Fetcher(self.uv, self.cache, self._target).fetch(wanted, scratch)
        return {wheel.file: one.path for wheel, one in zip(wanted, fetched, strict=True)}

    def unpacked(self, locked: Lock, *, anew: bool) -> tuple[Path, ...]:
        """The folders that a layer can be imported from, one for each wheel.

        There are none where not all of the wheels are on this machine, and where two have something of the same name:
        there, only the layer itself tells what stays.

        Args:
            locked: what the layer was made of.
            anew: whether to unpack wheels that are not unpacked yet.
        """
        kept = self.cache.read(_WHEELS, locked.sha256)
        wheels = [wheel.sha256 for wheel in from_json(kept)] if kept else []
        unpacked = Unpacked(self.cache)
        folders = [unpacked.find(one) for one in wheels]
        if anew and not all(folders):
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                folders = list(pool.map(unpacked.of_wheel, wheels))
        there = tuple(filter(None, folders))
        try:
            names = [name for folder in there for name in top_level(folder)]
        except FileNotFoundError:
            return ()  # They are being deleted.
        return there if len(there) == len(wheels) and len(names) == len(set(names)) else ()

    @property
    def _target(self) -> Target:
        return lambda_runtime(self.platform)

    def _moment(self, declared: Declared) -> str:
        """Lock files know themselves which versions; all else is looked up as of the commit."""
        return "" if declared.is_locked else self.uv.as_of.isoformat()

    def _lock(self, declared: Declared, scratch: Path) -> Lock:
        if declared.uv_lock is not None:
            wheels = self._exported(declared, declared.uv_lock, scratch)
        elif declared.lock is not None:
            wheels = self._pinned(declared, declared.lock, scratch)
        else:
            wheels = self._resolved(declared, scratch)
        locked = Lock.of(wheels, self.platform)
        self.cache.keep(_WHEELS, locked.sha256, to_json(wheels))
        return locked

    def _exported(self, declared: Declared, text: str, scratch: Path) -> tuple[Wheel, ...]:
        file, project = declared.uv_lock_file, declared.locked_project
        check_uv_lock(text, file, project, self._target.markers)
        member = project.member
        pylock = scratch / _PYLOCK
        # As they were exported: the unit's programs may run beside this, and alter their files. Of a workspace, what
        # is frozen needs no other member.
        (scratch / member).mkdir(parents=True, exist_ok=True)
        workspace = f"[tool.uv.workspace]\nmembers = [{json.dumps(member)}]\n"
        for name, content in ((FILE_NAME, workspace), (f"{member}/{FILE_NAME}", declared.pyproject), (UV_LOCK, text)):
            (scratch / name).write_text(content, encoding="utf-8")
        what = ["--format", _PYLOCK, "--output-file", str(pylock), "--no-emit-project", "--no-default-groups"]
        package = (
            [] if declared.workspace is None else ["--package", tomllib.loads(declared.pyproject)["project"]["name"]]
        )
        command = ["export", "--frozen", "--quiet", "--no-header", *what, *package]
        outcome = self.uv.attempt(_STEP, command, scratch, dated=False)
        self.uv.require(_STEP, outcome, f"{file} cannot be read; uv says why below.")
        return self._select(pylock)

    def _pinned(self, declared: Declared, lock: PinnedLock, scratch: Path) -> tuple[Wheel, ...]:
        """The pinned wheels, after uv has found that they are all that the unit's dependencies lead to."""
        markers = self._target.markers
        if not lock.fits(markers):
            raise ConfigurationError(
                lock.file, f"was made for other platforms than {self._target.said}. Renew it: {lock.renew}"
            )
        if lock.is_complete and (direct := lock.unpinned_for(markers)):
            raise _not_of_an_index(lock, direct)
        pins = lock.applying(markers)
        versions = _versions(pins)
        required = [str(pin.requirement) for pin in pins] if lock.is_complete else []
        limits = [] if lock.is_complete else _limits(versions)
        constraints = [*limits, *declared.constraints, *lock.constraints]
        command = self._compile([*required, *declared.dependencies], scratch, constraints)
        outcome = self.uv.attempt(_STEP, command, scratch, dated=False)
        self.uv.require(_STEP, outcome, self._reason(outcome, _unfit(lock, declared)))
        wheels = self._select(scratch / _PYLOCK)
        unpinned = {one.name for one in wheels if Version(one.version) not in versions.get(one.name, ())}
        if unpinned:
            raise _missing_pins(unpinned, lock, declared)
        return self._select(scratch / _PYLOCK, {hash_ for pin in pins for hash_ in pin.hashes}, lock)

    def _resolved(self, declared: Declared, scratch: Path) -> tuple[Wheel, ...]:
        if not declared.dependencies:
            return ()
        command = self._compile(declared.dependencies, scratch, declared.constraints)
        outcome = self.uv.attempt(_STEP, command, scratch)
        where = f"The dependencies in {declared.source} cannot be had for {self._target.said}; uv says why below."
        self.uv.require(_STEP, outcome, self._reason(outcome, where))
        return self._select(scratch / _PYLOCK)

    def _wheels(self, locked: Lock, scratch: Path) -> tuple[Wheel, ...]:
        """The wheels of a lock; where it was made on another machine, the index says where they are."""
        kept = self.cache.read(_WHEELS, locked.sha256)
        if kept is not None:
            return from_json(kept)
        requirements = [str(pin.requirement) for pin in locked.pins]
        command = [*self._compile(requirements, scratch), "--no-deps"]
        outcome = self.uv.attempt(_STEP, command, scratch, dated=False)
        gone = "what was locked cannot be had any more; uv says why below. Raise project.version to lock anew."
        self.uv.require(_STEP, outcome, self._reason(outcome, gone))
        return self._select(scratch / _PYLOCK, {hash_ for pin in locked.pins for hash_ in pin.hashes})

    def _compile(self, requirements: Sequence[str], scratch: Path, constraints: Sequence[str] = ()) -> list[str]:
        """The command that resolves requirements to wheels.

        Only they are handed to uv, in an empty folder: no `[tool.uv]` of the repository can point it to another
        index. One that the worker's own uv settings name is used.
        """
        files = {"requirements.in": requirements, "constraints.in": constraints}
        for name, lines in files.items():
            (scratch / name).write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
        limits = ("--constraints", "constraints.in") if constraints else ()
        return [
            *("pip", "compile", "requirements.in", *limits, "--output-file", _PYLOCK, "--quiet"),
            *("--no-header", "--only-binary", ":all:"),
            *self._target.options,
        ]

    def _select(
        self, pylock: Path, allowed: Collection[str] | None = None, lock: PinnedLock | None = None
    ) -> tuple[Wheel, ...]:
        from orchestrator.build.wheels import UnusableLockError, select  # noqa: PLC0415  # As above.

        document = tomllib.loads(pylock.read_text(encoding="utf-8"))
        try:
            return select(document, self._target, allowed, lock)
        except UnusableLockError as error:
            raise BuildError(self.uv.commands.unit, _STEP, str(error)) from error

    def _reason(self, outcome: Outcome, otherwise: str) -> str:
        from orchestrator.build.wheels import no_wheel  # noqa: PLC0415  # As above.

        missing = sorted(set(_NO_WHEEL.findall(outcome.output)))
        return no_wheel(missing, self._target) if missing else otherwise


def _versions(pins: Sequence[Pin]) -> dict[str, set[Version]]:
    """The versions of each package; a lock may hold several, whose dependents say where each of them holds."""
    versions: dict[str, set[Version]] = {}
    for pin in pins:
        versions.setdefault(pin.name, set()).add(Version(pin.version))
    return versions


def _limits(versions: Mapping[str, Collection[Version]]) -> list[str]:
    """Constraints that lead to pinned versions: of several, to the newest that dependents allow."""
    return [f"{name}{'==' if len(found) == 1 else '<='}{max(found)}" for name, found in versions.items()]


def _unfit(lock: PinnedLock, declared: Declared) -> str:
    """What to say when versions in a lock contradict what a unit declares."""
    return f"{lock.file} and {declared.source} contradict each other; uv says how below. Renew it: {lock.renew}"


def _missing_pins(names: Collection[str], lock: PinnedLock, declared: Declared) -> ConfigurationError:
    """What is raised when a lock is not all that a unit's dependencies lead to."""
    direct = [one for one in lock.unpinned if canonicalize_name(one.requirement.name) in names]
    if direct:
        return _not_of_an_index(lock, direct)
    return ConfigurationError(
        lock.file,
        f"does not pin {', '.join(sorted(names))}, which {declared.source} leads to. Renew it: {lock.renew}",
    )


def _not_of_an_index(lock: PinnedLock, direct: Sequence[Unpinned]) -> ConfigurationError:
    return ConfigurationError(
        lock.file,
        f"locks {', '.join(map(str, direct))}, and a layer is made of wheels of a package index, each of one version: "
        "publish what is elsewhere, and lock a version of it. Code of this repository is shared by the unit's "
        "depends_on.",
    )
