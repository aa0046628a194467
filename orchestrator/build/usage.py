"""How much a build may use: wide enough for honest builds, narrow enough that a hostile one harms nobody else."""

from orchestrator.frozen import dataclass

_MIB = 1024**2
_GIB = 1024**3


@dataclass(frozen=True)
class Limits:
    """The limits of one build.

    Attributes:
        log_bytes: what is kept of a command's output: half of it its beginning, half its end.
        output_bytes: a command that prints more is ended.
        processes: at the same time.
        memory_bytes: of all processes together.
        file_bytes: of one file.
        open_files: of one process.
        free_bytes: what must stay free on the disk that it works on.
        orphan_seconds: how long what a program has left behind may keep a command waiting that has nothing else to do.
    """

    log_bytes: int = 8 * _MIB
    output_bytes: int = 256 * _MIB
    processes: int = 512
    memory_bytes: int = 6 * _GIB
    file_bytes: int = 2 * _GIB
    open_files: int = 4_096
    free_bytes: int = _GIB
    orphan_seconds: float = 5


DEFAULT = Limits()
"""Those of every build."""
