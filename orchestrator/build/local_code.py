"""Local folders in a template, as `sam build` and `aws cloudformation package` take them.

`CodeUri: src/` means the folder's files with the dependencies installed beside them. Here these are the unit's wheel
and its layer: the folder is replaced by them where the wheel provably holds the handler at the same place, with the
same bytes; in any other case the build says what to write instead.
"""

import copy
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.build.folders.exclusions import PYTHON_EXCLUDED, is_excluded
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of
from orchestrator.releases.template_code import (
    FUNCTIONS,
    LAYERS,
    of_globals,
    properties,
    property_of,
)

# What else the AWS CLI and SAM upload from local paths. Source: their documentation of `package`.
_OTHERS = {
    "AWS::Serverless::Api": ("DefinitionUri",),
    "AWS::Serverless::HttpApi": ("DefinitionUri",),
    "AWS::Serverless::StateMachine": ("DefinitionUri",),
    "AWS::Serverless::GraphQLApi": ("SchemaUri",),
    "AWS::Serverless::Application": ("Location",),
    "AWS::CloudFormation::Stack": ("TemplateURL",),
    "AWS::StepFunctions::StateMachine": ("DefinitionS3Location",),
    "AWS::ApiGateway::RestApi": ("BodyS3Location",),
    "AWS::AppSync::GraphQLSchema": ("DefinitionS3Location",),
    **{kind: (place.property,) for kind, place in LAYERS.items()},
}
_REMOTE = ("s3://", "https://", "http://", "arn:")
_SHOWN = 5


@dataclass(frozen=True)
class LocalFunction:
    """A function that names a local folder.

    Attributes:
        name: its logical name.
        folder: as written, from the template's folder.
        handler: as written.
        problem: why nothing can stand in for the folder; empty when something can.
        module: the handler's, from the folder.
        content: SHA-256 of that module.
        files: what else `sam build` would package.
    """

    name: str
    folder: str
    handler: str
    problem: str = ""
    module: str = ""
    content: str = ""
    files: tuple[str, ...] = ()

    def looked_up(self, template_folder: Path, tree: Path) -> "LocalFunction":
        """The same with what lies in its folder, which must be looked at before the unit's programs could alter it."""
        where = f"Resources.{self.name}"
        folder = (template_folder / self.folder).resolve()
        if not folder.is_dir() or not folder.is_relative_to(tree.resolve()):
            problem = (
                f"{where} takes its code from {self.folder!r}, which is no folder that this unit has: where it is one "
                "of the repository, add it to the unit's depends_on."
            )
            return replace(self, problem=problem)
        stem = self.handler.rpartition(".")[0].replace(".", "/")
        found = next((name for name in (f"{stem}.py", f"{stem}/__init__.py") if (folder / name).is_file()), None)
        if found is None:
            problem = f"{where}.Properties.Handler = {self.handler!r}: {self.folder} has no {stem}.py."
            return replace(self, problem=problem)
        files = tuple(sorted(_packaged(folder)))
        return replace(self, module=found, content=sha256_of((folder / found).read_bytes()), files=files)


def use_artifacts(document: dict[str, Any], file: str) -> tuple[dict[str, Any], tuple[LocalFunction, ...]]:
    """Put the unit's wheel in the place of local folders.

    Returns:
        The template, and the functions that were changed: the wheel must hold their handlers, see `check_wheel`.

    Raises:
        ConfigurationError: a function cannot run from the wheel, or something else is taken from a local path.
    """
    found = list(_local_code(document))
    problems = [
        *_others(document),
        *(problem for name, _, _ in found for problem in _problems(document, name)),
    ]
    if problems:
        raise ConfigurationError(file, *problems)
    if not found:
        return document, ()
    changed = copy.deepcopy(document)
    if isinstance(of_globals(changed, "CodeUri"), str):
        del changed["Globals"]["Function"]["CodeUri"]
    for name, kind, _ in found:
        place = FUNCTIONS[kind]
        changed["Resources"][name]["Properties"][place.property] = place.of("SourceKey")
    _declare(changed, "ArtifactsBucket", "SourceKey")
    handlers = {name: str(property_of(document, document["Resources"][name], "Handler")) for name, _, _ in found}
    return changed, tuple(LocalFunction(name, code, handlers[name]) for name, _, code in found)


def local_folders(document: Mapping[str, Any]) -> list[str]:
    """The folders that functions take their code from, as the template writes them, each once."""
    return list(dict.fromkeys(code for _, _, code in _local_code(dict(document))))


def check_wheel(functions: tuple[LocalFunction, ...], wheel: bytes, file: str) -> list[str]:
    """Check that the wheel can stand in for the folders that functions name.

    Args:
        functions: what `use_artifacts` changed, looked up.
        wheel: the unit's.
        file: the template's path, for messages.

    Returns:
        What else lies in a folder and not in the wheel, one sentence for each function.

    Raises:
        ConfigurationError: a handler is not where the function looks for it, or not the same.
    """
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    judged = [_judge(function, contents) for function in functions]
    problems = [problem for problem, _ in judged if problem]
    if problems:
        raise ConfigurationError(file, *problems)
    return [warning for _, warning in judged if warning]


def _local_code(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, resource in document["Resources"].items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind in FUNCTIONS and "InlineCode" not in properties(resource):
            code = property_of(document, resource, FUNCTIONS[kind].property)
            if isinstance(code, str) and not code.startswith(_REMOTE) and properties(resource):
                yield name, kind, code


def _others(document: dict[str, Any]) -> Iterator[str]:
    for name, resource in document["Resources"].items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        for key in _OTHERS.get(kind or "", ()):
            value = properties(resource).get(key)
            if isinstance(value, str) and not value.startswith(_REMOTE):
                yield f"Resources.{name}.Properties.{key} = {value!r} is a local path. {_instead(str(kind), key)}"
        if kind in FUNCTIONS and property_of(document, resource, "PackageType") == "Image":
            yield (
                f"Resources.{name} is a container image, and a release holds none. Leave PackageType out and let the "
                "function run the unit's wheel."
            )


def _instead(kind: str, key: str) -> str:
    if kind in LAYERS:
        value = ", ".join(f"{name}: !Ref {ref['Ref']}" for name, ref in LAYERS[kind].of("LayerKey").items())
        return (
            f"A release has one layer, made of project.dependencies: write {key}: {{{value}}}; code that units share "
            "belongs in a folder that tool.orchestrator.depends_on names."
        )
    return "Only the code of functions is taken from a folder: write the definition into the template itself."


def _problems(document: dict[str, Any], name: str) -> Iterator[str]:
    handler = property_of(document, document["Resources"][name], "Handler")
    if not isinstance(handler, str) or "." not in handler:
        yield f"Resources.{name}.Properties.Handler = {handler!r} must be text such as 'orders.app.handle'."


def _declare(document: dict[str, Any], *names: str) -> None:
    declared = document.setdefault("Parameters", {})
    for name in names:
        declared.setdefault(name, {"Type": "String"})


def _judge(function: LocalFunction, wheel: dict[str, bytes]) -> tuple[str, str]:
    """A problem, and a warning; each empty when there is none."""
    where = f"Resources.{function.name}"
    if function.problem:
        return function.problem, ""
    if function.module not in wheel or sha256_of(wheel[function.module]) != function.content:
        return f"{where}: {_unlike(function, function.module, wheel)}", ""
    absent = [name for name in function.files if name not in wheel]
    if not absent:
        return "", ""
    more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
    names = ", ".join(absent[:_SHOWN])
    return "", f"{where} runs the unit's wheel in place of {function.folder}; the wheel leaves out {names}{more}."


def _unlike(function: LocalFunction, module: str, wheel: dict[str, bytes]) -> str:
    held = ", ".join(sorted({name.split("/")[0] for name in wheel if ".dist-info/" not in name})) or "nothing"
    what = f"another {module}" if module in wheel else f"no {module}"
    return (
        f"the unit's wheel is to replace {function.folder}, but it has {what}; at its top it has {held}. Let the "
        f"build backend put what is in {function.folder} at the top of the wheel (with hatchling: "
        "[tool.hatch.build.targets.wheel] packages or sources), or write "
        "CodeUri: {Bucket: !Ref ArtifactsBucket, Key: !Ref SourceKey} and a Handler that the wheel has."
    )


def _packaged(folder: Path) -> Iterator[str]:
    """The files that `sam build` would package, without the lists of requirements: those become the layer."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        is_left_out = any(is_excluded(part, PYTHON_EXCLUDED) for part in name.parts)
        if path.is_file() and not is_left_out and name.as_posix() != REQUIREMENTS_FILE:
            yield name.as_posix()
