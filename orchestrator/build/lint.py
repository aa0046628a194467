"""Checks a template with cfn-lint, beside the rest of the build, in a process of its own: it takes seconds to load."""

import json
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from orchestrator.build import run_linter
from orchestrator.build.archive import sha256_of
from orchestrator.build.cache import Cache
from orchestrator.build.run import Commands, Outcome
from orchestrator.build.template import read_template
from orchestrator.errors import BuildError, ConfigurationError

STEP = "check template"
_KIND = "cfn-lint"
_ERROR = "Error"
# What cfn-lint says of itself when one of its rules failed.
_OF_ITSELF = "E0002"


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
        options: list[str | Path] = ["--ignore-checks", *accepted] if accepted else []
        options += ["--regions", *regions, "--template", template]
        found = self._reported(self._attempt(consists_of(template), options))
        if found is None or any(one.rule == _OF_ITSELF for one in found):
            # Another version of it may need what it was run without.
            outcome = self._attempt(run_linter.AS_IT_IS, options)
            self.commands.require(STEP, outcome, "cfn-lint could not be run, its output is below.")
            found = self._reported(outcome)
        if found is None:
            raise BuildError(self.commands.unit, STEP, "cfn-lint wrote no report; see the log.")
        return found

    def _attempt(self, words: str, options: list[str | Path]) -> Outcome:
        self._report.unlink(missing_ok=True)
        # Modules of the script's folder must not stand in for others.
        script: list[str | Path] = [sys.executable, "-P", Path(run_linter.__file__).absolute(), words]
        form = ["--format", "json", "--output-file", str(self._report), "--non-zero-exit-code", "none"]
        return self.commands.attempt(STEP, [*script, *form, *options], self.scratch)

    def _reported(self, outcome: Outcome) -> tuple[Finding, ...] | None:
        """What cfn-lint found; None when it failed."""
        if outcome.code != 0 or not self._report.is_file():
            return None
        return tuple(
            Finding(
                rule=one["Rule"]["Id"],
                level=one["Level"],
                line=one["Location"]["Start"]["LineNumber"],
                message=" ".join(str(one["Message"]).split()),
            )
            for one in json.loads(self._report.read_bytes())
            if one["Level"] in (_ERROR, "Warning")
        )

    @property
    def _report(self) -> Path:
        return self.scratch / "report.json"


def consists_of(template: Path) -> str:
    """A template's sections and the types of its resources, as the script wants them."""
    try:
        document = read_template(template.read_bytes(), template.name)
    except ConfigurationError:
        return run_linter.AS_IT_IS
    resources = [one for one in document["Resources"].values() if isinstance(one, dict)]
    return ",".join(sorted({*map(str, document), *(str(one.get("Type")) for one in resources)}))


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
