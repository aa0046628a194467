"""The stack of a target."""

from collections.abc import Callable
from typing import Any

from infra.account import Account
from orchestrator.config.organization import Adopt, Organization
from tests.infra.policies import allowed

# One worker synthesizes for all of them.
Template = dict[str, Any]
Find = Callable[[Template, str], list[Template]]

DEV = "orchestrator-target-222222222222-eu-west-1"
SECOND_REGION = "orchestrator-target-222222222222-eu-central-1"
STAGING = "orchestrator-target-333333333333-eu-west-1"
TOOLING_AS_PROD = "orchestrator-target-111111111111-eu-west-1"


def roles(template: Template) -> dict[str, Template]:
    """The roles' properties by name."""
    found = [one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    return {one["RoleName"]: one for one in found}


def test_the_deployer_trusts_exact_roles_with_external_id_and_organization(templates: dict[str, Template]) -> None:
    """Nobody else of the tooling account, and nobody outside of the organization."""
    trust = roles(templates[DEV])["orchestrator-deployer"]["AssumeRolePolicyDocument"]["Statement"]
    assert sorted(one["Principal"]["AWS"] for one in trust) == [
        "arn:aws:iam::111111111111:role/orchestrator-deploy",
        "arn:aws:iam::111111111111:role/orchestrator-drift",
        "arn:aws:iam::111111111111:role/orchestrator-plan",
        "arn:aws:iam::111111111111:role/orchestrator-preview",
        "arn:aws:iam::111111111111:role/orchestrator-retire",
        "arn:aws:iam::111111111111:role/orchestrator-roll-back",
        "arn:aws:iam::111111111111:role/orchestrator-smoke-test",
    ]
    for one in trust:
        assert one["Condition"] == {
            "StringEquals": {"sts:ExternalId": "promotion-orchestrator", "aws:PrincipalOrgID": "o-abcdefghij"}
        }


def test_cloudformation_alone_takes_the_role_it_deploys_with(templates: dict[str, Template]) -> None:
    """Working for this account."""
    (trust,) = roles(templates[DEV])["orchestrator-cloudformation"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "cloudformation.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "222222222222"}}


def test_roles_are_made_once_in_an_account_and_cover_all_its_regions(
    templates: dict[str, Template], resources: Find
) -> None:
    """Roles have no region; buckets have."""
    assert sorted(roles(templates[DEV])) == [
        "billing-cloudformation",
        "orchestrator-cloudformation",
        "orchestrator-deployer",
    ]
    assert not roles(templates[SECOND_REGION])
    statements = roles(templates[DEV])["orchestrator-deployer"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert statements[0]["Resource"] == [
        "arn:aws:cloudformation:eu-west-1:222222222222:stack/shop-*/*",
        "arn:aws:cloudformation:eu-west-1:222222222222:stack/orders-live/*",
        "arn:aws:cloudformation:eu-central-1:222222222222:stack/shop-*/*",
        "arn:aws:cloudformation:eu-central-1:222222222222:stack/orders-live/*",
    ]
    (bucket,) = resources(templates[SECOND_REGION], "AWS::S3::Bucket")
    assert bucket["BucketName"] == "orchestrator-artifacts-222222222222-eu-central-1"


def test_an_environment_may_name_its_roles_and_give_units_more(templates: dict[str, Template]) -> None:
    """By managed policies of its own choice."""
    named = roles(templates[STAGING])
    assert sorted(named) == ["deployer-of-ours", "orchestrator-cloudformation"]
    assert named["orchestrator-cloudformation"]["ManagedPolicyArns"] == [
        "arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess"
    ]


def test_the_tooling_account_can_be_a_target(templates: dict[str, Template], resources: Find) -> None:
    """Its bucket is there already: the target's stack makes the roles only."""
    assert not resources(templates[TOOLING_AS_PROD], "AWS::S3::Bucket")
    assert sorted(roles(templates[TOOLING_AS_PROD])) == ["orchestrator-cloudformation", "orchestrator-deployer"]


def test_the_layer_of_a_unit_that_takes_a_stack_over_is_named_as_the_stack(templates: dict[str, Template]) -> None:
    """Builds name it so: whoever deploys it and whoever reads it may touch that name, not just what begins with it."""
    layer = "arn:aws:lambda:eu-west-1:333333333333:layer:orders-live"
    for role, action in (("orchestrator-cloudformation", "lambda:*"), ("deployer-of-ours", "lambda:GetLayerVersion")):
        assert {layer, f"{layer}:*"} <= set(allowed(templates[STAGING], role)[action])


def test_stacks_that_begin_alike_are_named_at_once(organization: Organization) -> None:
    """A role has no room for hundreds of names."""
    adopt = Adopt.model_validate({"stacks": ["orders-*", "tax"]})
    account = Account(organization.model_copy(update={"adopt": adopt}), "333333333333")
    assert account.names == ["shop-*", "orders-*", "tax-*"]
    assert [one.rsplit(":", 1)[1] for one in account.stacks] == ["stack/shop-*/*", "stack/orders-*/*", "stack/tax/*"]
    assert [one.split(":layer:")[1] for one in account.layers] == ["shop-*", "orders-*", "tax-*", "tax", "tax:*"]
    assert [adopt.holds(one) for one in ("orders-live", "tax", "tax-2")] == [True, True, False]


def test_every_targets_bucket_is_kept_when_its_stack_goes(templates: dict[str, Template]) -> None:
    """A rollback needs what lies in it."""
    buckets = [
        one
        for name in (DEV, SECOND_REGION, STAGING)
        for one in templates[name]["Resources"].values()
        if one["Type"] == "AWS::S3::Bucket"
    ]
    assert [one["DeletionPolicy"] for one in buckets] == ["RetainExceptOnCreate"] * 3
