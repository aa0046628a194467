"""Builds functions and layers by aws-lambda-builders: confined, without a network, out of what was fetched before."""

import json
import tempfile
from collections.abc import Mapping
from importlib import util
from pathlib import Path
from typing import Any

from orchestrator.build.cache import Cache
from orchestrator.build.functions import run_builder, workflows
from orchestrator.build.functions.fetching import Fetched, Fetching
from orchestrator.build.functions.node_import import import_node
from orchestrator.build.functions.npm.lock import PACKAGE
from orchestrator.build.functions.npm.packages import TOOLS
from orchestrator.build.functions.npm.settings import NPMRC
from orchestrator.build.functions.package import Package, Packing, Reproducibility, as_it_is, fingerprint
from orchestrator.build.functions.python_layer import make_layer
from orchestrator.build.functions.soundness import MAVEN_REPOSITORY, refuse_unsound
from orchestrator.build.functions.source import Source
from orchestrator.build.functions.toolchains import node
from orchestrator.build.functions.workflows import Workflow, options_of, workflow_of
from orchestrator.build.run import Commands
from orchestrator.build.scratch import copy_tree
from orchestrator.errors import BuildError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of, sha256_of_file

STEP = "build function"
_KIND, _IMPORTED = "functions", "imported-by-node"
_LIBRARY = "aws_lambda_builders"
_RESULT = "artifacts"


@dataclass(frozen=True)
class FunctionBuilder:
    """Builds the functions and layers of one unit.

    Attributes:
        fetching: brings what they are built from.
        commands: runs the unit's code.
        python: the interpreter that runs aws-lambda-builders.
        cache: keeps what was built.
        digest: of all that the unit is made of.
        scratch: a folder that the unit's code may write to.
        own: a folder that it cannot reach.
    """

    fetching: Fetching
    commands: Commands
    python: str
    cache: Cache
    digest: str
    scratch: Path
    own: Path

    def build(self, source: Source) -> Package:
        """Build a function or layer.

        Args:
            source: what; its folder is in the exported tree.

        Returns:
            Its archive, in a folder out of reach of the unit's code.

        Raises:
            BuildError: a tool chain is missing, something cannot be fetched, or the build failed.
            ConfigurationError: a file of the unit is not valid, or it cannot be built soundly.
        """
        source.check()
        tree = self.fetching.tree
        into = self.new_archive()
        if is_ready(source, tree):
            return as_it_is(source, tree, into)
        if source.is_layer and workflows.language_of(source.method) == workflows.PYTHON:
            return make_layer(source, self.fetching.python, into)
        workflow = workflow_of(source, lambda file: (tree / file).is_file())
        refuse_unsound(source, workflow, tree)
        fetched = self.fetching.for_source(source, workflow)
        packages = fetched.packages
        added = packages.lock.name if packages.lock and packages.published else ""
        packing = Packing(source, workflow, Reproducibility.of(workflow, fetched), added)
        key = self._key(source, workflow, fetched)
        with self.cache.locked(_KIND, key):
            if self.cache.take(_KIND, key, into) is None:
                work = self._built(source, workflow, fetched)
                packing.pack(self.scratch, work.relative_to(self.scratch).parts, into)
                self.cache.keep(_KIND, key, into)
        return packing.package(into, fetched, self._import(source, into))

    def _import(self, source: Source, package: Path) -> str:
        """Import a handler in Node.js, unless that was done with the same package; returns a warning."""
        if source.is_layer or workflows.language_of(source.runtime) != workflows.NODE:
            return ""
        chain = node(self.fetching.commands, source.where, self.fetching.shims())
        key = sha256_of(f"{sha256_of_file(package)} {source.handler} {source.processor}".encode())

        def said() -> bytes:
            return import_node(source, package, self.commands, chain, self.scratch).encode()

        return self.cache.once(_IMPORTED, key, said).decode()

    def new_archive(self) -> Path:
        """The path of an archive, in a folder of its own that the unit's code cannot reach."""
        return Path(tempfile.mkdtemp(prefix="function-", dir=self.own)) / "code.zip"

    def _key(self, source: Source, workflow: Workflow, fetched: Fetched) -> str:
        """What a build depends on."""
        # npm and esbuild work on a copy of the folder alone; scripts of the unit could look around.
        is_alone = workflow.language == workflows.NODE and not fetched.packages.scripts
        alone = fingerprint(self.fetching.tree / source.folder) if is_alone else None
        content = alone or self.digest
        told = self._told(source, workflow, Path("/"))
        name = source.name if workflow.language == workflows.PROVIDED else ""
        lock = fetched.packages.lock.text if fetched.packages.lock else ""
        parts = (self.commands.unit, content, source.folder, told, name, lock, fetched.chain.fingerprint, _version())
        return sha256_of(json.dumps(parts, sort_keys=True, default=str).encode())

    def _built(self, source: Source, workflow: Workflow, fetched: Fetched) -> Path:
        """Build it; returns the folder with the result, which the unit's code may write to."""
        work = self.commands.give(Path(tempfile.mkdtemp(prefix="function-", dir=self.scratch)))
        tree = copy_tree(self.fetching.tree, work)
        self._prepare(tree / source.folder, fetched)
        for name in ("stock", "scratch", _RESULT):
            (work / name).mkdir()
        self.commands.give_all(work)
        seen = fetched.stock.unpack(self.commands, work / "stock")
        first = self._tools(work, fetched, seen)
        seen["PATH"] = fetched.chain.path(self.commands, *first)
        if workflow.language == workflows.JAVA:
            self._prepare_maven(tree / source.folder, work / "home")
            seen["MAVEN_OPTS"] = f"-Duser.home={work / 'home'}"
        told = self._told(source, workflow, work, tree)
        script: list[str | Path] = [Path(self.python), "-I", "-S", Path(run_builder.__file__).absolute()]
        library = _library()
        commands = self.commands.reading((*fetched.chain.readable, library / _LIBRARY))
        outcome = commands.attempt(STEP, [*script, json.dumps(told), str(library)], tree / source.folder, seen)
        commands.require(STEP, outcome, f"{source.where} ({workflow.name}) could not be built, see below.")
        return work / _RESULT

    @staticmethod
    def _prepare(folder: Path, fetched: Fetched) -> None:
        """Put the lock that a build has made beside the code, and take away what names another registry."""
        (folder / NPMRC).unlink(missing_ok=True)
        packages = fetched.packages
        if packages.lock and packages.published:
            (folder / packages.lock.name).write_text(packages.lock.text, encoding="utf-8")

    def _prepare_maven(self, folder: Path, home: Path) -> None:
        settings = home / ".m2" / "settings.xml"
        settings.parent.mkdir(parents=True)
        repository = f"<localRepository>{folder / MAVEN_REPOSITORY}</localRepository>"
        settings.write_text(f"<settings><offline>true</offline>{repository}</settings>", encoding="utf-8")
        self.commands.give_all(home)

    def _tools(self, work: Path, fetched: Fetched, seen: Mapping[str, str]) -> tuple[Path, ...]:
        """Install what is built with, out of the lock; returns the folders of its programs."""
        tools = fetched.packages.tools
        if tools is None:
            return ()
        folder = work / "tools"
        folder.mkdir()
        manifest, lock = tools
        for name, text in ((PACKAGE, manifest.text), (lock.name, lock.text)):
            (folder / name).write_text(text, encoding="utf-8")
        self.commands.give_all(folder)
        variables = {
            **seen,
            "PATH": fetched.chain.path(self.commands),
            "npm_config_cache": str(work / "stock" / TOOLS),
        }
        commands = self.commands.reading(fetched.chain.readable)
        outcome = commands.attempt("install tools", [fetched.chain.program("npm"), "ci"], folder, variables)
        commands.require("install tools", outcome, "what the unit is built with could not be installed, see below.")
        return (folder / "node_modules" / ".bin",)

    def _told(self, source: Source, workflow: Workflow, work: Path, tree: Path = Path("/")) -> dict[str, Any]:
        """What the library is told."""
        code = tree / source.place("ProjectRootDirectory") if _is_make(workflow) else tree / source.folder
        manifest = tree / source.place("ContextPath") if _is_make(workflow) else code
        options = options_of(source, workflow)
        if _is_make(workflow) and "WorkingDirectory" in source.metadata:
            options["working_directory"] = _working_directory(tree / source.place("WorkingDirectory"), code, work)
        return {
            "capability": {
                "language": workflow.language,
                "dependency_manager": workflow.manager or None,
                "application_framework": None,
            },
            "build": {
                "source_dir": str(code),
                "artifacts_dir": str(work / _RESULT / workflow.subfolder),
                "scratch_dir": str(work / "scratch"),
                "manifest_path": str(manifest / workflow.manifest),
                "runtime": workflow.runtime,
                "unpatched_runtime": source.runtime or source.method,
                "options": options,
                "architecture": source.processor,
                "is_building_layer": source.is_layer,
            },
        }


def is_ready(source: Source, tree: Path) -> bool:
    """Whether a folder is packed as it is: Metadata says so, or it has a custom runtime's program and no Makefile."""
    folder = tree / source.folder
    is_program = source.runtime.startswith("provided") and not source.method and (folder / "bootstrap").is_file()
    return source.skips_build or (is_program and not (folder / "Makefile").is_file())


def _is_make(workflow: Workflow) -> bool:
    return workflow.language == workflows.PROVIDED


def _working_directory(folder: Path, code: Path, work: Path) -> str:
    """Where make runs: the library copies the code, and what is in it is meant in the copy."""
    return str(work / "scratch" / folder.relative_to(code) if folder.is_relative_to(code) else folder)


def _library() -> Path:
    spec = util.find_spec(_LIBRARY)
    if spec is None or spec.origin is None:
        raise BuildError("-", STEP, "aws-lambda-builders is not installed beside the orchestrator: install it there.")
    return Path(spec.origin).parents[1]


def _version() -> str:
    from aws_lambda_builders import __version__  # noqa: PLC0415  # Only a build that needs it imports it.

    return str(__version__)
