"""A stack that was deployed by hand is taken over by its unit's first promotion."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.cloudformation.models import cloudformation_backends

from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

STACK = "clock-live"
BY_HAND: dict[str, Any] = {
    "Parameters": {"Level": {"Type": "String"}, "Old": {"Type": "String", "Default": "x"}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "clock-live-queue"}},
        "Setting": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/clock/level", "Type": "String", "Value": {"Ref": "Level"}},
        },
    },
}
RELEASED: dict[str, Any] = {
    "Parameters": {"Level": {"Type": "String"}, "Version": {"Type": "String"}},
    "Resources": {
        **BY_HAND["Resources"],
        "Running": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/clock/version", "Type": "String", "Value": {"Ref": "Version"}},
        },
    },
}


@pytest.fixture
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company in whose dev account somebody has deployed a stack by hand."""
    with moto_company(tmp_path_factory.mktemp("company"), environments=("dev", "prod"), adopt=(STACK,)) as made:
        yield made


def deploy_by_hand(company: MotoCompany, template: dict[str, Any] = BY_HAND, **tags: str) -> Any:
    """Create the stack, with a value that nobody wrote down; returns its resources."""
    cloudformation = company.client("dev", "cloudformation")
    # Moto hides a value that is like the name of a hidden parameter.
    values = {name: name if "NoEcho" in one else "DEBUG" for name, one in template["Parameters"].items()}
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in values.items()
            if "Default" not in template["Parameters"][name]
        ],
        Tags=[{"Key": name.replace("_", ":"), "Value": value} for name, value in tags.items()],
    )
    return cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]


def broken(company: MotoCompany, template: dict[str, Any] = RELEASED, **settings: Any) -> Steps:
    """Deploy a first release to dev that fails its smoke test: the next step is the roll back."""
    company.site.broken.add("1.0.0")
    release = company.publish("1.0.0", template=template, stack_name={"dev": STACK}, **settings)
    steps = Steps(company, release, "dev", "first", stack=STACK)
    document = steps.deployed()
    steps.input["environment_part"] = {**document, "smoke_test": steps("smoke_test")}
    return steps


def described(company: MotoCompany) -> tuple[set[str], dict[str, str], dict[str, str]]:
    """The stack's resources, parameters and tags."""
    cloudformation = company.client("dev", "cloudformation")
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return (
        {f"{one['LogicalResourceId']} {one['PhysicalResourceId']}" for one in resources},
        # Moto keeps those that a template no longer has.
        {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"] if one["ParameterKey"] == "Level"},
        {one["Key"]: one["Value"] for one in stack["Tags"]},
    )


def promoted(company: MotoCompany, template: dict[str, Any] = RELEASED, **settings: Any) -> Steps:
    """The steps of a first promotion to dev, of a unit that names the stack."""
    own = {"stack_name": {"dev": STACK}, "smoke_tests": [{"url": company.site.url}], **settings}
    release = company.publish("1.0.0", template=template, **own)
    return Steps(company, release, "dev", "first", stack=STACK)


def test_the_first_promotion_changes_the_stack_and_replaces_nothing(company: MotoCompany) -> None:
    """The plan tells the difference; what nobody gives a value keeps the one that it had."""
    before = deploy_by_hand(company)
    steps = promoted(company)
    plan = steps("plan")
    assert plan["status"] == "PLANNED"
    assert "1 to add" in plan["message"]
    steps.deployed()
    cloudformation = company.client("dev", "cloudformation")
    after = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in after}
    assert {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in before}.items() <= names.items()
    assert names.keys() == {"Queue", "Setting", "Running"}
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    assert (values["Level"], values["Version"]) == ("DEBUG", "1.0.0")
    assert steps("smoke_test")["status"] == "SUCCEEDED"


def test_the_stack_keeps_its_tags(company: MotoCompany) -> None:
    """Costs are told apart by them, and backups chosen: CloudFormation takes away those that a change does not name."""
    deploy_by_hand(company, cost="42")
    promoted(company)("plan")
    target = company.organization.environment("dev").targets[0]
    # Moto executes change sets without their tags.
    (proposed,) = cloudformation_backends[target.account][target.region].change_sets.values()
    assert proposed.tags == {"cost": "42", "orchestrator:unit": company.unit.name, "orchestrator:environment": "dev"}


def test_what_the_unit_sets_wins_over_what_the_stack_had(company: MotoCompany) -> None:
    """That is how a value gets into the repository."""
    deploy_by_hand(company)
    promoted(company, parameters={"dev": {"Level": "INFO"}}).deployed()
    value = company.client("dev", "ssm").get_parameter(Name="/clock/level")["Parameter"]["Value"]
    assert value == "INFO"


def test_a_parameter_that_has_a_value_nowhere_is_refused_by_name(company: MotoCompany) -> None:
    """Before anything changes."""
    deploy_by_hand(company)
    more = {**RELEASED, "Parameters": {**RELEASED["Parameters"], "New": {"Type": "String"}}}
    with pytest.raises(AssertionError, match="its parameters New have no value, neither in that stack"):
        promoted(company, more)("plan")


def test_a_stack_of_another_unit_is_refused(company: MotoCompany) -> None:
    """Two units would undo each other's deployments."""
    deploy_by_hand(company, orchestrator_unit="invoices")
    with pytest.raises(AssertionError, match=r"clock-live in .* belongs to the unit invoices"):
        promoted(company)("plan")


def test_a_stack_that_the_cdk_deploys_is_refused(company: MotoCompany) -> None:
    """Its next deployment would take everything back."""
    theirs = {**BY_HAND["Parameters"], "BootstrapVersion": {"Type": "String"}}
    deploy_by_hand(company, {**BY_HAND, "Parameters": theirs})
    with pytest.raises(AssertionError, match="was deployed by the CDK's command line"):
        promoted(company)("plan")


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_a_stack_that_nobody_can_update_is_refused_and_not_deleted(company: MotoCompany, status: str) -> None:
    """The orchestrator deletes such a stack only where it has made it."""
    deploy_by_hand(company)
    target = company.organization.environment("dev").targets[0]
    cloudformation_backends[target.account][target.region].get_stack(STACK).status = status
    with pytest.raises(AssertionError, match=f"is in the state {status}"):
        promoted(company)("plan")
    (stack,) = company.client("dev", "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == status


def test_a_stack_whose_first_release_does_not_work_is_what_it_was(company: MotoCompany) -> None:
    """Its resources, parameters and tags; the ledger knows of no release there, and of a hold."""
    deploy_by_hand(company, team="payments")
    before = described(company)
    steps = broken(company, parameters={"dev": {"Level": "INFO"}})
    assert described(company) != before
    result = steps("roll_back")
    assert result["status"] == "ROLLED_BACK"
    assert "failed its smoke tests in dev" in result["message"]
    assert "The stack clock-live in dev was returned to what it was before clock." in result["message"]
    assert described(company) == before
    running = company.ledger.environments.running("clock", "dev")
    assert (running.version, running.status, running.good, running.taken_over) == (None, "ROLLED_BACK", (), {})
    assert company.ledger.controls.hold("clock", "dev")
    assert company.lock("dev") is None


SECRET: dict[str, Any] = {"Type": "String", "NoEcho": True}


def test_a_value_that_nobody_is_shown_is_named(company: MotoCompany) -> None:
    """Where a release gave another one; what nothing touched is as it was."""
    hidden = {**BY_HAND, "Parameters": {**BY_HAND["Parameters"], "Secret": SECRET, "Other": SECRET}}
    deploy_by_hand(company, hidden)
    template = {**RELEASED, "Parameters": {**RELEASED["Parameters"], "Secret": SECRET, "Other": SECRET}}
    steps = broken(company, template=template, parameters={"dev": {"Secret": "new"}})
    assert steps("roll_back")["message"].endswith(
        "CloudFormation shows nobody what its parameters Secret were: set them by hand."
    )
