"""The exported sources of a build, read by the names that files have in the repository."""

from pathlib import Path

from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass


@dataclass(frozen=True)
class Exported:
    """A tree of sources.

    Args:
        tree: its folder.
    """

    tree: Path

    def find(self, file: str) -> Path | None:
        """Where a file lies, None when it is not there or a link leads out of the tree."""
        path = (self.tree / file).resolve()
        return path if path.is_file() and path.is_relative_to(self.tree.resolve()) else None

    def required(self, file: str) -> Path:
        """Where a file lies.

        Raises:
            ConfigurationError: it is not there.
        """
        path = self.find(file)
        if path is None and (link := self.tree / file).is_symlink():
            raise ConfigurationError(
                file,
                f"is a symbolic link to {str(link.readlink())!r}, which is not in what the unit is built from: add "
                "that folder to its depends_on, or put the file itself in the link's place.",
            )
        if path is None:
            raise ConfigurationError(file, "is missing: every unit needs this file, see tool.orchestrator.template.")
        return path

    def text(self, file: str) -> str | None:
        """Read a text; None when there is no such file.

        Raises:
            ConfigurationError: it is not UTF-8.
        """
        path = self.find(file)
        try:
            return None if path is None else path.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise ConfigurationError(file, f"is not UTF-8: {error}.") from error
