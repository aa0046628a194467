"""What cannot be built soundly is refused, and built where the repository has what it needs."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestrator.build.functions.soundness import refuse_unsound
from orchestrator.build.functions.source import Source
from orchestrator.build.functions.workflows import workflow_of
from orchestrator.errors import ConfigurationError

_CRATE = 'version = 3\n\n[[package]]\nname = "serde"\nversion = "1.0.0"\nsource = "registry+https://crates.example"\n'


def refuse(tree: Path, runtime: str, method: str, files: Sequence[tuple[str, str]]) -> None:
    """Judge a function with some files."""
    for name, text in files:
        path = tree / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    source = Source("Fn", "template.yaml", "code", runtime, metadata={"BuildMethod": method} if method else {})
    refuse_unsound(source, workflow_of(source, lambda file: (tree / file).is_file()), tree)


@pytest.mark.parametrize(
    ("runtime", "method", "files", "said"),
    [
        ("java21", "", [("build.gradle", "")], "Gradle needs a local socket to run"),
        ("java21", "", [("pom.xml", "")], "'mvn dependency:go-offline -Dmaven.repo.local=vendor/maven' beside the pom"),
        ("dotnet8", "", [("x.csproj", "")], "'dotnet restore' runs targets of the project with the network in reach"),
        ("ruby3.4", "", [("Gemfile", "")], "a Gemfile is a program"),
        ("ruby3.4", "", [("Gemfile", ""), ("vendor/cache/x.gem", "")], "a Gemfile is a program"),
        ("provided.al2023", "rust-cargolambda", [("Cargo.toml", "")], "there is no Cargo.lock"),
        ("provided.al2023", "rust-cargolambda", [("Cargo.lock", _CRATE)], "'cargo vendor' writes a folder vendor"),
    ],
)
def test_what_would_be_fetched_by_code_of_the_unit_is_refused(
    runtime: str, method: str, files: Sequence[tuple[str, str]], said: str, tmp_path: Path
) -> None:
    """With the reason, and what to do."""
    with pytest.raises(ConfigurationError) as refused:
        refuse(tmp_path, runtime, method, files)
    assert str(refused.value).startswith("template.yaml: Resources.Fn is built by ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("runtime", "method", "files"),
    [
        ("java21", "", [("pom.xml", ""), ("vendor/maven/x/x.pom", "")]),
        ("ruby3.4", "", [("app.rb", "")]),
        ("ruby3.4", "", [("Gemfile", ""), ("Gemfile.lock", ""), ("vendor/cache/x.gem", "")]),
        ("provided.al2023", "rust-cargolambda", [("Cargo.lock", "version = 3\n")]),
        ("provided.al2023", "rust-cargolambda", [("Cargo.lock", _CRATE), ("vendor/serde/Cargo.toml", "")]),
        ("nodejs22.x", "", []),
        ("provided.al2023", "", []),
    ],
)
def test_what_the_repository_has_is_built(
    runtime: str, method: str, files: Sequence[tuple[str, str]], tmp_path: Path
) -> None:
    """Or what is fetched by tools that run nothing of the unit."""
    refuse(tmp_path, runtime, method, files)
