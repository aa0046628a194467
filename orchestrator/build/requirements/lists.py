"""Lists of requirements, such as `requirements.txt`, read as pip reads them, with the lists that they include.

What would choose another package index is refused: no repository does. So are variables of the machine that installs.
"""

import codecs
import posixpath
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from orchestrator.build.exported import Exported
from orchestrator.build.requirements.pins import REQUIREMENTS_FILE, Pin, PinnedLock
from orchestrator.errors import ConfigurationError
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from pip_requirements_parser import InstallRequirement, InvalidRequirementLine, OptionLine, RequirementsFile

REQUIREMENTS_IN = "requirements.in"
# Of UTF-8 with one, nothing else is left when it is decoded.
_OTHER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_INDEX = ("index_url", "extra_index_urls", "no_index", "find_links", "trusted_hosts")
# The default of every tool, which Pipenv writes down: it chooses nothing.
_PUBLIC_INDEX = ("https://pypi.org/simple", "https://pypi.python.org/simple")
# What builds do in any case.
_USUAL = ("only_binary", "prefer_binary", "require_hashes")
_INCLUDES = {"requirements": "-r", "constraints": "-c"}
_PINNED = (["=="], ["==="])


@dataclass(frozen=True)
class RequirementsList:
    """A list of requirements.

    Attributes:
        file: its path from the repository's root.
        text: of it and of all that it includes.
        pins: its requirements, with the hashes that are written beside them.
        constraints: further requirements on the versions of what is required.
        source: the file that it is made of where it is a lock.
    """

    file: str
    text: str
    pins: tuple[Pin, ...]
    constraints: tuple[str, ...]
    source: str

    @property
    def requirements(self) -> tuple[str, ...]:
        """The requirements without their hashes."""
        return tuple(str(pin.requirement) for pin in self.pins)

    @property
    def renew(self) -> str:
        """The command that makes it a lock."""
        return f"uv pip compile --universal --generate-hashes {self.source} -o {REQUIREMENTS_FILE}"

    def lock(self) -> PinnedLock | None:
        """The lock that it is; None when no line has a hash.

        Raises:
            ConfigurationError: some lines have hashes and others do not; each is named.
        """
        if not any(pin.hashes for pin in self.pins):
            return None
        problems = [problem for pin in self.pins for problem in _pin_problems(pin, self.renew)]
        if problems:
            raise ConfigurationError(self.file, *problems)
        return PinnedLock(self.file, self.text, self.pins, self.renew, is_complete=True, constraints=self.constraints)


def read_list(file: str, exported: Exported, source: str = REQUIREMENTS_IN) -> RequirementsList | None:
    """Read a list with all that it includes; None when there is no such file.

    Args:
        file: its path from the repository's root.
        exported: the sources.
        source: the file that it is made of where it is a lock.

    Raises:
        ConfigurationError: a line is something else than a requirement of a package index, or includes what the unit
            does not have; each is named.
    """
    path = exported.find(file)
    if path is None:
        return None
    reader = _Reader(exported, {})
    pins = tuple(reader.read(file, path.read_bytes(), is_constraint=False))
    return RequirementsList(file, "".join(reader.texts.values()), pins, tuple(reader.constraints), source)


def decoded(content: bytes, file: str) -> str:
    """The text of a file that people write with any editor.

    Raises:
        ConfigurationError: it is not UTF-8.
    """
    if content.startswith(_OTHER_MARKS) or b"\0" in content:
        raise ConfigurationError(
            file, "is UTF-16 or UTF-32, as PowerShell's '>' writes it: save it as UTF-8 ('| Out-File -Encoding utf8')."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(file, f"is not UTF-8: {error}. Save it as UTF-8.") from error


class _Reader:
    """Reads a list and what it includes, each file once.

    Args:
        exported: the sources.
        texts: by file, what was read; filled along the way.
    """

    def __init__(self, exported: Exported, texts: dict[str, str]) -> None:
        self._exported = exported
        self.texts = texts
        self.constraints: list[str] = []

    def read(self, file: str, content: bytes, *, is_constraint: bool) -> Iterator[Pin]:
        """The requirements; those of constraints are noted."""
        self.texts[file] = text = decoded(content, file)
        parsed = _parsed(text)
        problems = [*_variable_problems(text), *_problems(parsed)]
        if problems:
            raise ConfigurationError(file, *problems)
        for requirement in parsed.requirements:
            pin = Pin(_requirement(requirement), tuple(_sha256(requirement)))
            if is_constraint:
                self.constraints.append(str(pin.requirement))
            else:
                yield pin
        for option in parsed.options:
            for key in _INCLUDES.keys() & option.options.keys():
                for name in option.options[key]:
                    yield from self._included(file, name, key, is_constraint=is_constraint or key == "constraints")

    def _included(self, file: str, name: str, key: str, *, is_constraint: bool) -> Iterator[Pin]:
        included = posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
        if included in self.texts:
            return
        path = None if included.startswith("../") else self._exported.find(included)
        if path is None:
            raise ConfigurationError(
                file,
                f"'{_INCLUDES[key]} {name}' includes {included}, which this unit does not have: where it is a file of "
                f"the repository, add {included!r} to the unit's depends_on.",
            )
        yield from self.read(included, path.read_bytes(), is_constraint=is_constraint)


def _parsed(text: str) -> "RequirementsFile":
    # Most projects have no list, and reading one takes long to import.
    from pip_requirements_parser import RequirementsFile  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="orchestrator-list-") as folder:
        copy = Path(folder, REQUIREMENTS_FILE)
        # The mark is what keeps the parser from an encoding that a comment of the text names.
        copy.write_text(text, encoding="utf-8-sig", newline="")
        return RequirementsFile.from_file(str(copy))


def _variable_problems(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for name in _VARIABLE.findall(line.partition("#")[0]):
            yield f"line {number}: {name} is a variable of the machine that installs, which builds do not have."


def _problems(parsed: "RequirementsFile") -> Iterator[str]:
    for invalid in parsed.invalid_lines:
        yield _invalid(invalid)
    for requirement in parsed.requirements:
        yield from _requirement_problems(requirement)
    for option in parsed.options:
        yield from _option_problems(option)


def _invalid(line: "InvalidRequirementLine") -> str:
    why = str(line.error_message).split("\n", 1)[0].removeprefix("Invalid requirement: ").strip(" :.")
    return (
        f"line {line.line_number}: {line.line!r} is not a requirement such as 'requests>=2.32' ({why}): correct it, or "
        "write what it stands for."
    )


def _requirement_problems(requirement: "InstallRequirement") -> Iterator[str]:
    line = requirement.requirement_line
    if requirement.link is not None or requirement.is_editable or requirement.req is None:
        name = requirement.req.name if requirement.req else None
        yield f"line {line.line_number}: {not_of_an_index(line.line, name)}"
    elif requirement.global_options or requirement.install_options:
        yield f"line {line.line_number}: {line.line!r} has options for building, and builds take wheels: remove them."


def _option_problems(option: "OptionLine") -> Iterator[str]:
    where = f"line {option.line_number}: {option.line!r}"
    for key in option.options.keys() - _INCLUDES.keys() - set(_USUAL):
        if key == "index_url" and option.options[key].rstrip("/") in _PUBLIC_INDEX:
            continue
        if key in _INDEX:
            yield (
                f"{where} chooses where packages come from, and builds ask the package index of the machine that "
                "builds, which no repository chooses: remove the line, and have that machine's uv settings name the "
                "index."
            )
        else:
            yield f"{where} is an option that builds do not have: remove the line."


def not_of_an_index(written: str, name: str | None) -> str:
    """What to say of a requirement that is not a package of a package index."""
    instead = f"write {name!r}" if name else "write its name"
    return (
        f"{written!r} is a folder, a file or a repository, and a layer is made of wheels of a package index. Publish "
        f"it there and {instead}; code of this repository is shared by the unit's depends_on."
    )


def _requirement(parsed: "InstallRequirement") -> Requirement:
    """The requirement with its marker, which the parser takes off."""
    requirement = Requirement(str(parsed.req))
    requirement.marker = parsed.marker
    return requirement


def _sha256(requirement: "InstallRequirement") -> Iterator[str]:
    for one in requirement.hash_options:
        kind, _, value = one.partition(":")
        if kind == "sha256":
            yield value


def _pin_problems(pin: Pin, renew: str) -> Iterator[str]:
    if [one.operator for one in pin.requirement.specifier] not in _PINNED or not _is_version(pin.version):
        yield f"{pin.name} is not pinned to one version: write {pin.name}==... Renew it: {renew}"
    if not pin.hashes:
        yield f"{pin.name} has no --hash=sha256:..., and the others have. Renew it: {renew}"


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
