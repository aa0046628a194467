"""Reads a template for its local paths: what each of them names, in this template and in those that it nests."""

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.build.paths.includes import inline_includes
from orchestrator.build.paths.loops import write_out
from orchestrator.build.paths.sources import Sources
from orchestrator.build.paths.spread import is_image, name_missing_code, spread_globals
from orchestrator.build.paths.values import Kind, Scope, judge, parts
from orchestrator.build.paths.walk import LOOP, Occurrence, is_too_deep, occurrences, resources
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import FUNCTIONS, Content, Form, PathProperty

_FOLDER_OR_FILE = (Content.FUNCTION, Content.LAYER, Content.BUNDLE)
_DEEPEST = 20
_VALID = {
    Form.OBJECT: "{keys}, or a local path",
    Form.S3_URL: "an s3:// URL, or a local path",
    Form.S3_URLS: "s3:// URLs and local paths, separated by commas",
    Form.HTTPS_URL: "an https:// URL, or the local path of a template",
    Form.KEY: "an https:// URL, or a local path",
    Form.INLINE: "an s3:// URL, or a local path",
}


@dataclass(frozen=True)
class LocalPath:
    """A local path in a template.

    Attributes:
        occurrence: the property.
        part: the entry of a list that it is.
        text: as written.
    """

    occurrence: Occurrence
    part: int
    text: str

    @property
    def wanted(self) -> PathProperty:
        """What the table says of the property."""
        return self.occurrence.wanted


@dataclass(frozen=True)
class Draft:
    """A template whose local paths are known.

    Attributes:
        document: the template, which `finish` changes.
        sources: where it lies.
        scope: what is known of its parameters.
        paths: all local paths, each with the file or folder that it names.
        nested: by file, the templates that it nests.
    """

    document: dict[str, Any]
    sources: Sources
    scope: Scope
    paths: tuple[tuple[LocalPath, Path], ...]
    nested: Mapping[Path, "Draft"]

    @property
    def names_code(self) -> bool:
        """Whether a function of the template, or of one that it nests, names its code by a local path."""
        return any(local.wanted.content is Content.FUNCTION for one in self.all() for local, _ in one.paths)

    def all(self) -> Iterator["Draft"]:
        """This template and all that it nests, each once."""
        yield from {id(draft): draft for draft in self._all()}.values()

    def fresh(self) -> "Draft":
        """A copy whose documents can be changed."""
        return self._fresh({})

    def _fresh(self, made: dict[Path, "Draft"]) -> "Draft":
        document = copy.deepcopy(self.document)
        found, _ = find_paths(document, self.scope)
        paths = tuple((local, path) for local, (_, path) in zip(found, self.paths, strict=True))
        for path, nested in self.nested.items():
            if path not in made:
                made[path] = nested._fresh(made)  # noqa: SLF001  # Of the same class.
        return replace(self, document=document, paths=paths, nested={path: made[path] for path in self.nested})

    def all_nested(self) -> Iterator[tuple[Path, "Draft"]]:
        """All templates that it nests, however deep, by their files."""
        for path, draft in self.nested.items():
            yield path, draft
            yield from draft.all_nested()

    def _all(self) -> Iterator["Draft"]:
        yield self
        for draft in self.nested.values():
            yield from draft._all()  # noqa: SLF001  # Of the same class.


class Drafter:
    """Makes drafts of a unit's templates.

    Args:
        read: reads a template out of a file's content, given its path from the repository's root.
        parse: reads any YAML or JSON in the same way.
        written: writes a template as JSON, and refuses what is too large.
        given: by parameter, the values that environments give to it.
    """

    def __init__(
        self,
        read: Callable[[bytes, str], dict[str, Any]],
        parse: Callable[[bytes, str], Any],
        written: Callable[[dict[str, Any], str], bytes],
        given: Mapping[str, Iterable[str]],
    ) -> None:
        self._read = read
        self._parse = parse
        self._written = written
        self._given = given

    def __call__(self, document: dict[str, Any], sources: Sources) -> Draft:
        """Read a unit's template.

        Raises:
            ConfigurationError: a path is not there or cannot be known; every one is named.
        """
        return self._draft(document, sources, self._given, (), {})

    def _draft(
        self,
        document: dict[str, Any],
        sources: Sources,
        given: Mapping[str, Iterable[str]],
        within: tuple[str, ...],
        made: dict[Path, Draft],
    ) -> Draft:
        included = inline_includes(self._unshared(document, sources.file), sources, self._parse)
        whole = self._unshared(included, sources.file)
        spread(whole, sources.file)
        scope = Scope.of(whole, given)
        whole = write_out(whole, lambda loop: bool(_is_open(loop, scope)), sources.file)
        paths, problems = find_paths(whole, scope)
        known: list[tuple[LocalPath, Path]] = []
        for one in paths:
            try:
                known.append((one, _named(one, sources)))
            except ConfigurationError as error:
                problems += error.problems
        if problems:
            raise ConfigurationError(sources.file, *problems)
        nested = {
            path: self._nested(path, sources, (*within, sources.file), made)
            for one, path in known
            if one.wanted.content in (Content.TEMPLATE, Content.FOREIGN_TEMPLATE)
        }
        foreign = {path: one for one, path in known if one.wanted.content is Content.FOREIGN_TEMPLATE}
        problems += [
            f"{one.occurrence.place} = {one.text!r}: a stack set is deployed to other accounts, which do not have "
            f"the release's objects, and this template names {nested[path].paths[0][0].text!r}. Valid are s3:// URLs."
            for path, one in foreign.items()
            if nested[path].paths
        ]
        if problems:
            raise ConfigurationError(sources.file, *problems)
        return Draft(whole, sources, scope, tuple(known), nested)

    def _nested(self, path: Path, sources: Sources, within: tuple[str, ...], made: dict[Path, Draft]) -> Draft:
        name = sources.name(path)
        if name in within:
            raise ConfigurationError(name, f"nests itself: {' -> '.join((*within, name))}. Remove one of the stacks.")
        if len(within) >= _DEEPEST:
            raise ConfigurationError(name, f"is nested in {_DEEPEST} templates. Nest fewer.")
        if path not in made:
            document = self._read(path.read_bytes(), name)
            made[path] = self._draft(document, sources.beside(path), {}, within, made)
        return made[path]

    def _unshared(self, document: dict[str, Any], file: str) -> dict[str, Any]:
        """A copy in which no mapping is in two places, as YAML's anchors make it."""
        copied: dict[str, Any] = json.loads(self._written(document, file))
        if is_too_deep(copied):
            raise ConfigurationError(file, "is nested too deeply.")
        return copied


def spread(document: dict[str, Any], file: str) -> None:
    """Give each function and resource its own path where `Globals` or nothing names it.

    Raises:
        ConfigurationError: a section of the template is not a mapping.
    """
    scope = Scope.of(document, {})
    spread_globals(document, lambda value, wanted: judge(value, wanted, scope).kind in (Kind.LOCAL, Kind.UNKNOWN))
    name_missing_code(document)
    for resource in resources(document):
        if resource.type in FUNCTIONS and not isinstance(resource.body.get("Properties", {}), dict):
            raise ConfigurationError(file, f"{resource.place}.Properties must be a mapping.")


def find_paths(document: Mapping[str, Any], scope: Scope) -> tuple[list[LocalPath], list[str]]:
    """Find the local paths of a template; returns them, and a sentence for each value that cannot be known."""
    paths: list[LocalPath] = []
    problems: list[str] = []
    for occurrence in occurrences(document):
        for part, value in enumerate(parts(occurrence.value, occurrence.wanted)):
            verdict = judge(value, occurrence.wanted, scope)
            if verdict.kind is Kind.UNKNOWN:
                problems.append(unknown(occurrence, value, verdict.text))
            elif verdict.kind is Kind.LOCAL and occurrence.wanted.content is Content.REMOTE:
                problems.append(unknown(occurrence, value, "no tool uploads a local path of this property"))
            elif verdict.kind is Kind.LOCAL:
                paths.append(LocalPath(occurrence, part, verdict.text))
    return paths, problems + list(_images(document))


def unknown(occurrence: Occurrence, value: Any, why: str) -> str:
    """The sentence for a value that is neither a local path, nor inline, nor remote."""
    keys = occurrence.wanted.keys
    mapping = f"{{{keys.bucket}: ..., {keys.key}: ...}} or an s3:// URL" if keys else ""
    valid = _VALID[occurrence.wanted.form].format(keys=mapping)
    return (
        f"{occurrence.place} = {json.dumps(value)}: {why}. Valid are {valid}; to choose between local paths, write an "
        "Fn::If of them."
    )


def _images(document: Mapping[str, Any]) -> Iterator[str]:
    for resource in resources(document):
        if resource.type in FUNCTIONS and is_image(resource):
            yield (
                f"{resource.place} is a container image, and a release holds none. Leave PackageType out and let the "
                "function run the unit's wheel."
            )


def _is_open(loop: Any, scope: Scope) -> bool:
    """Whether the paths in a loop's body are local, or depend on its variable."""
    found = occurrences({"Resources": {LOOP: loop}})
    verdicts = (judge(part, one.wanted, scope) for one in found for part in parts(one.value, one.wanted))
    return any(verdict.kind in (Kind.LOCAL, Kind.UNKNOWN) for verdict in verdicts)


def _named(local: LocalPath, sources: Sources) -> Path:
    """The file or folder that a local path names."""
    place = local.occurrence.place
    if LOOP in place and "${" in local.text:
        raise ConfigurationError(
            sources.file,
            f"{place} = {local.text!r} depends on a loop whose collection is not written in the template. Write the "
            "list itself into Fn::ForEach.",
        )
    path = sources.required(local.text, place)
    if local.wanted.content not in _FOLDER_OR_FILE and not path.is_file():
        raise ConfigurationError(sources.file, f"{place} = {local.text!r} is a folder. Name a file.")
    return path
