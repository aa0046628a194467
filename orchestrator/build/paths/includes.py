"""Files that a template includes by `AWS::Include`: their content takes the place of the transform.

CloudFormation would do the same with a file in a bucket. Done here, what a file brings in is read like the rest of the
template: local paths in it become objects, handlers are checked, and a plan shows it.
"""

from collections.abc import Callable
from typing import Any

from orchestrator.build.paths.sources import Sources
from orchestrator.build.paths.values import Kind, Scope, judge
from orchestrator.build.paths.walk import TRANSFORM, is_too_deep
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.path_properties import Form, PathProperty

INCLUDE = "AWS::Include"
LOCATION = PathProperty(INCLUDE, ("Location",), Form.S3_URL)
_TOP = "Transform"
_NOTHING_KNOWN = Scope({}, {}, frozenset())
# What all included files may hold together, in bytes: a file that is included ten times counts ten times.
_LARGEST = 4_194_304


def inline_includes(document: dict[str, Any], sources: Sources, read: Callable[[bytes, str], Any]) -> dict[str, Any]:
    """Put the content of local files in the place of the transforms that include them; the rest stays as it is.

    Args:
        document: the template.
        sources: where it lies.
        read: reads YAML or JSON, given the name of the file.

    Raises:
        ConfigurationError: a file is not there, not a mapping, includes itself, or has a key that is there already.
    """
    including = _Including(sources, read)
    made: dict[str, Any] = including.of({key: value for key, value in document.items() if key != _TOP}, "", ())
    whole = including.top(made, document.get(_TOP)) if _TOP in document else made
    # In the author's order.
    return {**{key: whole[key] for key in document if key in whole}, **whole}


def location_of(transform: Any) -> Any:
    """What an `AWS::Include` names; None when a transform is another one."""
    if not isinstance(transform, dict) or transform.get("Name") != INCLUDE:
        return None
    parameters = transform.get("Parameters")
    return parameters.get("Location") if isinstance(parameters, dict) else None


@dataclass
class _Including:
    """The including of files into one template.

    Attributes:
        sources: where the template lies.
        read: reads a file.
        left: bytes that may still be included.
    """

    sources: Sources
    read: Callable[[bytes, str], Any]
    left: int = _LARGEST

    def of(self, value: Any, place: str, within: tuple[str, ...]) -> Any:
        """A part of a template with everything included; `within` are the files that the part is in."""
        if isinstance(value, list):
            return [self.of(one, f"{place}[{number}]", within) for number, one in enumerate(value)]
        if not isinstance(value, dict):
            return value
        local = self._local(value.get(TRANSFORM))
        made = {
            key: self.of(one, f"{place}.{key}".lstrip("."), within)
            for key, one in value.items()
            if key != TRANSFORM or local is None
        }
        return made if local is None else self._with(made, local, f"{place}.{TRANSFORM}", within)

    def top(self, document: dict[str, Any], transforms: Any) -> dict[str, Any]:
        """The template with what its own transforms include, section by section."""
        listed = transforms if isinstance(transforms, list) else [transforms]
        rest = [one for one in listed if self._local(one) is None]
        made = {**document, **({_TOP: rest if isinstance(transforms, list) else rest[0]} if rest else {})}
        for one in listed:
            if (local := self._local(one)) is not None:
                for name, section in self._read(local, _TOP, ()).items():
                    own = made.get(name)
                    if isinstance(own, dict) and isinstance(section, dict):
                        made[name] = self._merged(own, section, local, f"{name}.")
                    elif own is None:
                        made[name] = section
                    else:
                        raise self._twice(local, name)
        return made

    def _with(self, siblings: dict[str, Any], local: str, place: str, within: tuple[str, ...]) -> Any:
        content = self._read(local, place, within)
        return self._merged(siblings, content, local, "")

    def _read(self, local: str, place: str, within: tuple[str, ...]) -> dict[str, Any]:
        path = self.sources.required(local, f"{place}.Parameters.Location")
        name = self.sources.name(path)
        if name in within:
            raise ConfigurationError(name, "includes itself by AWS::Include. Remove one of the transforms.")
        if not path.is_file():
            raise ConfigurationError(self.sources.file, f"{place}: {local!r} is a folder. AWS::Include names a file.")
        self.left -= path.stat().st_size
        if self.left < 0:
            raise ConfigurationError(
                self.sources.file,
                f"{place}: the files that the template includes hold more than {_LARGEST:,} bytes, and CloudFormation "
                "takes templates of 1,048,576. Move parts into nested stacks.",
            )
        read = self.read(path.read_bytes(), name)
        if not isinstance(read, dict):
            raise ConfigurationError(name, "cannot be included: it must hold a mapping of keys to values.")
        if is_too_deep(read):
            raise ConfigurationError(name, "is nested too deeply.")
        included: dict[str, Any] = self.of(read, name, (*within, name))
        return included

    def _merged(self, own: dict[str, Any], content: dict[str, Any], local: str, section: str) -> dict[str, Any]:
        for name in content:
            if name in own:
                raise self._twice(local, f"{section}{name}")
        return {**own, **content}

    def _twice(self, local: str, key: str) -> ConfigurationError:
        return ConfigurationError(
            self.sources.file,
            f"{key} is there, and the included file {local!r} has it too. Remove one of the two.",
        )

    @staticmethod
    def _local(transform: Any) -> str | None:
        location = location_of(transform)
        verdict = judge(location, LOCATION, _NOTHING_KNOWN)
        return verdict.text if verdict.kind is Kind.LOCAL else None
