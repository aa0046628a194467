"""cfn-lint, run as a build runs it."""

import os
from pathlib import Path

import pytest

from orchestrator.build.cache import Cache
from orchestrator.build.lint import Finding, Linter, warnings_of
from orchestrator.build.run import Commands, clean_environment
from orchestrator.errors import BuildError, ConfigurationError
from tests.unit.build.fakes import confined

TEMPLATE = """\
Parameters:
  Unused: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      NoSuch: 1
"""
ERROR = Finding(rule="E1", level="Error", line=3, message="wrong")
WARNING = Finding(rule="W1", level="Warning", line=4, message="odd.")


def linter(folder: Path, *, works: bool = True) -> Linter:
    """A linter that keeps what it finds; one that does not work has no cfn-lint."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    if not works:
        (scratch / "cfnlint.py").write_text("raise SystemExit('not here')")
    return Linter(
        Commands("orders", folder / "log", clean_environment(os.environ), 60, confined(folder)),
        Cache(folder / "cache"),
        scratch,
    )


def test_errors_and_warnings_are_found_with_their_lines_and_kept(tmp_path: Path) -> None:
    """The second time nothing runs, unless the regions are others."""
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE)
    found = linter(tmp_path)(template, ["eu-west-1", "eu-west-1"])
    assert {(one.rule, one.level, one.line) for one in found} == {("W2001", "Warning", 2), ("E3002", "Error", 7)}
    assert "NoSuch" in next(one.message for one in found if one.level == "Error")
    assert linter(tmp_path, works=False)(template, ["eu-west-1"]) == found
    with pytest.raises(BuildError, match=r"failed at 'check template': cfn-lint could not be run[^$]*not here"):
        linter(tmp_path, works=False)(template, ["eu-central-1"])


def test_a_template_may_ignore_rules_and_no_file_of_the_repository_can(tmp_path: Path) -> None:
    """What is ignored stands where its reader looks; a `.cfnlintrc` could also name code to run."""
    template = tmp_path / "template.yaml"
    ignoring = "Metadata: {cfn-lint: {config: {ignore_checks: [E3002]}}}\n"
    template.write_text(ignoring + TEMPLATE)
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [W2001]")
    assert [one.rule for one in linter(tmp_path)(template, ["eu-west-1"])] == ["W2001"]


def test_a_rule_that_cannot_be_followed_is_left_out(tmp_path: Path) -> None:
    """And what was found with it is not taken for what is found without."""
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE)
    assert [one.rule for one in linter(tmp_path)(template, ["eu-west-1"], ("W2001",))] == ["E3002"]
    assert len(linter(tmp_path)(template, ["eu-west-1"])) == 2


def test_errors_refuse_the_template_and_warnings_do_not() -> None:
    """Each says where."""
    with pytest.raises(ConfigurationError) as raised:
        warnings_of([ERROR, WARNING, ERROR], "a/t.yaml")
    first, second = str(raised.value).splitlines()
    assert first == "a/t.yaml: line 3: E1 wrong."
    assert second.startswith("a/t.yaml: line 3: E1 wrong. Correct it, or where a rule is wrong ignore it with")
    assert warnings_of([WARNING], "a/t.yaml") == ["a/t.yaml: line 4: W1 odd."]
