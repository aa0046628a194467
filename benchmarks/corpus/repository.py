"""A repository with a folder for each template, and the file that makes each a unit."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.corpus.placeholders import place_missing
from orchestrator.build.template import WELL_KNOWN_PARAMETERS, parse
from orchestrator.source.catalog import Catalog, read_catalog
from orchestrator.source.local_git import LocalGitRepository

_WITHIN = "a/b/c/d"
_ORGANIZATION = """
units = ["*"]
[tooling]
account = "111111111111"
region = "us-east-1"
[[environments]]
name = "dev"
account = "222222222222"
region = "us-east-1"
"""
_IDENTITY = ("-c", "user.name=Corpus", "-c", "user.email=corpus@example.com", "-c", "commit.gpgsign=false")


def template_of(text: bytes, name: str) -> dict[str, Any] | None:
    """The template in a file; None where it holds no resources, as a configuration or a part of a template.

    Raises:
        ConfigurationError: it cannot be read.
    """
    document = parse(text, name)
    resources = document.get("Resources") if isinstance(document, dict) else None
    return document if isinstance(resources, dict) and resources else None


def commit_units(templates: Mapping[str, bytes], folder: Path, search_path: str) -> Catalog:
    """Commit a unit for each template.

    Args:
        templates: by name.
        folder: an empty one.
        search_path: the PATH that `git` is looked up on.
    """
    tables = [_unit(folder, name, text) for name, text in templates.items()]
    (folder / "orchestrator.toml").write_text(_ORGANIZATION + "".join(tables), encoding="utf-8")
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "Add templates")):
        subprocess.run(["git", *_IDENTITY, "-C", str(folder), *command], check=True)  # noqa: S607
    return read_catalog(LocalGitRepository(folder, search_path), "HEAD")


def folder_of(name: str) -> str:
    """The folder of a template's unit."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


def given(document: Mapping[str, Any]) -> dict[str, str]:
    """A value for each parameter of a template that has none, as people would set it."""
    declared = document.get("Parameters")
    return {
        name: _value(one)
        for name, one in (declared.items() if isinstance(declared, dict) else ())
        if isinstance(one, dict) and "Default" not in one and name not in WELL_KNOWN_PARAMETERS
    }


def _value(parameter: Mapping[str, Any]) -> str:
    allowed = parameter.get("AllowedValues")
    if isinstance(allowed, list) and allowed:
        return str(allowed[0])
    return "1" if parameter.get("Type") == "Number" else "given"


def _unit(folder: Path, name: str, text: bytes) -> str:
    """Write a unit; returns its table in `orchestrator.toml`."""
    template = f"{_WITHIN}/{Path(name).name}"
    home = folder / folder_of(name) / _WITHIN
    home.mkdir(parents=True)
    (home / Path(name).name).write_bytes(text)
    document = parse(text, name)
    place_missing(document, home)
    return "".join(f"{line}\n" for line in _table(folder_of(name), template, given(document)))


def _table(unit: str, template: str, parameters: Mapping[str, str]) -> Iterator[str]:
    yield f"[unit.{json.dumps(unit)}]"
    yield f"template = {json.dumps(template)}"
    pairs = ", ".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in parameters.items())
    yield f"parameters.default = {{ {pairs} }}"
