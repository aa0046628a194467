"""Checks a template with cfn-lint, beside the rest of the build, in a process of its own: it takes seconds to load."""

import json
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from orchestrator.build import run_linter
from orchestrator.build.cache import Cache
from orchestrator.build.run import Commands, Outcome
from orchestrator.build.template import read_template
from orchestrator.build.untrusted import UntrustedFolder
from orchestrator.errors import BuildError, ConfigurationError
from orchestrator.frozen import dataclass
from orchestrator.releases.sha256 import sha256_of

STEP = "check template"
_KIND = "cfn-lint"
_REPORT = "report.json"
# Raised when what is kept of a finding changes.
_FORMAT = "4"
_ERROR = "Error"
# Lambda creates no function with such a runtime, and updates those that exist; which of the two this is, is not known.
_TO_BE_REPLACED = "E2531"
# What cfn-lint says of itself when one of its rules failed.
_OF_ITSELF = "E0002"


class Finding(BaseModel):
    """What cfn-lint says of one place in a template."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    level: str
    line: int
    message: str
    resource: str = ""

    def said(self, constructs: Mapping[str, str]) -> str:
        """The finding with its place: the construct of an app that has written the template, else the line."""
        place = constructs.get(self.resource, self.resource) if constructs else ""
        return f"{place or f'line {self.line}'}: {self.rule} {self.message.rstrip('.')}."


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
        # An option of cfn-lint's would be in the place of what the template ignores.
        found = tuple(one for one in self._run(template, wanted) if one.rule not in accepted)
        self.cache.keep(_KIND, key, _FINDINGS.dump_json(found))
        return found

    def _run(self, template: Path, regions: list[str]) -> tuple[Finding, ...]:
        options: list[str | Path] = ["--regions", *regions, "--template", self._copied(template)]
        found = self._reported(template, self._attempt(consists_of(template), options))
        if found is None or any(one.rule == _OF_ITSELF for one in found):
            # Another version of it may need what it was run without.
            outcome = self._attempt(run_linter.AS_IT_IS, options)
            self.commands.require(STEP, outcome, "cfn-lint could not be run, its output is below.")
            found = self._reported(template, outcome)
        if found is None:
            raise BuildError(self.commands.unit, STEP, "cfn-lint wrote no report; see the log.")
        return found

    def _copied(self, template: Path) -> Path:
        """A template where cfn-lint may read it, whose path is no glob: it would look for what that matches."""
        # Of a name that nobody can know: a template that was checked before could have put a link there.
        copy = Path(tempfile.mkdtemp(prefix="template-", dir=self.scratch)) / f"template{template.suffix}"
        shutil.copyfile(template, copy)
        self.commands.give_all(copy.parent)
        return copy

    def _attempt(self, words: str, options: list[str | Path]) -> Outcome:
        report = self.scratch / _REPORT
        report.unlink(missing_ok=True)
        # Modules of the script's folder must not stand in for others.
        script: list[str | Path] = [sys.executable, "-P", Path(run_linter.__file__).absolute(), words]
        form = ["--format", "json", "--output-file", str(report), "--non-zero-exit-code", "none"]
        return self.commands.attempt(STEP, [*script, *form, *options], self.scratch)

    def _reported(self, template: Path, outcome: Outcome) -> tuple[Finding, ...] | None:
        """What cfn-lint found; None when it failed. A template can have it run code: what that wrote is not trusted."""
        advice = "Let the template name no rules of its own."
        written = UntrustedFolder(self.scratch, (), "cfn-lint", template.name, advice)
        if outcome.code != 0 or _REPORT not in written.names():
            return None
        try:
            report = json.loads(written.read(_REPORT))
            return tuple(_finding(one) for one in report if one["Level"] in (_ERROR, "Warning"))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise BuildError(self.commands.unit, STEP, f"cfn-lint's report cannot be read: {error!r}.") from error


def consists_of(template: Path) -> str:
    """A template's sections and the types of its resources, as the script wants them."""
    try:
        document = read_template(template.read_bytes(), template.name)
    except ConfigurationError:
        return run_linter.AS_IT_IS
    resources = [one for one in document["Resources"].values() if isinstance(one, dict)]
    return ",".join(sorted({*map(str, document), *(str(one.get("Type")) for one in resources)}))


def _finding(reported: dict[str, Any]) -> Finding:
    path: Any = reported["Location"].get("Path") or ()
    return Finding(
        rule=reported["Rule"]["Id"],
        level=reported["Level"],
        line=reported["Location"]["Start"]["LineNumber"],
        message=" ".join(str(reported["Message"]).split()),
        resource=str(path[1]) if len(path) > 1 and path[0] == "Resources" else "",
    )


def warnings_of(findings: Iterable[Finding], file: str, constructs: Mapping[str, str]) -> list[str]:
    """The warnings among findings, each with its place; the last one says how rules are ignored.

    Args:
        findings: what was found.
        file: what messages call the template.
        constructs: by resource, the construct of a CDK app that it comes from; empty when people wrote the template.

    Raises:
        ConfigurationError: there are errors among them; every one is named.
    """
    found = list(findings)
    errors = [one for one in found if one.level == _ERROR and one.rule != _TO_BE_REPLACED]
    if errors:
        said = [one.said(constructs) for one in errors]
        raise ConfigurationError(file, *said[:-1], f"{said[-1]} Correct it, or {_ignore(errors, constructs)}")
    said = [f"{file}: {one.said(constructs)}" for one in found]
    return [*said[:-1], f"{said[-1]} To ignore what is meant to be, {_ignore(found, constructs)}"] if said else []


def _ignore(findings: Iterable[Finding], constructs: Mapping[str, str]) -> str:
    rules = sorted({one.rule for one in findings})
    if constructs:
        config = {"cfn-lint": {"config": {"ignore_checks": rules}}}
        return f"ignore the rule in the app: stack.template_options.metadata = {config}."
    return (
        f"ignore the rule in the template: Metadata: {{cfn-lint: {{config: {{ignore_checks: [{', '.join(rules)}]}}}}}}."
    )


def _key(template: Path, regions: list[str], accepted: Iterable[str]) -> str:
    content = sha256_of(template.read_bytes())
    return sha256_of(
        "\n".join([_FORMAT, linter_version(), *regions, *sorted(accepted), template.suffix, content]).encode()
    )
