"""A unit's dependencies: locked for the Lambda runtime, and made into a layer."""

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.build.cache import Cache
from orchestrator.build.declared import Declared, Lock
from orchestrator.build.fetch import Fetcher
from orchestrator.build.layer import LayerFile, assemble
from orchestrator.build.lockfiles import REQUIREMENTS_FILE, UV_LOCK, Pin, check_uv_lock, missing_pins, unfit_pins
from orchestrator.build.run import Outcome
from orchestrator.build.runtime import describe, platform_tag
from orchestrator.build.sha256 import sha256_of
from orchestrator.build.uv import Uv
from orchestrator.build.wheels import UnusableLockError, Wheel, from_json, no_wheel, select, to_json
from orchestrator.config.organization import Lambda
from orchestrator.config.unit import FILE_NAME
from orchestrator.errors import BuildError

_STEP = "lock dependencies"
_NO_WHEEL = re.compile(r"\b([A-Za-z0-9][\w.-]*?)(?:[=<>!]=?[^\s,]+)? has no (?:usable )?wheels")
LAYERS = "layers"
_LOCKS, _WHEELS = "locks", "locked-wheels"
_PYLOCK = "pylock.toml"


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
    platform: Lambda

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
            wheels = Fetcher(self.uv, self.cache, self.platform).fetch(self._wheels(locked, scratch), scratch)
            made = assemble(wheels, into)
            if made.clashes:
                self.uv.commands.note(f"Several packages bring these files, the last one's stays: {made.clashes}")
            self.cache.keep(LAYERS, locked.sha256, into, made.sha256)
            return LayerFile(into, made.sha256)

    def _moment(self, declared: Declared) -> str:
        """Lock files know themselves which versions; all else is looked up as of the commit."""
        return "" if declared.uv_lock is not None or declared.pins is not None else self.uv.as_of.isoformat()

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
        file = declared.file(UV_LOCK)
        check_uv_lock(text, file, declared.pyproject, self.platform)
        pylock = scratch / _PYLOCK
        # As they were exported: the unit's programs may run beside this, and alter their files.
        for name, content in ((FILE_NAME, declared.pyproject), (UV_LOCK, text)):
            (scratch / name).write_text(content, encoding="utf-8")
        what = ["--format", _PYLOCK, "--output-file", str(pylock), "--no-emit-project", "--no-default-groups"]
        command = ["export", "--frozen", "--quiet", "--no-header", *what]
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
        where = f"{declared.said} cannot be had for {describe(self.platform)}; uv says why below. Correct them there."
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
            *("--python-version", self.platform.python, "--python-platform", platform_tag(self.platform)),
        ]

    def _select(self, pylock: Path, allowed: Collection[str] | None = None) -> tuple[Wheel, ...]:
        document = tomllib.loads(pylock.read_text(encoding="utf-8"))
        try:
            return select(document, self.platform, allowed)
        except UnusableLockError as error:
            raise BuildError(self.uv.commands.unit, _STEP, str(error)) from error

    def _reason(self, outcome: Outcome, otherwise: str) -> str:
        missing = sorted(set(_NO_WHEEL.findall(outcome.output)))
        return no_wheel(missing, self.platform) if missing else otherwise
