"""The closing check: a finished template names objects of the release, inline code, and what is remote by nature.

It reads the result and knows nothing of how it came about. Whatever was overlooked before is found here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from orchestrator.build.paths.draft import unknown
from orchestrator.build.paths.includes import INCLUDE, LOCATION, location_of
from orchestrator.build.paths.sources import Sources
from orchestrator.build.paths.values import Kind, Scope, judge, parts
from orchestrator.build.paths.walk import IF, TRANSFORM, Occurrence, is_choice, occurrences, texts
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

_TOP = "Transform"
# They take no files besides what AWS::Include names.
_OF_AWS = "AWS::"


@dataclass(frozen=True)
class Closing:
    """The check of one unit's templates.

    Attributes:
        unit: its name.
        keys: of the release's objects, as far as templates name them literally.
    """

    unit: str
    keys: Collection[str]

    def __call__(self, document: Mapping[str, Any], scope: Scope, sources: Sources) -> None:
        """Check a finished template.

        Raises:
            ConfigurationError: a property names none of these; every one is named, with the forms that are valid.
        """
        problems = list(self.problems(document, scope, lambda text: sources.find(text) is not None))
        if problems:
            raise ConfigurationError(sources.file, *problems)

    def problems(self, document: Mapping[str, Any], scope: Scope, is_there: Callable[[str], bool]) -> Iterator[str]:
        """Each property that names none of these, in a sentence.

        Args:
            document: the template.
            scope: what is known of its parameters.
            is_there: whether a local path names something.
        """
        yield from self._properties(document, scope)
        yield from self._transforms(document, scope, is_there)

    def _properties(self, document: Mapping[str, Any], scope: Scope) -> Iterator[str]:
        for occurrence in occurrences(document):
            for value in parts(occurrence.value, occurrence.wanted):
                if problem := self._problem(occurrence, value, scope):
                    yield problem

    def _problem(self, occurrence: Occurrence, value: Any, scope: Scope) -> str:
        if occurrence.resource is None and isinstance(value, str) and value in self.keys:
            return ""
        verdict = judge(value, occurrence.wanted, scope)
        match verdict.kind:
            case Kind.UNKNOWN:
                return unknown(occurrence, value, verdict.text)
            case Kind.LOCAL:
                return unknown(occurrence, value, "this local path is not an object of the release")
            case Kind.RELEASE if verdict.text and verdict.text not in self.keys:
                return unknown(occurrence, value, f"the release of {self.unit} has no object {verdict.text!r}")
            case _:
                return ""

    def _transforms(self, document: Mapping[str, Any], scope: Scope, is_there: Callable[[str], bool]) -> Iterator[str]:
        """Judge what transforms are given: files that they include, and anything that a macro could take for a path."""
        for place, transform in transforms(document):
            name = transform.get("Name")
            if name == INCLUDE:
                yield from self._included(transform, place, scope)
            elif not str(name).startswith(_OF_AWS):
                for where, text in texts(transform.get("Parameters"), f"{place}.Parameters"):
                    if _is_path(text) and is_there(text):
                        yield (
                            f"{where} = {text!r} is a local path, and nothing says what the transform {name!r} "
                            "does with it. Valid are s3:// URLs; to include a file, use AWS::Include."
                        )

    @staticmethod
    def _included(transform: Mapping[str, Any], place: str, scope: Scope) -> Iterator[str]:
        waiting = [location_of(transform)]
        while waiting:
            location = waiting.pop()
            if is_choice(location):
                waiting += location[IF][1:]
                continue
            verdict = judge(location, LOCATION, scope)
            if verdict.kind not in (Kind.REMOTE, Kind.RELEASE):
                why = verdict.text if verdict.kind is Kind.UNKNOWN else "this names no file"
                yield f"{place}.Parameters.Location = {location!r}: {why}. Valid are s3:// URLs and local paths."


def transforms(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All transforms of a template that are given parameters, each with its place."""
    top = document.get(_TOP)
    for number, one in enumerate(top if isinstance(top, list) else [top]):
        if isinstance(one, dict):
            yield f"{_TOP}[{number}]" if isinstance(top, list) else _TOP, one
    yield from _within(document, "")


def _within(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, dict):
        for key, part in value.items():
            where = f"{place}.{key}".lstrip(".")
            if key == TRANSFORM and isinstance(part, dict):
                yield where, part
            yield from _within(part, where)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _within(part, f"{place}[{number}]")


def _is_path(text: str) -> bool:
    """Whether a text looks like a path: one word alone may be the name of anything."""
    return "/" in text or "." in text
