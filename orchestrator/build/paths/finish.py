"""Finishes a draft: puts the release's objects in the place of local paths, in nested templates too."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from orchestrator.build.paths.assets import Assets, text_of
from orchestrator.build.paths.closing import Closing
from orchestrator.build.paths.code import WHEEL, Coding, FunctionRuntimes, source_of
from orchestrator.build.paths.draft import Draft, LocalPath
from orchestrator.build.paths.folders import packaged
from orchestrator.build.paths.objects import named_object, normalize_objects
from orchestrator.build.paths.values import parts
from orchestrator.build.paths.walk import Resource, branches
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import APPLICATION, BUCKET, STACK, Content, Form

_CREATED_BY_SAM = {"Key": "lambda:createdBy", "Value": "SAM"}


@dataclass(frozen=True)
class Finished:
    """A finished template and those that it nests.

    Attributes:
        document: the template.
        all: by file, each of them.
    """

    document: dict[str, Any]
    all: Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class Finishing:
    """The finishing of one unit's templates.

    Attributes:
        unit: its name.
        assets: takes the objects.
        coding: finds the objects for code.
        runtimes: by template, what functions whose code is a local path run on.
        layers: gives the functions of a template their layers, given the template, those whose code was a local path,
            and its file.
        filled: the parameters that are filled in by themselves, and whether there is something to fill them with.
        written: writes a template as JSON, and refuses what is too large.
    """

    unit: str
    assets: Assets
    coding: Coding
    runtimes: Mapping[str, FunctionRuntimes]
    layers: Callable[[dict[str, Any], Collection[str], str], dict[str, Any]]
    filled: Mapping[str, bool]
    written: Callable[[dict[str, Any], str], bytes]

    def __call__(self, draft: Draft) -> Finished:
        """Finish a template and what it nests.

        Raises:
            ConfigurationError: something in one of them cannot become an object of the release; all of it is named.
        """
        made: dict[str, dict[str, Any]] = {}
        return Finished(self._finished(draft.fresh(), {}, made), made)

    def _finished(self, draft: Draft, keys: dict[Path, str], made: dict[str, dict[str, Any]]) -> dict[str, Any]:
        for path, nested in draft.nested.items():
            if path not in keys:
                text = self.written(self._finished(nested, keys, made), nested.sources.file)
                keys[path] = self.assets.text(text, ".json")
        file = draft.sources.file
        python, used = self._replaced(draft, keys)
        normalize_objects(draft.document, file)
        used |= self._handed_down(draft, made)
        document = self.layers(_declared(draft.document, used, file), python, file)
        Closing(self.unit, self.assets.files.keys())(document, draft.scope, draft.sources)
        made[file] = document
        return document

    def _replaced(self, draft: Draft, keys: dict[Path, str]) -> tuple[list[str], set[str]]:
        """Put objects in the place of paths; returns the functions in Python, and the parameters that are used."""
        python: list[str] = []
        used: set[str] = set()
        problems: list[str] = []
        for local, path in draft.paths:
            try:
                key = self._key(draft, local, path, keys, python)
                _replace(local, key, draft.sources.file)
            except ConfigurationError as error:
                own = error.file == draft.sources.file
                problems += error.problems if own else [str(error)]
                continue
            used |= set() if local.wanted.form in (Form.INLINE, Form.KEY) else {BUCKET}
            used |= {WHEEL["Ref"]} if key == WHEEL else set()
        if problems:
            raise ConfigurationError(draft.sources.file, *problems)
        return python, used

    def _handed_down(self, draft: Draft, made: Mapping[str, dict[str, Any]]) -> set[str]:
        """Give nested stacks the parameters that are filled in; returns those that this template needs for it."""
        used: set[str] = set()
        problems: list[str] = []
        for local, path in draft.paths:
            resource = local.occurrence.resource
            if resource is None or local.wanted.content is not Content.TEMPLATE:
                continue
            before = resource.properties.get("Parameters", {})
            given, wrong = _given(resource, made[draft.nested[path].sources.file], self.filled)
            problems += wrong
            if given:
                resource.properties["Parameters"] = given
            used |= {name for name in given if name in self.filled and name not in before}
        if problems:
            raise ConfigurationError(draft.sources.file, *problems)
        return used

    def _key(self, draft: Draft, local: LocalPath, path: Path, keys: dict[Path, str], python: list[str]) -> Any:
        """The key of the object that stands in for a path, or what gives it; functions in Python are noted."""
        content, name = local.wanted.content, draft.sources.name(path)
        if content in (Content.FUNCTION, Content.LAYER):
            source = source_of(draft, local, path, self.runtimes.get(draft.sources.file, {}))
            key = self.coding(source)
            python += [source.resource.name] if source.is_python else []
            return key
        if content in (Content.TEMPLATE, Content.FOREIGN_TEMPLATE):
            return keys[path]
        if path.is_dir():
            return self.assets.folder(packaged(path, draft.sources), name, is_named=local.wanted.is_named)
        if local.wanted.form is Form.INLINE:
            return text_of(path, name)
        return self.assets.file(path, name, is_named=local.wanted.is_named)


def _given(
    resource: Resource, nested: Mapping[str, Any], known: Mapping[str, bool]
) -> tuple[dict[str, Any], list[str]]:
    """The parameters that a nested stack is given, and a sentence for each that is given in vain or not at all.

    Those that are filled in by themselves need not be written.
    """
    declared, given = nested.get("Parameters", {}), resource.properties.get("Parameters", {})
    place = f"{resource.place}.Properties.Parameters"
    if not isinstance(given, dict):
        return {}, [f"{place} must be a mapping of names to values."]
    if len(given) == 1 and next(iter(given)).startswith("Fn::"):
        return given, []
    filled = [name for name, is_there in known.items() if name in declared and is_there]
    whole = {**given, **{name: {"Ref": name} for name in filled if name not in given}}
    missing = [name for name, one in declared.items() if name not in whole and "Default" not in (one or {})]
    problems = [f"{place}.{name} has no value, and the nested template declares no Default for it." for name in missing]
    problems += [
        f"{place}.{name}: the nested template declares no such parameter; it declares {', '.join(declared) or 'none'}."
        for name in whole
        if name not in declared
    ]
    return whole, problems


def _replace(local: LocalPath, key: Any, file: str) -> None:
    occurrence = local.occurrence
    if local.wanted.form is Form.INLINE:
        del occurrence.holder[occurrence.key]
        occurrence.holder[local.wanted.instead[0]] = key
        return
    entries = list(parts(occurrence.value, local.wanted))
    entries[local.part] = named_object(key, local.wanted)
    occurrence.set({"Fn::Join": [",", entries]} if len(entries) > 1 else entries[0])
    if occurrence.resource and occurrence.resource.body["Type"] == APPLICATION:
        _make_stack(occurrence.resource, file)


def _make_stack(application: Resource, file: str) -> None:
    """Write a local application as the stack that SAM's transform makes of it, which takes no function as a location.

    The properties stay the same mapping, because other branches of a location are still to be replaced in it.
    """
    properties = application.properties
    if any(isinstance(branch, dict) and "ApplicationId" in branch for branch in branches(properties["Location"])):
        raise ConfigurationError(
            file,
            f"{application.place}.Properties.Location chooses between a local template and a published application. "
            "Write two resources with a Condition each.",
        )
    tags = properties.get("Tags")
    own = [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else []
    properties["Tags"] = [_CREATED_BY_SAM, *own]
    properties["TemplateURL"] = properties.pop("Location")
    application.body["Type"] = STACK


def _declared(document: dict[str, Any], names: Collection[str], file: str) -> dict[str, Any]:
    """The template with the parameters that tell it where the release's objects are."""
    declared = document.get("Parameters", {})
    missing = sorted(name for name in names if name not in declared)
    taken = [name for name in missing if name in document["Resources"]]
    if taken:
        raise ConfigurationError(
            file,
            *(
                f"Resources.{name}: a parameter of this name tells the template where the release's objects are. "
                "Rename the resource."
                for name in taken
            ),
        )
    added = {name: {"Type": "String"} for name in missing}
    return {**document, "Parameters": {**declared, **added}} if missing else document
