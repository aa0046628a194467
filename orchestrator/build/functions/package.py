"""The archive of a function or layer, written by the release's own archiver, and what is known of its bytes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from orchestrator.build.archive import zip_folder
from orchestrator.build.bounds import LARGEST_UNZIPPED
from orchestrator.build.functions import workflows
from orchestrator.build.functions.fetching import Fetched
from orchestrator.build.functions.handlers import problem_of
from orchestrator.build.functions.source import Source
from orchestrator.build.functions.workflows import Workflow, language_of
from orchestrator.build.untrusted import Budget, UntrustedFolder
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.artifact import Artifact

_ADVICE = "Let the build write plain files into its folder of artifacts, and links to what is in there."
_AS_IT_IS = "as it is"
_TOOL = "esbuild"


@dataclass(frozen=True)
class Reproducibility:
    """Whether the same sources give the same bytes, on any machine, with the same versions of the tools.

    Attributes:
        reason: why not; empty when they do.
        files: what may differ; everything when it is empty.
    """

    reason: str = ""
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, workflow: Workflow, fetched: Fetched) -> "Reproducibility":
        """What is known of a workflow; of a program that the unit brings along, nothing is."""
        packages = fetched.packages
        if workflow.language == workflows.GO:
            return cls()
        if workflow.language != workflows.NODE:
            return cls(f"{workflow.name} runs what the unit says")
        if packages.scripts:
            return cls(f"package.json has the scripts {', '.join(packages.scripts)}, which npm runs")
        scripts = packages.lock.scripts if packages.lock else ()
        if workflow.bundles and packages.tools is None:
            return cls("the esbuild is the build machine's, and no lock names its version")
        run = tuple(one for one in scripts if not (workflow.bundles and one == _TOOL))
        files = () if workflow.bundles else tuple(f"node_modules/{one}" for one in run)
        return cls(f"{', '.join(run)} run programs when npm installs them", files) if run else cls()


@dataclass(frozen=True)
class Package:
    """What was built.

    Attributes:
        path: an archive; of a unit's own command, any file or folder.
        method: what made it.
        reproducible: whether it can be made again with the same bytes.
        lock: the lock file that a build has made for it.
        warnings: what the release should say.
        tools: the versions of the programs that made it.
    """

    path: Path
    method: str
    reproducible: Reproducibility
    lock: Artifact | None = None
    warnings: tuple[str, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Packing:
    """Packs what was built.

    Attributes:
        source: what was built.
        workflow: by what.
        reproducible: what is known of its bytes.
        added: a lock file that was put beside the code to build it.
    """

    source: Source
    workflow: Workflow
    reproducible: Reproducibility
    added: str = ""

    def pack(self, root: Path, parts: Sequence[str], into: Path) -> None:
        """Copy what was built out of reach, and pack it.

        Args:
            root: the folder that the unit's code may write to, and cannot replace.
            parts: the folder of the result, from there.
            into: the zip.

        Raises:
            ConfigurationError: the result has links that lead out of it, is too large, or lacks its handler.
        """
        source = self.source
        written = UntrustedFolder(root, tuple(parts), f"the build of {source.name}", source.file, _ADVICE, follows=True)
        if not written.names():
            raise ConfigurationError(
                source.file,
                f"{source.where} ({self.workflow.name}) was built into nothing: the folder of artifacts is empty. With "
                "make, let the target copy what it builds to $(ARTIFACTS_DIR).",
            )
        folder = into.with_name("content")
        written.copy_folder(".", folder, Budget(LARGEST_UNZIPPED))
        if self.added:
            # The library packs the lock of a repository; one that is not there need not be in the package either.
            (folder / self.workflow.subfolder / self.added).unlink(missing_ok=True)
        zip_folder(folder, into)
        check_handler(source, into)

    def package(self, path: Path, fetched: Fetched, warning: str) -> Package:
        """The package of an archive, with what importing it told."""
        packages = fetched.packages
        warnings = (*packages.warnings, *filter(None, [warning]))
        return Package(path, self.workflow.name, self.reproducible, packages.published, warnings, fetched.versions)


def as_it_is(source: Source, tree: Path, into: Path) -> Package:
    """Pack a folder that is built already.

    Raises:
        ConfigurationError: it has links that lead out of it, is too large, or lacks its handler.
    """
    parts = tuple(part for part in source.folder.split("/") if part)
    written = UntrustedFolder(tree, parts, "the repository", source.file, _ADVICE, follows=True)
    folder = into.with_name("content")
    written.copy_folder(".", folder, Budget(LARGEST_UNZIPPED))
    zip_folder(folder, into)
    check_handler(source, into)
    return Package(into, _AS_IT_IS, Reproducibility())


def check_handler(source: Source, package: Path) -> None:
    """Refuse a package without the handler of its function.

    Raises:
        ConfigurationError: it has none.
    """
    if source.is_layer:
        return
    problem = problem_of(source, language_of(source.runtime), package)
    if problem:
        handler = f".Properties.Handler = {source.handler!r}" if source.handler else ""
        raise ConfigurationError(source.file, f"{source.where}{handler}: {problem}")


def fingerprint(folder: Path) -> str | None:
    """What identifies a folder: names, bytes, and which files are programs; None where links may lead out of it."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            return None
        if path.is_file():
            mode = "program" if path.stat().st_mode & 0o100 else "file"
            digest.update(f"{path.relative_to(folder).as_posix()}\0{mode}\0".encode(errors="surrogateescape"))
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
