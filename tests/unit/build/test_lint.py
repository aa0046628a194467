"""cfn-lint, run as a build runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.build import run_linter
from orchestrator.build.cache import Cache
from orchestrator.build.confined.confinement import Confinement
from orchestrator.build.environment import clean_environment
from orchestrator.build.lint import Finding, Linter, consists_of, warnings_of
from orchestrator.build.run import Commands
from orchestrator.errors import BuildError, ConfigurationError

TEMPLATE = """\
Parameters:
  Unused: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      NoSuch: 1
"""
# A circle of resources, conditions to be solved, and mistakes in what rules of single types look at.
MISTAKES = """\
Conditions:
  Never: !And [!Equals [!Ref "AWS::Region", x], !Not [!Equals [!Ref "AWS::Region", x]]]
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python2.7
      Handler: a.b
      ReservedConcurrentExecutions: -1
      Role: !If [Never, !GetAtt Other.Arn, "no role"]
      Code: {ZipFile: "1"}
  Role:
    Type: AWS::IAM::Role
    DependsOn: Bucket
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Maybe, Principal: "*", Action: "sts:AssumeRole"}]}
  Bucket: {Type: AWS::S3::Bucket, DependsOn: Role, Properties: {AccessControl: Public}}
  Database: {Type: AWS::RDS::DBInstance, Properties: {Engine: mysql, DBInstanceClass: db.none}}
  Queue: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, QueueName: not-fifo}}
"""
SAM = "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function, Properties: {A: 1}}}\n"
ERROR = Finding(rule="E1", level="Error", line=3, message="wrong")
WARNING = Finding(rule="W1", level="Warning", line=4, message="odd.")


def linter(folder: Path, *, works: bool = True) -> Linter:
    """A linter that keeps what it finds; one that does not work has another cfn-lint."""
    scratch, broken = folder / "scratch", folder / "broken"
    for path in (scratch, broken):
        path.mkdir(exist_ok=True)
    (broken / "cfnlint.py").write_text("raise SystemExit('not here')")
    variables = clean_environment(os.environ) | ({} if works else {"PYTHONPATH": str(broken)})
    commands = Commands("orders", folder / "log", variables, 60, Confinement(scratch))
    return Linter(commands, Cache(folder / "cache"), scratch)


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


def test_rules_that_do_not_hold_for_builds_leave_what_a_template_ignores_as_it_is(tmp_path: Path) -> None:
    """Local paths and merge keys are what a build takes; cfn-lint has one list of what it ignores."""
    template = tmp_path / "t.yaml"
    template.write_text(
        "Metadata: {cfn-lint: {config: {ignore_checks: [W2001]}}, Common: &common {Runtime: python3.13}}\n"
        "Parameters: {Unused: {Type: String}}\n"
        "Resources: {F: {Type: AWS::Lambda::Function, Properties: {<<: *common, Handler: a.b, Code: src/, Role: "
        '"arn:aws:iam::111111111111:role/app"}}}\n'
    )
    found = {one.rule for one in linter(tmp_path)(template, ["eu-west-1"])}
    assert found == {"W1100", "W1101", "W3002"}
    assert linter(tmp_path)(template, ["eu-west-1"], ("W1100", "W1101", "W3002")) == ()


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
    """Each says where, and the last one how a rule is ignored."""
    with pytest.raises(ConfigurationError) as raised:
        warnings_of([ERROR, WARNING, ERROR], "a/t.yaml", {})
    ignore = "ignore the rule in the template: Metadata: {cfn-lint: {config: {ignore_checks: [%s]}}}."
    assert str(raised.value).splitlines() == [
        "a/t.yaml: line 3: E1 wrong.",
        f"a/t.yaml: line 3: E1 wrong. Correct it, or {ignore % 'E1'}",
    ]
    assert warnings_of([WARNING, WARNING], "a/t.yaml", {}) == [
        "a/t.yaml: line 4: W1 odd.",
        f"a/t.yaml: line 4: W1 odd. To ignore what is meant to be, {ignore % 'W1'}",
    ]
    assert warnings_of([], "a/t.yaml", {}) == []


def test_a_runtime_that_no_new_function_may_have_is_a_warning() -> None:
    """Functions that exist are still updated."""
    retired = Finding(rule="E2531", level="Error", line=5, message="Runtime 'python3.7' was deprecated")
    (warning,) = warnings_of([retired], "t.yaml", {})
    assert warning.startswith("t.yaml: line 5: E2531 Runtime 'python3.7' was deprecated.")
    with pytest.raises(ConfigurationError) as raised:
        warnings_of([retired, ERROR], "t.yaml", {})
    assert "E2531" not in str(raised.value)


def test_what_an_app_has_written_is_named_by_its_construct() -> None:
    """Nobody has the file that the line would be in."""
    found = WARNING.model_copy(update={"resource": "Topic3"})
    (said,) = warnings_of([found], "stack orders (dev) of a/cdk.json", {"Topic3": "construct orders/Topic/Resource"})
    assert said == (
        "stack orders (dev) of a/cdk.json: construct orders/Topic/Resource: W1 odd. To ignore what is meant to be, "
        "ignore the rule in the app: "
        "stack.template_options.metadata = {'cfn-lint': {'config': {'ignore_checks': ['W1']}}}."
    )


@pytest.mark.parametrize("harm", ["ln -s {secret} report.json", "echo '[{{}}]' > report.json", "mkfifo report.json"])
def test_a_report_that_cfn_lint_did_not_write_is_refused(harm: str, tmp_path: Path) -> None:
    """Templates can name rules, which are code."""
    (tmp_path / "secret").write_text("[]")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    run = linter(tmp_path, works=False)
    does = harm.format(secret=tmp_path / "secret")
    (tmp_path / "broken" / "cfnlint.py").write_text(f"import os\nos.system({does!r})\nos._exit(0)\n")
    with pytest.raises((BuildError, ConfigurationError), match=r"symbolic link|KeyError|no regular file"):
        run(tmp_path / "template.yaml", ["eu-west-1"])


@pytest.mark.parametrize(
    "text", [MISTAKES, MISTAKES.split("\n", 2)[2].replace("Never", "Gone"), SAM], ids=["solved", "unsolved", "SAM"]
)
def test_what_is_not_imported_is_not_missed(tmp_path: Path, text: str) -> None:
    """Without unused parts of its libraries, and rules of other types, cfn-lint finds the same."""
    template = tmp_path / "template.yaml"
    template.write_text(text)
    found = []
    for words in (run_linter.AS_IT_IS, consists_of(template)):
        command = [sys.executable, "-P", run_linter.__file__, words, "--format", "parseable", "--regions", "eu-west-1"]
        done = subprocess.run([*command, "--", str(template)], capture_output=True, text=True, check=False)
        found.append((done.returncode, done.stdout, done.stderr))
    assert found[0] == found[1]
    assert found[0][1].count("\n") >= 1


def test_a_rule_is_left_out_only_when_it_looks_at_nothing_but_other_types() -> None:
    """Whatever cannot be told by its source is made."""
    types = {b"AWS::S3::Bucket"}
    other, own = (
        f'keywords=["Resources/AWS::{type_}/Properties"]'.encode() for type_ in ("RDS::DBInstance", "S3::Bucket")
    )
    assert not run_linter.is_needed(other, types)
    assert run_linter.is_needed(own, types)
    assert run_linter.is_needed(other + own, types)
    assert run_linter.is_needed(other + b"'Outputs/*'", types)
    assert run_linter.is_needed(other + b"'Resources/*/Type'", types)
    assert run_linter.is_needed(b"keywords=[]", types)


def test_a_linter_that_needs_what_it_was_run_without_is_run_as_it_is(tmp_path: Path) -> None:
    """A later version of cfn-lint may look elsewhere; then it only takes longer."""
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE)
    one = linter(tmp_path, works=False)
    (tmp_path / "broken" / "cfnlint.py").write_text("import sys, sympy\nprint(sympy.Matrix)\nraise SystemExit(3)")
    with pytest.raises(BuildError, match="cfn-lint could not be run"):
        one(template, ["eu-west-1"])
    attempts = (tmp_path / "log").read_text().split("== check template")[1:]
    assert ["*" in attempt.split("--format")[0] for attempt in attempts] == [False, True]
    assert all("sympy.matrices" in attempt for attempt in attempts)


def test_a_template_in_a_folder_that_is_like_a_glob_is_checked(tmp_path: Path) -> None:
    """As itself; nor is a mistake in its name kept for others of the same content."""
    folder = tmp_path / "a [old]*"
    folder.mkdir()
    (folder / "template.yaml").write_text(TEMPLATE)
    found = linter(tmp_path)(folder / "template.yaml", ["eu-west-1"])
    assert {one.rule for one in found} == {"W2001", "E3002"}
