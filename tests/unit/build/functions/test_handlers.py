"""Whether a package has what its handler names."""

import zipfile
from pathlib import Path

import pytest

from orchestrator.build.functions.handlers import problem_of
from orchestrator.build.functions.source import Source
from orchestrator.build.functions.workflows import language_of


def problem(
    folder: Path, runtime: str, handler: str, *files: str, program: str = "", jar: str = "", has_layers: bool = False
) -> str:
    """What is wrong with a package of some empty files."""
    package = folder / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for name in files:
            archive.writestr(name, "")
        if program:
            entry = zipfile.ZipInfo(program)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, "")
        if jar:
            with archive.open("lib/all.jar", "w") as file, zipfile.ZipFile(file, "w") as inner:
                inner.writestr(jar, "")
    source = Source("Fn", "template.yaml", "code", runtime, handler=handler, has_layers=has_layers)
    return problem_of(source, language_of(runtime), package)


@pytest.mark.parametrize(
    ("handler", "file"),
    [
        ("index.handler", "index.js"),
        ("index.handler", "index.mjs"),
        ("index.handler", "index.cjs"),
        ("src/app.lambda.handler", "src/app.js"),
        ("./src/app.handler", "src/app.mjs"),
        ("index.handler", "index"),
    ],
)
def test_a_module_of_node_is_found_as_lambda_finds_it(handler: str, file: str, tmp_path: Path) -> None:
    """By the first dot, with each of its endings."""
    assert not problem(tmp_path, "nodejs22.x", handler, file)
    assert file.rsplit("/", maxsplit=1)[-1].split(".", maxsplit=1)[0] in problem(
        tmp_path, "nodejs22.x", handler, "other.js"
    )


@pytest.mark.parametrize(
    ("runtime", "handler", "file"),
    [
        ("java21", "com.acme.Orders::handle", "com/acme/Orders.class"),
        ("java21", "com.acme.Orders", "com/acme/Orders.class"),
        ("ruby3.4", "app.handle", "app.rb"),
        ("ruby3.4", "app.App::Handler.process", "app.rb"),
        ("dotnet8", "Orders::Orders.Function::Handle", "Orders.dll"),
        ("dotnet8", "Orders", "Orders.dll"),
        ("python3.13", "orders.app.handle", "orders/app.py"),
        ("python3.13", "orders.handle", "orders/__init__.py"),
    ],
)
def test_other_languages_have_one_place(runtime: str, handler: str, file: str, tmp_path: Path) -> None:
    """What is missing is named; a layer could have it."""
    assert not problem(tmp_path, runtime, handler, file)
    assert problem(tmp_path, runtime, handler, "README.md").endswith(" At its top it has README.md.")
    assert not problem(tmp_path, runtime, handler, "README.md", has_layers=True)


def test_a_class_may_be_in_a_library(tmp_path: Path) -> None:
    """Lambda adds what is in lib to the class path."""
    assert not problem(tmp_path, "java21", "com.acme.Orders::handle", jar="com/acme/Orders.class")


def test_a_handler_of_node_without_a_function_is_refused(tmp_path: Path) -> None:
    """With an example."""
    assert problem(tmp_path, "nodejs22.x", "index", "index.js").startswith("it must be a file and a function, such as")


@pytest.mark.parametrize(("runtime", "handler"), [("provided.al2023", "any"), ("go1.x", "bootstrap")])
def test_a_program_must_be_there_and_executable(runtime: str, handler: str, tmp_path: Path) -> None:
    """Also where layers could have another one: one that is there hides theirs."""
    assert not problem(tmp_path, runtime, handler, program="bootstrap")
    assert "is not executable" in problem(tmp_path, runtime, handler, "bootstrap", has_layers=True)
    assert "has no program 'bootstrap'" in problem(tmp_path, runtime, handler, "other")
    assert not problem(tmp_path, "provided.al2023", handler, "other", has_layers=True)
