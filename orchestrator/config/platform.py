"""The Python version and the processor that a function runs on, and that its layer is made for."""

from orchestrator.frozen import dataclass

ARCHITECTURES = ("x86_64", "arm64")
_PREFIX = "python"


@dataclass(frozen=True)
class Platform:
    """A Python runtime of Lambda on a processor.

    Attributes:
        python: the version, such as `3.13`.
        architecture: `x86_64` or `arm64`.
    """

    python: str
    architecture: str

    @property
    def runtime(self) -> str:
        """The runtime's identifier, such as `python3.13`."""
        return f"{_PREFIX}{self.python}"

    @property
    def label(self) -> str:
        """The platform as a part of a logical id, which has letters and digits only, such as `Python313Arm64`."""
        return f"Python{self.python.replace('.', '')}{'Arm64' if self.architecture == 'arm64' else 'X86'}"

    @property
    def version(self) -> tuple[int, ...]:
        """The Python version as numbers, which sort."""
        return tuple(int(part) for part in self.python.split("."))

    def __str__(self) -> str:
        """The platform as messages name it."""
        return f"{self.runtime} on {self.architecture}"
