"""What was changed by hand is found in every target, shown in the plan, and told to those who approve."""

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_answers import refuse, say
from tests.merges import claim
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

_PROPERTIES = {
    "FunctionName": {"Fn::Sub": "${Unit}-${Environment}"},
    "Handler": "clock.handler",
    "Runtime": "python3.13",
    "Role": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/app-clock"},
}
TEMPLATE: dict[str, Any] = {
    "Parameters": {name: {"Type": "String"} for name in ("Unit", "Environment", "ArtifactsBucket", "SourceKey")},
    "Resources": {
        "Handler": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                **_PROPERTIES,
                "Code": {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": {"Ref": "SourceKey"}},
            },
        },
        # Its code is in the template itself: the wheel has no part in it.
        "Inline": {
            "Type": "AWS::Lambda::Function",
            "Properties": {**_PROPERTIES, "FunctionName": "inline", "Code": {"ZipFile": "def handler(): pass"}},
        },
    },
}
DRIFTED = """<DescribeStackResourceDriftsResponse><DescribeStackResourceDriftsResult><StackResourceDrifts><member>
<StackId>1</StackId><LogicalResourceId>{name}</LogicalResourceId><ResourceType>AWS::Lambda::Function</ResourceType>
<StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus><Timestamp>2026-01-01T00:00:00Z</Timestamp>
<PropertyDifferences><member><PropertyPath>/Timeout</PropertyPath><ExpectedValue>3</ExpectedValue>
<ActualValue>900</ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member></PropertyDifferences></member>
</StackResourceDrifts></DescribeStackResourceDriftsResult></DescribeStackResourceDriftsResponse>"""
BEGUN = """<DetectStackDriftResponse><DetectStackDriftResult><StackDriftDetectionId>1</StackDriftDetectionId>
</DetectStackDriftResult></DetectStackDriftResponse>"""
STATUS = """<DescribeStackDriftDetectionStatusResponse><DescribeStackDriftDetectionStatusResult><StackId>1</StackId>
<StackDriftDetectionId>1</StackDriftDetectionId><DetectionStatus>DETECTION_COMPLETE</DetectionStatus>
<Timestamp>2026-01-01T00:00:00Z</Timestamp></DescribeStackDriftDetectionStatusResult>
</DescribeStackDriftDetectionStatusResponse>"""


@pytest.fixture
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("dev", "prod")) as made:
        role: Any = {"RoleName": "app-clock", "AssumeRolePolicyDocument": "{}"}
        for environment, target in (("dev", 0), ("prod", 0), ("prod", 1)):
            made.client(environment, "iam", target).create_role(**role)
        claim(made, "clock", "app-clock")
        yield made


def deploy(company: MotoCompany, version: str, environment: str) -> None:
    """Deploy a release with a function, and verify it."""
    release = company.publish(
        version, template=TEMPLATE, wheel=archive(version), smoke_tests=[{"url": company.site.url}]
    )
    steps = Steps(company, release, environment, f"deploy-{version}")
    steps.deployed()
    assert steps("smoke_test")["status"] == "SUCCEEDED"


def archive(text: str) -> bytes:
    """Code: the same bytes whenever it is made."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(zipfile.ZipInfo("clock.py"), f"# {text}")
    return made.getvalue()


def change_code(company: MotoCompany, environment: str, target: int = 0) -> bytes:
    """Upload other code by hand; returns it."""
    code = archive("by hand")
    functions = company.client(environment, "lambda", target)
    functions.update_function_code(FunctionName=f"clock-{environment}", ZipFile=code)
    return code


def drift(company: MotoCompany, environment: str, version: str | None = None) -> dict[str, Any]:
    """Look for drift, as the command line does; verifying names the version that should be there."""
    asked = {
        "unit": "clock",
        "environment": environment,
        "stack_name": company.unit.stack_name("prod", company.organization),
        "execution": {"id": "arn", "name": "drift-somebody", "started_at": "2026-01-01T00:00:00Z"},
        "version": version,
    }
    found: dict[str, Any] = company.call("drift", asked)
    return found


def test_nothing_was_changed(company: MotoCompany) -> None:
    """As deployed; and where nothing ever was, there is nothing to look at."""
    deploy(company, "1.0.0", "dev")
    found = drift(company, "dev")
    assert (found["version"], [one["changes"] for one in found["targets"]]) == ("1.0.0", [[]])
    assert drift(company, "prod") == {"version": None, "targets": []}


def test_code_that_was_uploaded_by_hand_is_found_in_its_target(company: MotoCompany) -> None:
    """CloudFormation never compares code."""
    deploy(company, "1.0.0", "prod")
    code = change_code(company, "prod", target=1)
    first, second = drift(company, "prod")["targets"]
    assert (first["changes"], second["target"]["account"]) == ([], "666666666666")
    digest, published = (hashlib.sha256(one).hexdigest()[:12] for one in (code, archive("1.0.0")))
    what = f"its code has SHA-256 {digest}, that of clock@1.0.0 is {published}"
    assert second["changes"] == [{"resource": "Handler", "type": "AWS::Lambda::Function", "what": what}]


def test_a_function_that_was_deleted_by_hand_is_found(company: MotoCompany) -> None:
    """Also by an engine that knows no drift."""
    deploy(company, "1.0.0", "dev")
    company.client("dev", "lambda").delete_function(FunctionName="clock-dev")
    assert [one["what"] for one in drift(company, "dev")["targets"][0]["changes"]] == ["was deleted"]


def test_a_resource_is_named_once(company: MotoCompany) -> None:
    """What CloudFormation found comes first."""
    deploy(company, "1.0.0", "dev")
    change_code(company, "dev")
    company.answers.always |= {
        "cloudformation.DetectStackDrift": say(BEGUN),
        "cloudformation.DescribeStackDriftDetectionStatus": say(STATUS),
        "cloudformation.DescribeStackResourceDrifts": say(DRIFTED.format(name="Handler")),
    }
    (target,) = drift(company, "dev")["targets"]
    assert [one["what"] for one in target["changes"]] == ["/Timeout was changed"]
    assert not target["unchecked"]


def told(company: MotoCompany, environment: str = "dev", version: str | None = None) -> list[str]:
    """What was found in the first target, as sentences."""
    target = drift(company, environment, version)["targets"][0]
    return [f"{one['resource']}: {one['what']}" for one in target["changes"]]


def test_a_stack_that_was_updated_past_the_orchestrator_is_found(company: MotoCompany) -> None:
    """CloudFormation takes it for what was meant; values of parameters are not told."""
    deploy(company, "1.0.0", "dev")
    stack = company.unit.stack_name("prod", company.organization)
    changed = copy.deepcopy(TEMPLATE)
    changed["Resources"]["Handler"]["Properties"]["Timeout"] = 60
    cloudformation = company.client("dev", "cloudformation")
    known = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    given = [
        one | {"ParameterValue": "staging"} if one["ParameterKey"] == "Environment" else dict(one) for one in known
    ]
    cloudformation.update_stack(StackName=stack, TemplateBody=json.dumps(changed), Parameters=given)
    template, parameters = told(company)[:2]
    assert template == f"{stack}: its template differs from that of clock@1.0.0 at Resources.Handler.Properties.Timeout"
    assert parameters == f"{stack}: its parameters Environment have other values than clock@1.0.0 gives"


def test_what_runs_is_compared_with_any_release_that_is_named(company: MotoCompany) -> None:
    """The one that runs there fits, another one does not, and where nothing is there is nothing."""
    deploy(company, "1.0.0", "dev")
    deploy(company, "1.1.0", "dev")
    assert told(company, version="1.1.0") == []
    given, code = told(company, version="1.0.0")
    assert given.endswith("its parameters SourceKey have other values than clock@1.0.0 gives")
    assert code.startswith("Handler: its code has SHA-256")
    assert told(company, "prod", "1.0.0") == [f"{company.unit.stack_name('prod', company.organization)}: is not there"]


def test_what_cannot_be_compared_is_told_and_fails_nothing(company: MotoCompany) -> None:
    """A plan goes on without it."""
    deploy(company, "1.0.0", "dev")
    company.answers.always["cloudformation.GetTemplate"] = refuse("AccessDenied", "Not for you.")
    (target,) = drift(company, "dev")["targets"]
    assert target["changes"] == []
    assert "It could not be compared with clock@1.0.0: An error occurred (AccessDenied)" in target["unchecked"]


def test_nobody_can_say_whose_code_is_there_after_a_deployment_that_failed(company: MotoCompany) -> None:
    """It may be the old one's or the new one's."""
    deploy(company, "1.0.0", "dev")
    change_code(company, "dev")
    running = company.ledger.environments.running("clock", "dev")
    steps = Steps(company, company.publish("1.1.0"), "dev", "fails")
    company.ledger.environments.record(running.model_copy(update={"status": "FAILED"}), steps.execution)
    (target,) = drift(company, "dev")["targets"]
    assert target["changes"] == []
    assert target["unchecked"].endswith("The last deployment is FAILED: nobody can say whose code should be there.")


def test_the_plan_and_the_notification_say_what_was_changed_by_hand(company: MotoCompany) -> None:
    """Who approves learns what the deployment overwrites."""
    deploy(company, "1.0.0", "prod")
    change_code(company, "prod")
    heard = company.listen("approvals_topic")
    # moto's change sets hold no resource of which only a parameter's value is another.
    changed = copy.deepcopy(TEMPLATE)
    changed["Resources"]["Handler"]["Properties"]["Timeout"] = 60
    steps = Steps(company, company.publish("1.1.0", template=changed, wheel=archive("1.1.0")), "prod", "overwrites")
    plan = steps("plan")
    assert plan["message"].endswith(" Changed by hand since the last deployment: Handler.")
    gate = company.organization.state_machine_arn("clock-approve-prod")
    steps("request_approval", plan=plan, gate_arn=gate, token="of-the-task")
    (notice,) = company.read(heard)
    lines = notice["Message"].splitlines()
    assert "In 555555555555/eu-west-1, stack app-clock:" in lines
    assert any(line.startswith("  change Handler (AWS::Lambda::Function)") for line in lines)
    assert any(line.startswith("  changed by hand: Handler (AWS::Lambda::Function): its code has") for line in lines)
    assert "Requirement removed: left-pad==1.0.0" in lines
    assert "Requirement added: left-pad==1.1.0" in lines
    assert "of-the-task" not in notice["Message"]
