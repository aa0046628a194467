"""A unit in a folder, whose template is finished as a build finishes it."""

import copy
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from orchestrator.build.archive import zip_files
from orchestrator.build.handlers import Function
from orchestrator.build.paths.code import CodeBuilder, NoBuilder
from orchestrator.build.paths.unit import FinishedTemplate, Parts, UnitPaths
from orchestrator.build.platforms.scope import Scope
from orchestrator.build.platforms.unit import UnitPlatforms
from orchestrator.config.organization import Lambda
from orchestrator.releases.sha256 import sha256_of_file

BUCKET = {"Ref": "ArtifactsBucket"}
HANDLER = "def handle(event, context): ...\n"
SAM = "Transform: AWS::Serverless-2016-10-31\n"
TEMPLATE = "projects/orders/template.yaml"


class UnitFolder:
    """The sources of a unit, `projects/orders`.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.home = self.tree / "projects/orders"
        self.home.mkdir(parents=True)
        self._own = folder / "own"
        self._own.mkdir()

    def write(self, path: str, text: str = HANDLER) -> Path:
        """Write a file of the unit; returns it."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def finish(
        self,
        template: str,
        *,
        wheel: Mapping[str, str] | None = None,
        is_plain: bool = True,
        has_layer: bool = False,
        given: Mapping[str, Iterable[str]] | None = None,
        builder: CodeBuilder | None = None,
        name: str = "template.yaml",
    ) -> FinishedTemplate:
        """Finish a template.

        Args:
            template: its text.
            wheel: the files of the unit's wheel.
            is_plain: whether that is made of the folders of functions alone.
            has_layer: whether the unit has dependencies.
            given: the values of parameters in environments.
            builder: builds what is not Python.
            name: of the template's file.
        """
        path = self.write(name, template)
        made = self._own / "wheel.whl"
        zip_files({name: text.encode() for name, text in (wheel or {}).items()}, made)
        platform = Lambda().platform
        paths = UnitPaths("orders", self.tree, self._own, given or {}, platform, builder or NoBuilder())
        draft = paths.draft(path.read_bytes(), path, f"projects/orders/{name}")
        (resolution,) = paths.resolve(draft, {"dev": Scope(draft.document, {"Runtime": platform.runtime})})
        every = UnitPlatforms.of(list(resolution.resolved(draft)), platform).every
        platforms = UnitPlatforms(every, frozenset(every) if has_layer else frozenset())
        return paths.finish(draft, resolution, Parts(made, is_plain, platforms, {}))

    def asset(self, finished: FinishedTemplate, key: str) -> bytes:
        """The content of an object, whose key tells it."""
        path = finished.files[key]
        assert sha256_of_file(path) in key
        return path.read_bytes()

    def files(self, finished: FinishedTemplate, key: str) -> dict[str, str]:
        """The files of an archive."""
        self.asset(finished, key)
        with zipfile.ZipFile(finished.files[key]) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}


def properties(finished: FinishedTemplate, name: str) -> dict[str, Any]:
    """The properties of a resource."""
    found: dict[str, Any] = finished.document["Resources"][name]["Properties"]
    return found


def python(finished: FinishedTemplate) -> list[Function]:
    """The functions in Python, whatever they run on."""
    return [function for functions in finished.functions.values() for function in functions]


def s3_key(value: Any) -> str:
    """The key in a property that names an object of the release by an s3:// URL."""
    start = "s3://${ArtifactsBucket}/"
    assert value.keys() == {"Fn::Sub"}
    assert value["Fn::Sub"].startswith(start)
    return str(value["Fn::Sub"]).removeprefix(start)


def https_key(value: Any) -> str:
    """The key in a property that names a template of the release."""
    start = "https://s3.${AWS::Region}.${AWS::URLSuffix}/${ArtifactsBucket}/"
    assert value.keys() == {"Fn::Sub"}
    assert value["Fn::Sub"].startswith(start)
    return str(value["Fn::Sub"]).removeprefix(start)


def transformed(document: dict[str, Any]) -> dict[str, Any]:
    """A template as SAM's transform makes it."""
    declared = document.get("Parameters", {})
    values = {name: one.get("Default", "given") for name, one in declared.items()}
    session = boto3.Session(region_name="eu-west-1")
    translator = Translator({}, Parser(), boto_session=session)
    made: dict[str, Any] = translator.translate(copy.deepcopy(document), values)
    return made


def nested(unit: UnitFolder, finished: FinishedTemplate, key: str) -> dict[str, Any]:
    """A nested template of the release."""
    document: dict[str, Any] = json.loads(unit.asset(finished, key))
    return document
