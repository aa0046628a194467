"""Checks a template with cfn-lint, beside the rest of the build, in a process of its own: it takes seconds to load."""

import json
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from orchestrator.build.archive import sha256_of
from orchestrator.build.cache import Cache
from orchestrator.build.run import Commands
from orchestrator.errors import BuildError, ConfigurationError

STEP = "check template"
_KIND = "cfn-lint"
_PROGRAM = "from cfnlint.runner import main; main()"
_ERROR = "Error"


class Finding(BaseModel):
    """What cfn-lint says of one place in a template."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    level: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule} {self.message}"


_FINDINGS = TypeAdapter(tuple[Finding, ...])


def linter_version() -> str:
    """The version of cfn-lint."""
    return version("cfn-lint")


@dataclass(frozen=True)
class Linter:
    """cfn-lint for one build.

    Attributes:
        commands: runs it.
        cache: keeps what it found.
        scratch: an empty folder; cfn-lint is run there, so that no `.cfnlintrc` of a repository is read.
    """

    commands: Commands
    cache: Cache
    scratch: Path

    def __call__(self, template: Path, regions: Iterable[str], accepted: Collection[str] = ()) -> tuple[Finding, ...]:
        """All errors and warnings; those that the template's `Metadata: cfn-lint` ignores are left out.

        Args:
            template: its file.
            regions: what it is checked for.
            accepted: rules that do not hold for it.

        Raises:
            BuildError: cfn-lint could not be run.
        """
        wanted = sorted(set(regions))
        key = _key(template, wanted, accepted)
        kept = self.cache.read(_KIND, key)
        if kept is not None:
            return _FINDINGS.validate_json(kept)
        found = self._run(template, wanted, accepted)
        self.cache.keep(_KIND, key, _FINDINGS.dump_json(found))
        return found

    def _run(self, template: Path, regions: list[str], accepted: Collection[str]) -> tuple[Finding, ...]:
        report = self.scratch / "report.json"
        options = ["--format", "json", "--output-file", str(report), "--non-zero-exit-code", "none"]
        options += ["--ignore-checks", *accepted] if accepted else []
        command: list[str | Path] = [
            sys.executable,
            "-c",
            _PROGRAM,
            *options,
            "--regions",
            *regions,
            "--template",
            template,
        ]
        self.commands.run(STEP, command, self.scratch, "cfn-lint could not be run, its output is below.")
        if not report.is_file():
            raise BuildError(self.commands.unit, STEP, "cfn-lint wrote no report; see the log.")
        return tuple(
            Finding(
                rule=one["Rule"]["Id"],
                level=one["Level"],
                line=one["Location"]["Start"]["LineNumber"],
                message=" ".join(str(one["Message"]).split()),
            )
            for one in json.loads(report.read_bytes())
            if one["Level"] in (_ERROR, "Warning")
        )


def warnings_of(findings: Iterable[Finding], file: str) -> list[str]:
    """The warnings among findings, each with file and line.

    Raises:
        ConfigurationError: there are errors among them; every one is named.
    """
    found = list(findings)
    errors = [f"{one}." if not str(one).endswith(".") else str(one) for one in found if one.level == _ERROR]
    if errors:
        advice = (
            "Correct it, or where a rule is wrong ignore it with Metadata: {cfn-lint: {config: {ignore_checks: []}}}."
        )
        raise ConfigurationError(file, *errors[:-1], f"{errors[-1]} {advice}")
    return [f"{file}: {one}" for one in found]


def _key(template: Path, regions: list[str], accepted: Iterable[str]) -> str:
    content = sha256_of(template.read_bytes())
    return sha256_of("\n".join([linter_version(), *regions, *sorted(accepted), template.suffix, content]).encode())
