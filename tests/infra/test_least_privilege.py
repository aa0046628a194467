"""No role may do everything, or something to everything, unless a reason is given here."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.tooling.people.policies import ROLES
from orchestrator.bootstrap.synth import check_policies
from orchestrator.errors import ConfigurationError
from tests.infra.simulator import Request, simulate
from tests.infra.synthesized import Policies

# One worker synthesizes for all of them.
Template = dict[str, Any]

# Services of which CloudFormation may make every call, but only on what carries the units' prefix: which calls it
# makes for a resource changes with its handlers.
_WHOLE_SERVICES = {"lambda:*", "glue:*", "logs:*", "events:*", "sqs:*", "sns:*", "dynamodb:*", "s3:*"}


# What CloudFormation works with in the targets.
_OF_UNITS = {"orchestrator-cloudformation", "billing-cloudformation"}
_TARGET = "orchestrator-target-333333333333-eu-west-1"

# The actions besides of which the embedded cloud knows a second form.
_TWO_FORMS = {"sqs:SendMessage*", "sqs:ChangeMessageVisibility*"}


def policies(template: Template) -> Iterator[tuple[str, Template]]:
    """The statements that grant or deny something to a role, with the role's name."""
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::Role":
            for policy in properties["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield properties["RoleName"], statement
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            for statement in properties["PolicyDocument"]["Statement"]:
                yield properties["ManagedPolicyName"], statement


def allowing(statements: list[tuple[str, Template]]) -> list[tuple[str, Template]]:
    """Those that allow something."""
    return [(name, one) for name, one in statements if one["Effect"] == "Allow"]


def listed(value: Any) -> list[Any]:
    """One value or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


@pytest.fixture(scope="session")
def statements(templates: dict[str, Template]) -> list[tuple[str, Template]]:
    """All statements of all stacks."""
    return [found for template in templates.values() for found in policies(template)]


def test_every_permission_is_in_its_roles_own_inline_policy(templates: dict[str, Template]) -> None:
    """What CDK would add by itself is less exact."""
    for name, template in templates.items():
        assert "AWS::IAM::Policy" not in {one["Type"] for one in template["Resources"].values()}, name


def test_no_statement_allows_on_every_resource(statements: list[tuple[str, Template]]) -> None:
    """But for tokens, a detection's id and CloudTrail, where IAM knows no resource, and for what people may not."""
    everywhere = [(name, one) for name, one in statements if "*" in listed(one["Resource"])]
    for name, one in everywhere:
        if one["Effect"] == "Deny":
            continue
        known = ("states:SendTask", "cloudtrail:LookupEvents", "cloudformation:DescribeStackDriftDetectionStatus")
        assert all(action.startswith(known) for action in listed(one["Action"])), name
    assert {(name, one["Effect"]) for name, one in everywhere} == {
        *((role.policy_name, "Deny") for role in ROLES),
        ("orchestrator-builder", "Allow"),
        ("orchestrator-plan", "Allow"),
        ("orchestrator-decide", "Allow"),
        ("orchestrator-request-approval", "Allow"),
        ("orchestrator-request-train-approval", "Allow"),
        ("orchestrator-deployer", "Allow"),
        ("deployer-of-ours", "Allow"),
        # Without the permissions boundary, where an environment has one.
        ("orchestrator-cloudformation", "Deny"),
    }


def test_no_role_may_make_every_call(statements: list[tuple[str, Template]]) -> None:
    """Not even of one service, CloudFormation's roles in the targets excepted."""
    for name, one in allowing(statements):
        wild = {action for action in listed(one["Action"]) if "*" in action} - _TWO_FORMS
        assert not wild or name in _OF_UNITS, (name, wild)
        assert wild <= _WHOLE_SERVICES, (name, wild)


def test_whole_services_are_limited_to_names_with_the_prefix(statements: list[tuple[str, Template]]) -> None:
    """A unit cannot touch what another system of the account has made."""
    for name, one in allowing(statements):
        if any("*" in action for action in set(listed(one["Action"])) - _TWO_FORMS):
            outside = [resource for resource in listed(one["Resource"]) if not _is_of_units(resource)]
            assert not outside, (name, outside)


def test_roles_are_passed_to_one_named_service_only(statements: list[tuple[str, Template]]) -> None:
    """And never a role of any name."""
    passes = [(name, one) for name, one in allowing(statements) if "iam:PassRole" in listed(one["Action"])]
    assert {name for name, _ in passes} == {
        "orchestrator-start-promotion",
        "orchestrator-retire",
        "orchestrator-unit-stack",
        "orchestrator-deployer",
        "deployer-of-ours",
        *_OF_UNITS,
    }
    for name, one in passes:
        assert listed(one["Action"]) == ["iam:PassRole"], name
        assert one["Condition"]["StringEquals"]["iam:PassedToService"], name
        assert not [arn for arn in listed(one["Resource"]) if arn.endswith(":role/*")], name


def test_only_the_role_of_cloudformation_in_the_targets_touches_iam(statements: list[tuple[str, Template]]) -> None:
    """A merge never creates IAM in the tooling account."""
    harmless = ("iam:PassRole", "iam:GetRole")
    touching = {
        name
        for name, one in statements
        if any(action.startswith("iam:") and action not in harmless for action in listed(one["Action"]))
    }
    assert touching == _OF_UNITS


def test_state_machines_invoke_exactly_their_own_steps(statements: list[tuple[str, Template]]) -> None:
    """Promotions, trains, and gates, which invoke the one that decides."""
    invoked = {
        name: sorted(arn.rsplit(":", 1)[-1] for arn in listed(one["Resource"]))
        for name, one in statements
        if name in ("orchestrator-promotion", "orchestrator-gate", "orchestrator-train")
        and "lambda:InvokeFunction" in listed(one["Action"])
    }
    assert invoked == {
        "orchestrator-gate": ["orchestrator-decide"],
        "orchestrator-promotion": [
            "orchestrator-deploy",
            "orchestrator-plan",
            "orchestrator-prepare-build",
            "orchestrator-request-approval",
            "orchestrator-resolve-release",
            "orchestrator-roll-back",
            "orchestrator-smoke-test",
        ],
        "orchestrator-train": [
            "orchestrator-plan",
            "orchestrator-plan-train",
            "orchestrator-request-train-approval",
            "orchestrator-resolve-train",
            "orchestrator-settle-train",
        ],
    }


def test_deployers_are_assumed_by_exact_name_and_by_few_steps_only(statements: list[tuple[str, Template]]) -> None:
    """Each target account's own deployer, nothing with a wildcard."""
    assuming = {name: listed(one["Resource"]) for name, one in statements if "sts:AssumeRole" in listed(one["Action"])}
    assert assuming.pop("orchestrator-begin-publish") == ["arn:aws:iam::111111111111:role/orchestrator-publisher"]
    assert sorted(assuming) == [
        "orchestrator-deploy",
        "orchestrator-drift",
        "orchestrator-plan",
        "orchestrator-preview",
        "orchestrator-retire",
        "orchestrator-roll-back",
        "orchestrator-smoke-test",
    ]
    for arns in assuming.values():
        assert sorted(arns) == [
            "arn:aws:iam::111111111111:role/orchestrator-deployer",
            "arn:aws:iam::222222222222:role/orchestrator-deployer",
            "arn:aws:iam::333333333333:role/deployer-of-ours",
        ]


def test_people_tell_of_merges_and_of_nothing_else(statements: list[tuple[str, Template]]) -> None:
    """Other events of the default bus are other systems' own."""
    telling = {name: one["Condition"] for name, one in statements if "events:PutEvents" in listed(one["Action"])}
    ours = {"ForAllValues:StringEquals": {"events:source": ["orchestrator"], "events:detail-type": ["Merge"]}}
    people = ("orchestrator-developer", "orchestrator-operator", "orchestrator-controller")
    assert telling == dict.fromkeys(people, ours)


def test_every_action_exists_and_carries_the_keys_of_its_conditions(
    texts: dict[str, str], with_options: Template
) -> None:
    """A condition on all values of a key that is never there would hold always."""
    policies = Policies.of({**texts, "orchestrator-with-options": json.dumps(with_options)})
    documents = (policy for found in policies.identity.values() for policy in found)
    # The simulator complains of what makes no sense before it answers.
    assert simulate(Request("sts:AssumeRole", "arn:aws:iam::111111111111:role/nobody", (one,)) for one in documents)


def test_policies_stay_within_what_iam_takes(templates: dict[str, Template]) -> None:
    """Else bootstrap says what to do before CloudFormation finds out."""
    texts = {name: json.dumps(template) for name, template in templates.items()}
    check_policies(texts)
    larger = texts[_TARGET].replace("orders-live", "orders-live" * 100)
    with pytest.raises(ConfigurationError, match=r"characters, and IAM takes 10,240") as refused:
        check_policies({_TARGET: larger})
    assert "adopt.stacks names too many stacks" in str(refused.value)


def test_managed_policies_stay_within_what_iam_takes(texts: dict[str, str]) -> None:
    """Which is less than a role's own policies may have."""
    larger = texts["orchestrator"].replace("orchestrator-ledger", "orchestrator-ledger" * 300)
    with pytest.raises(ConfigurationError, match=r"orchestrator-viewer in orchestrator would have .* takes 6,144"):
        check_policies({"orchestrator": larger})


def _is_of_units(resource: str) -> bool:
    """Whether it begins with the prefix, or is of the stack that is adopted."""
    return (
        "shop-*" in resource
        or "shop-billing-*" in resource
        or resource.endswith(("/orders-live/*", "orders-live-*", "layer:orders-live", "layer:orders-live:*"))
    )
