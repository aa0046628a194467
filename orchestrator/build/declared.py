"""What a unit says of its dependencies, and what they were locked to."""

from collections.abc import Sequence

from orchestrator.build.requirements.pins import Pin, PinnedLock, pins
from orchestrator.build.requirements.uv_lock import UV_LOCK, LockedProject
from orchestrator.build.wheel import Wheel
from orchestrator.config.platform import Platform
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of
from orchestrator.source.reading import within


@dataclass(frozen=True)
class Declared:
    """What a unit says of its dependencies.

    Attributes:
        where: the unit's folder, from the repository's root.
        version: the version that it declares.
        dependencies: PEP 508: those of `[project]`, of a list of requirements, or of the wheel's own metadata.
        source: where they are written, for messages.
        constraints: further requirements on versions, PEP 508.
        pyproject: the text of `pyproject.toml`; empty for a unit without a project.
        uv_lock: the text of `uv.lock`, None when there is none.
        workspace: the folder of `uv.lock`, which is another than the unit's when that is a member of a workspace.
        lock: any other lock file, None when there is none.
        warnings: what the unit seems to use, and does not.
    """

    where: str
    version: str
    dependencies: tuple[str, ...]
    source: str
    constraints: tuple[str, ...] = ()
    pyproject: str = ""
    uv_lock: str | None = None
    workspace: str | None = None
    lock: PinnedLock | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_locked(self) -> bool:
        """Whether the unit has a lock file."""
        return self.uv_lock is not None or self.lock is not None

    def key(self, platform: Platform) -> str:
        """What identifies them on a platform: while it stays, what they were locked to once holds.

        Without a lock file the version counts: another one is resolved anew, its post-releases are not.
        """
        if self.uv_lock is not None:
            parts: Sequence[str] = (UV_LOCK, self.pyproject, self.uv_lock)
        elif self.lock is not None:
            parts = (self.lock.file.rpartition("/")[2], *self.dependencies, self.lock.text)
        else:
            parts = ("", self.version, *self.dependencies, *self.constraints)
        return sha256_of("\0".join((platform.python, platform.architecture, *parts)).encode())

    @property
    def locked_project(self) -> LockedProject:
        """What its `uv.lock` must have been made for."""
        member = "." if self.workspace is None else self.where.removeprefix(self.workspace).lstrip("/")
        return LockedProject(self.pyproject, self.dependencies, member)

    @property
    def uv_lock_file(self) -> str:
        """The `uv.lock`, as errors name it."""
        return within(self.where if self.workspace is None else self.workspace, UV_LOCK)


@dataclass(frozen=True)
class Lock:
    """The wheels of all dependencies for one platform, one of each.

    Attributes:
        text: a requirements file with the hash of each wheel, sorted; empty when there are no dependencies.
        platform: what it is for.
    """

    text: str
    platform: Platform

    @classmethod
    def of(cls, wheels: Sequence[Wheel], platform: Platform) -> "Lock":
        """A lock of wheels, which are in order of name."""
        return cls("".join(f"{one.requirement} \\\n    --hash=sha256:{one.sha256}\n" for one in wheels), platform)

    @property
    def pins(self) -> tuple[Pin, ...]:
        """The requirements with their hashes."""
        return pins(self.text)

    @property
    def requirements(self) -> tuple[str, ...]:
        """The requirements without their hashes, such as `requests==2.32.5`."""
        return tuple(str(pin.requirement) for pin in self.pins)

    @property
    def sha256(self) -> str:
        """What identifies the layer: exactly these files, for this platform.

        Whatever else is published of a locked version later, say a wheel for Windows, the layer stays the same.
        """
        return sha256_of(f"{self.platform.python}/{self.platform.architecture}\n{self.text}".encode())
