"""A unit's dependencies: locked for the Lambda runtime, and made into a layer."""

import json
import re
import tomllib
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orchestrator.build.cache import Cache
from orchestrator.build.declared import Declared, Lock
from orchestrator.build.layer import LayerFile, assemble
from orchestrator.build.lockfiles import REQUIREMENTS_FILE, UV_LOCK, Pin, check_uv_lock, missing_pins, unfit_pins
from orchestrator.build.run import Outcome
from orchestrator.build.runtime import Target, lambda_runtime
from orchestrator.build.unpacked import Unpacked, top_level
from orchestrator.build.uv import Uv
from orchestrator.build.wheel import Wheel, from_json, to_json
from orchestrator.config.platform import Platform
from orchestrator.config.unit import FILE_NAME
from orchestrator.errors import BuildError
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
        elif declared.pins is not None:
            wheels = self._pinned(declared, declared.pins, scratch)
        else:
            wheels = self._resolved(declared, scratch)
        locked = Lock.of(wheels, self.platform)
        self.cache.keep(_WHEELS, locked.sha256, to_json(wheels))
        return locked

    def _exported(self, declared: Declared, text: str, scratch: Path) -> tuple[Wheel, ...]:
        file, member = declared.uv_lock_file, declared.member
        check_uv_lock(text, file, declared.pyproject, self.platform, member)
        pylock = scratch / _PYLOCK
        # As they were exported: the unit's programs may run beside this, and alter their files. Of a workspace, what
        # is frozen needs no other member.
        (scratch / member).mkdir(parents=True, exist_ok=True)
        workspace = f"[tool.uv.workspace]\nmembers = [{json.dumps(member)}]\n"
        for name, content in ((FILE_NAME, workspace), (f"{member}/{FILE_NAME}", declared.pyproject), (UV_LOCK, text)):
            (scratch / name).write_text(content, encoding="utf-8")
        what = ["--format", _PYLOCK, "--output-file", str(pylock), "--no-emit-project", "--no-default-groups"]
        project = (
            [] if declared.workspace is None else ["--package", tomllib.loads(declared.pyproject)["project"]["name"]]
        )
        command = ["export", "--frozen", "--quiet", "--no-header", *what, *project]
        outcome = self.uv.attempt(_STEP, command, scratch, dated=False)
        self.uv.commands.require(_STEP, outcome, f"{file} cannot be read; uv says why below.")
        return self._select(pylock)

    def _pinned(self, declared: Declared, locked: Sequence[Pin], scratch: Path) -> tuple[Wheel, ...]:
        """The pinned wheels, after uv has found that they are all that `project.dependencies` leads to."""
        file = declared.file(REQUIREMENTS_FILE)
        requirements = [*(str(pin.requirement) for pin in locked), *declared.dependencies]
        outcome = self.uv.attempt(_STEP, self._compile(requirements, scratch), scratch, dated=False)
        self.uv.commands.require(_STEP, outcome, self._reason(outcome, unfit_pins(file)))
        unpinned = {wheel.name for wheel in self._select(scratch / _PYLOCK)} - {pin.name for pin in locked}
        if unpinned:
            raise missing_pins(unpinned, file)
        return self._select(scratch / _PYLOCK, {hash_ for pin in locked for hash_ in pin.hashes})

    def _resolved(self, declared: Declared, scratch: Path) -> tuple[Wheel, ...]:
        if not declared.dependencies:
            return ()
        outcome = self.uv.attempt(_STEP, self._compile(declared.dependencies, scratch), scratch)
        where = f"{declared.said} cannot be had for {self._target.said}; uv says why below. Correct them there."
        self.uv.commands.require(_STEP, outcome, self._reason(outcome, where))
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
        self.uv.commands.require(_STEP, outcome, self._reason(outcome, gone))
        return self._select(scratch / _PYLOCK, {hash_ for pin in locked.pins for hash_ in pin.hashes})

    def _compile(self, requirements: Sequence[str], scratch: Path) -> list[str]:
        """The command that resolves requirements to wheels.

        Only they are handed to uv, in an empty folder: no `[tool.uv]` of the repository can point it to another
        index. One that the worker's own uv settings name is used.
        """
        (scratch / "requirements.in").write_text("".join(f"{one}\n" for one in requirements), encoding="utf-8")
        return [
            *("pip", "compile", "requirements.in", "--output-file", _PYLOCK, "--quiet"),
            *("--no-header", "--only-binary", ":all:"),
            *self._target.options,
        ]

    def _select(self, pylock: Path, allowed: Collection[str] | None = None) -> tuple[Wheel, ...]:
        from orchestrator.build.wheels import UnusableLockError, select  # noqa: PLC0415  # As above.

        document = tomllib.loads(pylock.read_text(encoding="utf-8"))
        try:
            return select(document, self._target, allowed)
        except UnusableLockError as error:
            raise BuildError(self.uv.commands.unit, _STEP, str(error)) from error

    def _reason(self, outcome: Outcome, otherwise: str) -> str:
        from orchestrator.build.wheels import no_wheel  # noqa: PLC0415  # As above.

        missing = sorted(set(_NO_WHEEL.findall(outcome.output)))
        return no_wheel(missing, self._target) if missing else otherwise
