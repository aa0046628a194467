"""Chooses the workflow of aws-lambda-builders for a function or layer.

The choice is `sam build`'s, so that whatever that builds is built alike. Source: `get_workflow_config`,
`get_layer_subfolder` and `_get_build_options` of the SAM CLI.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.build.functions.source import Source
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

MAKEFILE, ESBUILD = "makefile", "esbuild"
NODE, GO, RUBY, JAVA, DOTNET, RUST, PROVIDED = "nodejs", "go", "ruby", "java", "dotnet", "rust", "provided"
PYTHON = "python"
_RUNTIMES: Mapping[str, tuple[str, ...]] = {
    NODE: ("nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"),
    PYTHON: tuple(f"python3.{minor}" for minor in range(8, 15)),
    RUBY: ("ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0"),
    JAVA: ("java8.al2", "java8.al2023", "java11", "java11.al2023", "java17", "java17.al2023", "java21", "java25"),
    GO: ("go1.x",),
    DOTNET: ("dotnet6", "dotnet8", "dotnet10"),
    PROVIDED: ("provided", "provided.al2", "provided.al2023"),
}
_LANGUAGES = {runtime: language for language, runtimes in _RUNTIMES.items() for runtime in runtimes}
_UV = "python-uv"
_METHODS = {MAKEFILE: PROVIDED, ESBUILD: NODE, "dotnet": DOTNET, "dotnet7": DOTNET, "rust-cargolambda": RUST}
# The folder of a layer that each runtime looks into; a Makefile makes its own.
_SUBFOLDERS = {NODE: "nodejs", RUBY: "ruby/lib", JAVA: "java", DOTNET: "dotnet", PYTHON: "python", PROVIDED: ""}
_SYSTEM = re.compile(r"\.al20\d\d|\.al2$")


@dataclass(frozen=True)
class Workflow:
    """A workflow of aws-lambda-builders.

    Attributes:
        language: of its capability.
        manager: the dependency manager of its capability; empty for none.
        manifest: the file that it works by.
        runtime: what it is told to build for.
        subfolder: where in the result a layer's files go.
    """

    language: str
    manager: str
    manifest: str
    runtime: str
    subfolder: str = ""

    @property
    def name(self) -> str:
        """How manifests and messages call it."""
        return f"{self.language} {self.manager}".strip() if self.language != PROVIDED else "make"

    @property
    def bundles(self) -> bool:
        """Whether esbuild makes one file of all."""
        return self.manager == "npm-esbuild"


_FIXED: Mapping[str, tuple[str, str]] = {
    NODE: ("npm", "package.json"),
    RUBY: ("bundler", "Gemfile"),
    GO: ("modules", "go.mod"),
    DOTNET: ("cli-package", ".csproj"),
    RUST: ("cargo", "Cargo.toml"),
    PROVIDED: ("", "Makefile"),
    PYTHON: ("pip", "requirements.txt"),
}
_OF_JAVA = (("gradle", "build.gradle"), ("gradle", "build.gradle.kts"), ("maven", "pom.xml"))


def is_of_package(method: str) -> bool:
    """Whether a build method of a Python function means what a release has: the code, and a layer of dependencies."""
    return method in ("", _UV, *_RUNTIMES[PYTHON])


def language_of(runtime: str) -> str:
    """The language of a runtime; empty when it is not known."""
    return _LANGUAGES.get(runtime, "")


def workflow_of(source: Source, has: Callable[[str], bool]) -> Workflow:
    """Choose.

    Args:
        source: the function or layer, checked.
        has: whether the repository has a file, by its path from the root.

    Raises:
        ConfigurationError: there is no such runtime or build method, or no file that it could work by.
    """
    language = _language(source)
    subfolder = _SUBFOLDERS.get(language, "") if source.is_layer else ""
    runtime = _SYSTEM.sub("", source.runtime or source.method) or PROVIDED
    if source.method == ESBUILD:
        return Workflow(NODE, "npm-esbuild", "package.json", runtime)
    choices = _OF_JAVA if language == JAVA else (_FIXED[language],)
    manager, manifest = next((one for one in choices if has(f"{source.folder}/{one[1]}".lstrip("/"))), choices[-1])
    if language == JAVA and not has(f"{source.folder}/{manifest}".lstrip("/")):
        raise ConfigurationError(
            source.file,
            f"{source.where} runs on {source.runtime}, and {source.folder or 'the root'} has neither a pom.xml nor a "
            "build.gradle: add one, or name a jar or zip that the unit's build command makes.",
        )
    return Workflow(language, manager, manifest, runtime, subfolder)


def options_of(source: Source, workflow: Workflow) -> dict[str, Any]:
    """What the workflow is told besides, out of `Metadata.BuildProperties`."""
    if workflow.bundles:
        options = {_snake(key): value for key, value in source.options.items()}
        return {**({"entry_points": [source.handler.split(".")[0]]} if source.handler else {}), **options}
    if workflow.language == GO:
        # Of a runtime that Amazon provides, the program is called bootstrap.
        return {"artifact_executable_name": source.handler if source.runtime == "go1.x" else "bootstrap"}
    if workflow.language == RUST:
        return {"artifact_executable_name": source.options["Binary"]} if "Binary" in source.options else {}
    if workflow.language == PROVIDED:
        return {"build_logical_id": source.name}
    if workflow.language == NODE:
        return {"use_npm_ci": uses_npm_ci(source)}
    return {key: value for key, value in source.options.items() if workflow.language == DOTNET}


def uses_npm_ci(source: Source) -> bool:
    """Whether npm installs what the lock names, packages for development among it, and nothing else."""
    return source.options.get("UseNpmCi") is True


def _language(source: Source) -> str:
    known = (*_METHODS, *_LANGUAGES)
    if source.method and source.method not in known:
        raise ConfigurationError(
            source.file,
            f"{source.where}.Metadata.BuildMethod = {source.method!r} is not valid; valid are {', '.join(known)}.",
        )
    if source.runtime and source.runtime not in _LANGUAGES:
        raise ConfigurationError(
            source.file,
            f"{source.where}.Properties.Runtime = {source.runtime!r} cannot be built; valid are "
            f"{', '.join(_LANGUAGES)}.",
        )
    if source.is_layer and source.method == ESBUILD:
        raise ConfigurationError(
            source.file,
            f"{source.where}.Metadata.BuildMethod = 'esbuild' is for functions: write nodejs22.x or makefile for a "
            "layer.",
        )
    return _METHODS.get(source.method) or _LANGUAGES[source.method or source.runtime]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
