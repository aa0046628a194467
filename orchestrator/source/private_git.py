"""A directory through which git reads a foreign repository's objects and refs, and none of its settings.

A repository's own settings name programs in dozens of places (filters, fsmonitor, hooks, promisor remotes, signature
checks), newer versions of git add to them, and git drops what the command line says where it enters a submodule. So no
list of dangerous settings is kept: git is given a directory with settings of ours, and links to the rest.
"""

from pathlib import Path

from orchestrator.errors import SourceError
from orchestrator.frozen import dataclass

QUESTIONS = ("--path-format=absolute", "--git-dir", "--git-common-dir", "--show-object-format", "--is-bare-repository")
"""What `git rev-parse` is asked of a repository; a bare one has no `WORK_TREE`."""
WORK_TREE = "--show-toplevel"

_SHARED = ("objects", "refs", "packed-refs", "shallow", "reftable", "info/exclude")
_OWN_FORMAT = {"sha1": (), "sha256": ("objectFormat = sha256",)}


@dataclass(frozen=True)
class Found:
    """A repository, as git found it from one of its folders.

    Attributes:
        directory: its `.git`; of a linked working tree, what belongs to that tree alone.
        common: its `.git` that all working trees share.
        object_format: the hash that its objects are named by.
        root: the working tree's root; None of a bare repository.
    """

    directory: Path
    common: Path
    object_format: str
    root: Path | None

    @classmethod
    def read(cls, answer: bytes, url: str) -> "Found":
        """Read what git answered to `QUESTIONS`, and to `WORK_TREE` if that was asked first.

        Raises:
            SourceError: it cannot be understood.
        """
        *first, directory, common, object_format, bare = answer.decode("utf-8", "surrogateescape").splitlines()[-5:]
        if len(first) > 1 or object_format not in _OWN_FORMAT or bare not in ("true", "false"):
            raise SourceError(f"git describes the repository at {url} in a way that is not understood: {answer!r}.")
        root = Path(first[0]) if first else None
        return cls(Path(directory), Path(common), object_format, root)

    def link(self, into: Path) -> None:
        """Make a git directory of ours that shows the repository.

        Args:
            into: an empty folder.
        """
        uses_tables = (self.common / "reftable").exists()
        extensions = (*_OWN_FORMAT[self.object_format], *(("refStorage = reftable",) if uses_tables else ()))
        lines = [
            "[core]",
            f"repositoryFormatVersion = {int(bool(extensions))}",
            "bare = true",
            "[extensions]",
            *extensions,
        ]
        (into / "config").write_text("\n".join(lines) + "\n")
        (into / "info").mkdir()
        for name in _SHARED:
            # Also what is not there yet: refs are packed while they are read.
            (into / name).symlink_to(self.common / name)
        head = self.directory / "HEAD"
        # In old repositories it is a link to the branch.
        text = f"ref: {head.readlink()}\n" if head.is_symlink() else head.read_text()
        (into / "HEAD").write_text(text)
