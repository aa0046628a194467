"""Which workflow builds a function: the one that `sam build` chooses."""

from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.build.functions.source import Source
from orchestrator.build.functions.workflows import is_of_package, options_of, workflow_of
from orchestrator.errors import ConfigurationError


def source(
    runtime: str, metadata: Mapping[str, Any] | None = None, handler: str = "app.handle", *, is_layer: bool = False
) -> Source:
    """A function in the folder `code`."""
    return Source("Fn", "template.yaml", "code", runtime, "x86_64", handler, metadata or {}, is_layer)


@pytest.mark.parametrize(
    ("runtime", "method", "there", "name", "told"),
    [
        ("nodejs22.x", "", (), "nodejs npm", "nodejs22.x"),
        ("nodejs22.x", "esbuild", (), "nodejs npm-esbuild", "nodejs22.x"),
        ("nodejs22.x", "makefile", (), "make", "nodejs22.x"),
        ("python3.13", "makefile", (), "make", "python3.13"),
        ("provided.al2023", "", (), "make", "provided"),
        ("provided.al2023", "go1.x", (), "go modules", "provided"),
        ("provided.al2", "rust-cargolambda", (), "rust cargo", "provided"),
        ("provided.al2023", "dotnet7", (), "dotnet cli-package", "provided"),
        ("java21", "", ("code/pom.xml",), "java maven", "java21"),
        ("java8.al2", "", ("code/build.gradle", "code/pom.xml"), "java gradle", "java8"),
        ("java17.al2023", "", ("code/build.gradle.kts",), "java gradle", "java17"),
        ("ruby3.4", "", (), "ruby bundler", "ruby3.4"),
        ("dotnet8", "", (), "dotnet cli-package", "dotnet8"),
    ],
)
def test_runtime_and_method_choose(runtime: str, method: str, there: tuple[str, ...], name: str, told: str) -> None:
    """A method comes before a runtime."""
    found = workflow_of(source(runtime, {"BuildMethod": method} if method else {}), there.__contains__)
    assert (found.name, found.runtime) == (name, told)


@pytest.mark.parametrize(
    ("method", "subfolder"),
    [("nodejs22.x", "nodejs"), ("makefile", ""), ("ruby3.4", "ruby/lib"), ("dotnet8", "dotnet")],
)
def test_layers_are_built_into_the_folder_that_their_runtime_looks_into(method: str, subfolder: str) -> None:
    """A Makefile makes its own."""
    assert workflow_of(source("", {"BuildMethod": method}, is_layer=True), set().__contains__).subfolder == subfolder


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            source("nodejs14.x"),
            r"Resources\.Fn\.Properties\.Runtime = 'nodejs14\.x' cannot be built; valid are nodejs16",
        ),
        (
            source("nodejs22.x", {"BuildMethod": "webpack"}),
            r"Metadata\.BuildMethod = 'webpack' is not valid; valid are ",
        ),
        (source("java21"), r"code has neither a pom\.xml nor a build\.gradle"),
        (source("", {"BuildMethod": "esbuild"}, is_layer=True), r"'esbuild' is for functions"),
    ],
)
def test_what_nothing_builds_is_refused(wanted: Source, said: str) -> None:
    """With what is valid."""
    with pytest.raises(ConfigurationError, match=said):
        workflow_of(wanted, set().__contains__)


@pytest.mark.parametrize(
    ("method", "is_package"),
    [("", True), ("python3.13", True), ("python-uv", True), ("makefile", False), ("nodejs22.x", False)],
)
def test_a_python_function_is_the_unit_s_package_unless_something_else_builds_it(
    method: str, *, is_package: bool
) -> None:
    """The wheel and the layer of the unit are for it."""
    assert is_of_package(method) is is_package


@pytest.mark.parametrize(
    ("wanted", "options"),
    [
        (
            source(
                "nodejs22.x", {"BuildMethod": "esbuild", "BuildProperties": {"MainFields": "module", "Minify": True}}
            ),
            {"main_fields": "module", "minify": True, "entry_points": ["app"]},
        ),
        (source("go1.x", handler="main"), {"artifact_executable_name": "main"}),
        (source("provided.al2023", {"BuildMethod": "go1.x"}), {"artifact_executable_name": "bootstrap"}),
        (source("provided.al2023"), {"build_logical_id": "Fn"}),
        (
            source("provided.al2023", {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": "b"}}),
            {"artifact_executable_name": "b"},
        ),
    ],
)
def test_build_properties_are_handed_on(wanted: Source, options: Mapping[str, Any]) -> None:
    """In the library's words."""
    assert options_of(wanted, workflow_of(wanted, set().__contains__)) == options


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"BuildMethod": {"Ref": "X"}}, "BuildMethod = {'Ref': 'X'} must be text"),
        ({"BuildProperties": []}, "BuildProperties = [] must be a mapping"),
        ({"BuildArchitecture": "sparc"}, "BuildArchitecture = 'sparc' is not valid: write x86_64 or arm64."),
        ({"ContextPath": "/etc"}, "ContextPath = '/etc' leads out of the repository"),
        ({"ProjectRootDirectory": "../../x"}, "ProjectRootDirectory = '../../x' leads out of the repository"),
    ],
)
def test_metadata_that_cannot_be_followed_is_refused(metadata: Mapping[str, Any], said: str) -> None:
    """With the key."""
    with pytest.raises(ConfigurationError) as refused:
        source("nodejs22.x", metadata).check()
    assert said in str(refused.value)
