"""The exported sources of a build, as the paths of one template see them."""

from pathlib import Path

from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass


@dataclass(frozen=True)
class Sources:
    """The sources from the folder of a template.

    Attributes:
        tree: the exported sources, which no program of the unit writes to.
        folder: the template's; what is below it is named from here.
        file: the template's path, for messages.
    """

    tree: Path
    folder: Path
    file: str

    def find(self, text: str) -> Path | None:
        """The file or folder that a local path names; None when it is not part of the unit.

        Links are followed, within the sources alone.
        """
        try:
            path = (self.folder / text).resolve()
            return path if path.is_relative_to(self.tree.resolve()) and path.exists() else None
        except (OSError, ValueError, RuntimeError):
            # A name that no file can have, or links in a circle.
            return None

    def required(self, text: str, place: str) -> Path:
        """The same.

        Raises:
            ConfigurationError: it is not part of the unit.
        """
        path = self.find(text)
        if path is None:
            raise ConfigurationError(
                self.file,
                f"{place} = {text!r} is a local path, and the unit has no such file or folder. Paths begin at the "
                "folder of the template; for another folder of the repository, add that to the unit's depends_on.",
            )
        return path

    def name(self, path: Path) -> str:
        """A file's path from the repository's root, for messages."""
        return path.relative_to(self.tree.resolve()).as_posix()

    def beside(self, path: Path) -> "Sources":
        """The same sources from the folder of another template."""
        return Sources(self.tree, path.parent, self.name(path))
