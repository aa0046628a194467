"""What there is in a repository: templates, CDK apps, projects, and what `sam deploy` was told to deploy."""

import json
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

from orchestrator.adoption.reasons import LeftOut, Reason
from orchestrator.adoption.tools import projects_of_tools
from orchestrator.build.cdk import CDK_FILE
from orchestrator.build.template import LARGEST_TEMPLATE, read_template
from orchestrator.config.load import parse_toml
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.source.changes import around
from orchestrator.source.discovery import Finder
from orchestrator.source.facts import PYPROJECT, TEMPLATES
from orchestrator.source.reading import within
from orchestrator.source.repository import Entry, Mode, SourceRepository

SAMCONFIG = "samconfig.toml"
_ENDINGS = (".yaml", ".yml", ".template")
# Most JSON files are none: of those, only these are read.
_JSON = re.compile(r"(template|stack|cloudformation|cfn|sam)[^/]*\.json$", re.IGNORECASE)
_IS_TEMPLATE = re.compile(rb"AWSTemplateFormatVersion|AWS::[A-Z]\w+::\w+")


@runtime_checkable
class Sizing(Protocol):
    """A repository that also tells how large files are."""

    def sizes(self, commit: str, paths: Iterable[str]) -> Mapping[str, int]:
        """How many bytes those of the given files have that exist at a commit."""


@dataclass(frozen=True)
class SamDeployment:
    """What `samconfig.toml` says of one of its environments.

    Attributes:
        stack: the stack's name, None when it names none.
        region: where, None when it is not told.
        parameters: what they are overridden with.
    """

    stack: str | None
    region: str | None
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """A folder with a template or a CDK app.

    Attributes:
        folder: from the repository's root.
        file: the template's name, or that of the CDK app's file.
        document: the template; None for a CDK app.
        project: the text of its `pyproject.toml`, None when there is none.
        sam: what `samconfig.toml` says, by its environment.
    """

    folder: str
    file: str
    document: Mapping[str, Any] | None
    project: str | None
    sam: Mapping[str, SamDeployment] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The file, from the repository's root."""
        return f"{self.folder}/{self.file}" if self.folder else self.file


@dataclass
class Look:
    """A look at a commit.

    Args:
        repository: where.
        commit: its full id.
    """

    repository: SourceRepository
    commit: str
    left_out: LeftOut = field(default_factory=LeftOut)
    no_template: dict[str, str] = field(default_factory=dict)
    """By folder with a file that is called as templates are, why that is none."""
    everything: dict[str, Entry] = field(default_factory=dict)
    """All paths; filled by `places`."""

    @cached_property
    def finder(self) -> Finder:
        """Looks at the commit."""
        return Finder(self.repository, self.commit)

    def places(self) -> list[Place]:
        """Every folder that could be a unit, in order."""
        self.everything = dict(self.finder.everything())
        for path, entry in self.everything.items():
            if entry.mode is Mode.SUBMODULE:
                why = "is a submodule, whose files are in another repository."
                self.left_out.add(path, Reason.NOT_A_FOLDER, why)
        files = [path for path, entry in self.everything.items() if entry.mode in (Mode.FILE, Mode.PROGRAM)]
        folders: dict[str, list[str]] = {}
        for path in files:
            if path.endswith(_ENDINGS) or (path.endswith(".json") and _is_worth_reading(path)):
                folders.setdefault(path.rpartition("/")[0], []).append(path)
        beside = [within(folder, name) for folder in folders for name in (PYPROJECT, SAMCONFIG)]
        wanted = [path for found in folders.values() for path in found]
        texts = self._read([*wanted, *(one for one in beside if one in self.everything)])
        found = [place for folder in sorted(folders) if (place := self._place(folder, folders[folder], texts))]
        self._leave_to_tools({place.folder for place in found})
        return found

    def _read(self, paths: list[str]) -> Mapping[str, bytes]:
        """The content of files; of what is larger than a template may be, none is read."""
        small = paths
        if isinstance(self.repository, Sizing):
            sizes = self.repository.sizes(self.commit, paths)
            small = [path for path in paths if sizes.get(path, LARGEST_TEMPLATE + 1) <= LARGEST_TEMPLATE]
        for path in set(paths).difference(small):
            if path.rpartition("/")[2] in (CDK_FILE, *TEMPLATES):
                why = f"is larger than CloudFormation takes ({LARGEST_TEMPLATE:,} bytes), so it is not read."
                self.left_out.add(path, Reason.TEMPLATE, why)
        return self.repository.files(self.commit, small)

    def _leave_to_tools(self, folders: Collection[str]) -> None:
        """Name what other tools deploy, but for what is in a folder that could be a unit."""
        for folder, tool, name in projects_of_tools(self.everything):
            if folder not in folders and not any(one in folders for one in around(folder)):
                why = (
                    f"has {name}, so {tool} deploys it. Units are CloudFormation and SAM templates, and CDK apps in "
                    "Python."
                )
                self.left_out.add(folder, Reason.TOOL, why, kind=tool)

    def _place(self, folder: str, paths: list[str], texts: Mapping[str, bytes]) -> Place | None:
        project = texts.get(f"{folder}/{PYPROJECT}".lstrip("/"))
        text = None if project is None else project.decode(errors="replace")
        sam = self._sam(f"{folder}/{SAMCONFIG}".lstrip("/"), texts)
        names = {path.rpartition("/")[2]: path for path in paths}
        if CDK_FILE in names:
            return self._cdk(folder, texts.get(names[CDK_FILE], b""), text)
        documents = dict(self._documents(folder, names, texts))
        usual = [name for name in TEMPLATES if name in documents]
        chosen = usual[:1] or list(documents)
        if not chosen:
            return None
        if not usual and len(documents) > 1:
            why = (
                f"holds the templates {', '.join(sorted(documents))}, and a unit has one: name it as in "
                f"units = ['{folder}/{chosen[0]}'], and move the others to folders of their own."
            )
            self.left_out.add(folder, Reason.SEVERAL, why)
            return None
        for name in documents.keys() - {chosen[0]}:
            why = f"lies beside {chosen[0]}, and a unit has one template: give it a folder."
            self.left_out.add(names[name], Reason.BESIDE, why)
        return Place(folder, chosen[0], documents[chosen[0]], text, sam)

    def _cdk(self, folder: str, text: bytes, project: str | None) -> Place | None:
        try:
            app = str(json.loads(text).get("app", ""))
        except (ValueError, AttributeError, RecursionError):
            app = ""
        if ".py" not in app and "python" not in app:
            why = f"is a CDK app started by {app!r}: only those in Python can be built."
            self.left_out.add(folder, Reason.CDK, why)
            return None
        return Place(folder, CDK_FILE, None, project)

    def _documents(
        self, folder: str, names: Mapping[str, str], texts: Mapping[str, bytes]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, path in sorted(names.items()):
            looks_like_one = _IS_TEMPLATE.search(texts.get(path, b"")) is not None
            if not looks_like_one and name not in TEMPLATES:
                continue
            try:
                yield name, read_template(texts.get(path, b""), path)
            except ConfigurationError as problem:
                if name in TEMPLATES:
                    said = " ".join(problem.problems)
                    self.no_template.setdefault(folder, f"{name}: {said}")
                    # Other tools have files of that name.
                    if looks_like_one:
                        self.left_out.add(path, Reason.TEMPLATE, said)

    def _sam(self, path: str, texts: Mapping[str, bytes]) -> dict[str, SamDeployment]:
        try:
            document = parse_toml(texts.get(path, b""), path)
        except ConfigurationError as problem:
            self.left_out.add(path, Reason.PROJECT, "is ignored:", *problem.problems)
            return {}
        return {name: _deployment(table) for name, table in document.items() if isinstance(table, dict)}


def _is_worth_reading(path: str) -> bool:
    """Whether a JSON file may be a template, or is that of a CDK app."""
    return path.rpartition("/")[2] in (CDK_FILE, *TEMPLATES) or _JSON.search(path) is not None


def _deployment(table: Mapping[str, Any]) -> SamDeployment:
    told: dict[str, Any] = {}
    for command in ("global", "deploy"):
        section = table.get(command)
        parameters = section.get("parameters") if isinstance(section, dict) else None
        told |= parameters if isinstance(parameters, dict) else {}
    stack, region = told.get("stack_name"), told.get("region")
    return SamDeployment(
        stack if isinstance(stack, str) else None,
        region if isinstance(region, str) else None,
        dict(_overrides(told.get("parameter_overrides", ()))),
    )


def _overrides(written: Any) -> Iterator[tuple[str, str]]:
    """Name and value of each; SAM takes one text, a list, and the long form of the AWS CLI."""
    words: Iterable[Any] = written if isinstance(written, list) else _words(str(written or ""))
    for word in map(str, words):
        long = re.fullmatch(r"ParameterKey=(\w+),ParameterValue=(.*)", word)
        name, _, value = (long[1], "", long[2]) if long else word.partition("=")
        if re.fullmatch(r"\w+", name):
            yield name, value.strip("\"'")


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
