"""What a unit says of its dependencies, and what they were locked to."""

from collections.abc import Sequence

from orchestrator.build.lockfiles import REQUIREMENTS_FILE, UV_LOCK, Pin, pins, read_pins, unused_requirements
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
        version: `project.version`.
        dependencies: `project.dependencies`, PEP 508.
        pyproject: the text of `pyproject.toml`; empty for a unit without a project.
        uv_lock: the text of `uv.lock`, None when there is none.
        requirements: the text of `requirements.txt`, None when there is none.
        workspace: the folder of `uv.lock`, which is another than the unit's when that is a member of a workspace.
    """

    where: str
    version: str
    dependencies: tuple[str, ...]
    pyproject: str
    uv_lock: str | None = None
    requirements: str | None = None
    workspace: str | None = None

    @property
    def pins(self) -> tuple[Pin, ...] | None:
        """What `requirements.txt` locks; None when it is no lock, or when there is a `uv.lock`.

        Raises:
            ConfigurationError: it is a lock, but not for every line.
        """
        if self.requirements is None or self.uv_lock is not None:
            return None
        return read_pins(self.requirements, self.file(REQUIREMENTS_FILE))

    @property
    def is_locked(self) -> bool:
        """Whether the unit has a lock file."""
        return self.uv_lock is not None or self.pins is not None

    @property
    def warnings(self) -> list[str]:
        """What the unit seems to lock, and does not."""
        unused = self.requirements is not None and self.uv_lock is None and self.pins is None
        return [unused_requirements(self.file(REQUIREMENTS_FILE))] if unused else []

    def key(self, platform: Platform) -> str:
        """What identifies them on a platform: while it stays, what they were locked to once holds.

        Without a lock file the version counts: another one is resolved anew, its post-releases are not.
        """
        if self.uv_lock is not None:
            parts: Sequence[str] = (UV_LOCK, self.pyproject, self.uv_lock)
        elif self.pins is not None:
            parts = (REQUIREMENTS_FILE, *self.dependencies, self.requirements or "")
        else:
            parts = ("", self.version, *self.dependencies)
        return sha256_of("\0".join((platform.python, platform.architecture, *parts)).encode())

    @property
    def said(self) -> str:
        """Where dependencies are written that no lock file locks."""
        return "project.dependencies of pyproject.toml" if self.pyproject else f"What {REQUIREMENTS_FILE} lists"

    def file(self, name: str) -> str:
        """A file of the unit, as errors name it."""
        return within(self.where, name)

    @property
    def uv_lock_file(self) -> str:
        """The `uv.lock`, as errors name it."""
        return within(self.where if self.workspace is None else self.workspace, UV_LOCK)

    @property
    def member(self) -> str:
        """How that `uv.lock` calls the unit's folder."""
        return "." if self.workspace is None else self.where.removeprefix(self.workspace).lstrip("/")


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
