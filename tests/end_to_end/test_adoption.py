"""A unit's life on the embedded cloud: it takes over a stack, fails and works there, is retired, and comes back."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.session import CLIENT
from orchestrator.local.cloud import LocalCloud
from orchestrator.source.demand import RETIRED
from tests.end_to_end.company import ADOPTED, Company
from tests.end_to_end.shared import Shared
from tests.waiting import until

UNIT = "metronome"
# What the unit's own template makes under the same names.
BY_HAND = """\
Parameters:
  Beat: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Clock:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: RUNTIME
      Handler: index.handle
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          import os
          def handle(event, context):
              return {"version": "by hand", "beat": os.environ["BEAT"]}
      Environment:
        Variables: {BEAT: !Ref Beat}
Outputs:
  Function: {Value: !Ref Clock}
"""
SETTINGS = f"""
[tool.orchestrator]
environments = ["test"]
stack_name = "{ADOPTED}"
"""


@pytest.fixture(scope="module")
def company(installation: Shared) -> Iterator[Company]:
    """A company in whose test account somebody has deployed a stack by hand, which a new unit names."""
    with installation.company(UNIT) as made:
        template = BY_HAND.replace("RUNTIME", made.organization.lambda_.runtime)
        _stacks(made).create_stack(
            StackName=ADOPTED,
            TemplateBody=template,
            Parameters=[{"ParameterKey": "Beat", "ParameterValue": "largo"}],
            Capabilities=["CAPABILITY_IAM"],
            Tags=[{"Key": "team", "Value": "music"}],
        )
        until(lambda: _state(made)["StackStatus"] == "CREATE_COMPLETE" or None)
        settle(made, SETTINGS)
        yield made


def _stacks(company: Company) -> Any:
    account = company.organization.environment("test").targets[0].account
    return company.root_of(account).client("cloudformation", config=CLIENT)


def _state(company: Company) -> dict[str, Any]:
    found: dict[str, Any] = _stacks(company).describe_stacks(StackName=ADOPTED)["Stacks"][0]
    return found


def settle(company: Company, settings: str) -> None:
    """Write settings of the unit, in the place of those that it has."""
    file = company.folder / "projects" / UNIT / "pyproject.toml"
    project, _, smoke_tests = file.read_text().partition("\n[[tool.orchestrator.smoke_tests]]")
    project = project.partition("\n[tool.orchestrator]")[0]
    file.write_text(f"{project}{settings}\n[[tool.orchestrator.smoke_tests]]{smoke_tests}")


def write(company: Company, old: str, new: str) -> str:
    """Change the unit's code, and commit."""
    file = company.folder / "projects" / UNIT / "src/clock/__init__.py"
    return company.change("src/clock/__init__.py", file.read_text().replace(old, new))


def retired(company: Company) -> bool:
    """Whether the unit's state machine is a retired one."""
    return company.ledger.branches.standings("main", [UNIT])[UNIT].definition == RETIRED


def test_a_stack_whose_first_release_does_not_work_is_given_back(company: Company) -> None:
    """It answers as before, with the value that nobody wrote down, and is the same stack."""
    before, function = _state(company), company.function("test", ADOPTED)[1]
    seen = company.follow(company.merge(write(company, '"healthy": True', '"healthy": False')))
    assert seen.status == "FAILED"
    assert f"The stack {ADOPTED} in test was returned to what it was before {UNIT}" in seen.message
    assert company.ask("test", ADOPTED) == {"version": "by hand", "beat": "largo"}
    assert company.function("test", ADOPTED)[1] == function
    after = _state(company)
    assert [after[one] for one in ("StackId", "Parameters", "Tags")] == [
        before[one] for one in ("StackId", "Parameters", "Tags")
    ]
    running = company.ledger.environments.running(UNIT, "test")
    assert (running.version, running.status) == (None, "ROLLED_BACK")


def test_what_a_unit_that_is_gone_waits_for_can_be_decided(company: Company, cloud: LocalCloud) -> None:
    """Its next release takes the stack over, though the folder went before somebody approved it."""
    company.resume("test")
    settle(company, f'{SETTINGS}requires_approval = ["test"]\n')
    execution = company.merge(write(company, '"healthy": False', '"healthy": True'))
    request = until(lambda: company.ledger.approvals.request(UNIT, "test"))
    shutil.rmtree(company.folder / "projects" / UNIT)
    company.put_event({"branch": "main", "commit": company.commit("Remove the metronome")})
    until(lambda: retired(company) or None)
    shown = company.command(cloud, "retire", UNIT)
    assert "Still under way: merge-" in shown.stdout, shown.stderr
    refused = company.command(cloud, "retire", UNIT, "--delete", "--yes")
    assert (refused.returncode, "wait for its end" in refused.stderr) == (1, True)
    approved = company.command(
        cloud, "approve", UNIT, "test", "--release", request.version, "--yes", "--reason", "It was good."
    )
    assert approved.returncode == 0, approved.stderr
    assert company.follow(execution).status == "SUCCEEDED"
    assert company.ask("test", ADOPTED)["version"] == request.version
    assert {"Key": "team", "Value": "music"} in _state(company)["Tags"]


def test_what_is_left_of_a_retired_unit_is_shown_and_then_deleted(company: Company, cloud: LocalCloud) -> None:
    """By the command: its stack in the account, and its state machines, which start nothing any more."""
    until(lambda: company.ledger.promotions.under_way(UNIT) == [] or None)
    arn = company.organization.state_machine_arn(f"promote-{UNIT}")
    started = company.wiring.stepfunctions.start_execution(stateMachineArn=arn, name="late", input="{}")
    assert "no longer in the repository" in company.follow(started["executionArn"]).message
    shown = company.command(cloud, "retire", UNIT)
    assert shown.stdout.splitlines()[1:3] == [
        f"  {ADOPTED} in test ({company.organization.environment('test').targets[0]})",
        f"  promote-{UNIT} with its state machines",
    ]
    assert company.ask("test", ADOPTED)["healthy"] is True
    deleted = company.command(cloud, "retire", UNIT, "--delete", "--yes")
    assert deleted.returncode == 0, deleted.stderr
    with pytest.raises(ClientError, match="does not exist"):
        _state(company)
    machines = company.wiring.stepfunctions.list_state_machines()["stateMachines"]
    assert not [one["name"] for one in machines if UNIT in one["name"]]
    assert company.ledger.environments.running(UNIT, "test").version is None


def test_a_unit_that_comes_back_is_a_new_one(company: Company, cloud: LocalCloud) -> None:
    """It is promoted again, and cannot be retired any more."""
    company.repository("revert", "--no-edit", "HEAD")
    execution = company.merge(company.repository.head)
    described = company.wiring.stepfunctions.describe_execution(executionArn=execution)
    assert json.loads(described["input"])["commit"] == company.repository.head
    refused = company.command(cloud, "retire", UNIT, "--delete", "--yes")
    assert f"{UNIT} is still in main" in refused.stderr
