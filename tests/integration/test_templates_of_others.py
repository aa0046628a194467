"""Templates that others wrote: nearly all are units, and the rest is refused for a reason that is known."""

import os
from pathlib import Path

import pytest

from benchmarks.corpus.__main__ import row
from benchmarks.corpus.reading import read_unit
from benchmarks.corpus.reasons import UnknownReasonError, reasons_of
from benchmarks.corpus.report import Report, report_on
from benchmarks.corpus.repository import commit_units, template_of
from benchmarks.corpus.sources import ROOT, cfn_lint_templates
from orchestrator.errors import BuildError, ConfigurationError, OrchestratorError


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that keeps the source distribution of cfn-lint."""
    return tmp_path_factory.mktemp("distribution")


@pytest.fixture(scope="module")
def report(distribution: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What becomes of the templates that the authors of cfn-lint call good; any other exception ends it."""
    return report_on(cfn_lint_templates(distribution), tmp_path_factory.mktemp("good"), os.environ["PATH"])


def test_each_refusal_has_a_reason_on_the_list_and_the_documentation_says_so(report: Report) -> None:
    """The distribution is pinned, so the row of the table is the same until either side changes."""
    assert row("cfn-lint", report) in (ROOT / "docs/existing-repositories.md").read_text(encoding="utf-8").splitlines()


def test_sams_transform_takes_what_is_deployed_wherever_it_takes_what_was_written(report: Report) -> None:
    """Objects of a release stand where local paths were."""
    assert report.broken == []


def test_a_template_that_is_wrong_gets_a_sentence_and_never_an_exception(distribution: Path, tmp_path: Path) -> None:
    """Those that the authors of cfn-lint call bad: some cannot be read, in others anything may be anywhere."""
    templates: dict[str, bytes] = {}
    refused: list[str] = []
    for name, text in cfn_lint_templates(distribution, "bad").items():
        try:
            templates |= {name: text} if template_of(text, name) else {}
        except ConfigurationError as error:
            refused.append(str(error))
    catalog = commit_units(templates, tmp_path, os.environ["PATH"])
    for unit in catalog.names:
        try:
            read_unit(catalog, unit)
        except OrchestratorError as error:
            refused.append(str(error))
    assert catalog.names
    assert refused
    assert all(refused)


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("t.yaml", "is something that nobody has thought of."),
        ConfigurationError("t.yaml", "Resources.F is a container image, and a release holds none.", "is new."),
        BuildError("orders", "lock", "there is no network."),
    ],
)
def test_a_reason_that_is_not_on_the_list_is_an_error(error: ConfigurationError | BuildError) -> None:
    """Also beside one that is."""
    with pytest.raises(UnknownReasonError):
        reasons_of(error)
