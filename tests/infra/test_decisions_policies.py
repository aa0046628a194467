"""Attacks that AWS itself refuses, and that emulators forgive: a role writes where another one's word counts."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from orchestrator.ledger.partitions import APPROVALS, DECISIONS, PARTITIONS, RELEASES, read_by, written_by

# One worker synthesizes for all of them.
Template = dict[str, Any]
LEDGER = "arn:aws:dynamodb:eu-west-1:111111111111:table/orchestrator-ledger"
TOKENS = "arn:aws:dynamodb:eu-west-1:111111111111:table/orchestrator-approval-tokens"
DECISIONS_BUCKET = "arn:aws:s3:::orchestrator-decisions-111111111111-eu-west-1"
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
# These may look at everything in the ledger, CI excepted: nothing in it is a secret.
PEOPLE = {
    f"orchestrator-{name}"
    for name in ("viewer", "developer", "operator", "approver", "controller", "ci", "administrator")
}
ROLES = {
    "orchestrator-publisher": "builder",
    "orchestrator-controller": "controller",
    "orchestrator-administrator": "administrator",
}


def listed(value: Any) -> list[Any]:
    """One value or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


def statements(templates: dict[str, Template]) -> Iterator[tuple[str, Template]]:
    """What roles and managed policies of all stacks allow, by name."""
    for template in templates.values():
        for resource in template["Resources"].values():
            found = resource["Properties"]
            documents = [one["PolicyDocument"] for one in found.get("Policies", ())]
            if resource["Type"] == "AWS::IAM::ManagedPolicy":
                documents = [found["PolicyDocument"]]
            for document in documents:
                for statement in document["Statement"]:
                    if statement["Effect"] == "Allow":
                        yield found.get("RoleName") or found["ManagedPolicyName"], statement


def on(templates: dict[str, Template], resource: str) -> list[tuple[str, Template]]:
    """The statements that allow something on a resource, however it is written."""
    return [
        (name, one)
        for name, one in statements(templates)
        if any(fnmatchcase(resource, pattern) for pattern in listed(one["Resource"]) if isinstance(pattern, str))
        and any(action.startswith(("dynamodb:", "s3:", "*")) for action in listed(one["Action"]))
    ]


def role_of(name: str) -> str:
    """What the table of partitions calls a role."""
    return ROLES.get(name, name.removeprefix("orchestrator-").replace("-", "_"))


def test_each_role_has_exactly_the_partitions_that_the_table_gives_it(templates: dict[str, Template]) -> None:
    """By the leading key of every call; one that names none is not allowed."""
    found = [
        (name, one) for name, one in on(templates, LEDGER) if name not in PEOPLE or set(listed(one["Action"])) & WRITES
    ]
    for name, one in found:
        condition = one["Condition"]
        assert condition["Null"] == {"dynamodb:LeadingKeys": "false"}, name
        (keys,) = condition["ForAllValues:StringLike"].values()
        writes = set(listed(one["Action"])) & WRITES
        expected = written_by(role_of(name)) if writes else read_by(role_of(name))
        assert sorted(listed(keys)) == sorted(expected), (name, one["Action"])
        assert listed(one["Resource"]) == [LEDGER], name
    roles = {role for one in PARTITIONS for role in (*one.writers, *one.readers)} - {"bootstrap"}
    assert {role_of(name) for name, _ in found} | {"webhook"} == roles | {"webhook"}


def test_nobody_scans_the_ledger_or_asks_it_in_sql(templates: dict[str, Template]) -> None:
    """Such calls carry no leading key."""
    actions = {action for _, one in on(templates, LEDGER) for action in listed(one["Action"])}
    assert actions <= WRITES | {f"dynamodb:{one}" for one in ("GetItem", "BatchGetItem", "Query", "ConditionCheckItem")}


def test_no_two_write_a_partition_without_a_reason() -> None:
    """The table says why; and no pattern takes in the keys of another partition."""
    for one in PARTITIONS:
        assert len(one.writers) == 1 or one.shared, one.name
        assert len(set(one.writers)) == len(one.writers)
        assert not set(one.writers) & set(one.readers), one.name
        assert [other.name for other in PARTITIONS if fnmatchcase(other.key("x"), one.pattern)] == [one.name]


@pytest.mark.parametrize("role", ["builder", "on_merge", "webhook", "deploy", "plan", "smoke_test"])
def test_what_lets_nobody_in_is_written_by_few(role: str) -> None:
    """Not by whoever builds, looks at branches, or deploys."""
    assert role not in (*APPROVALS.writers, *DECISIONS.writers)
    assert DECISIONS.writers == ("decide",)
    assert RELEASES.writers == ("builder",)


def test_tokens_are_read_by_those_alone_who_answer(templates: dict[str, Template]) -> None:
    """By their policies, and by the table's own, which denies all others whatever theirs say."""
    found = on(templates, TOKENS)
    assert {name: set(listed(one["Action"])) for name, one in found} == {
        "orchestrator-decide": {"dynamodb:GetItem"},
        "orchestrator-request-approval": {"dynamodb:GetItem", "dynamodb:PutItem"},
        "orchestrator-request-train-approval": {"dynamodb:GetItem", "dynamodb:PutItem"},
    }
    (table,) = [
        one["Properties"]
        for one in templates["orchestrator-decisions"]["Resources"].values()
        if one["Type"] == "AWS::DynamoDB::Table"
    ]
    (statement,) = table["ResourcePolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
    excepted = {
        arn.rsplit("role/", 1)[-1].removesuffix("/*")
        for arn in statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    }
    assert excepted == {name for name, _ in found}
    assert {"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query", "dynamodb:PutItem"} <= set(statement["Action"])


def test_decide_alone_writes_decisions_once_and_nobody_deletes_them(templates: dict[str, Template]) -> None:
    """The bucket's policy says so to everybody, whatever their own policies say."""
    key = f"{DECISIONS_BUCKET}/decisions/orders/prod/r1.json"
    writing = {name for name, one in on(templates, key) if "s3:PutObject" in listed(one["Action"])}
    assert writing == {"orchestrator-decide"}
    reading = {name for name, one in on(templates, key) if "s3:GetObject" in listed(one["Action"])}
    assert reading - PEOPLE == {f"orchestrator-{one}" for one in ("decide", "deploy", "request-approval")}
    resources = templates["orchestrator-decisions"]["Resources"].values()
    (bucket,) = [one for one in resources if one["Type"] == "AWS::S3::Bucket"]
    (policy,) = [one["Properties"] for one in resources if one["Type"] == "AWS::S3::BucketPolicy"]
    own = bucket["Properties"]
    assert own["BucketName"] == DECISIONS_BUCKET.removeprefix("arn:aws:s3:::")
    assert own["VersioningConfiguration"] == {"Status": "Enabled"}
    assert own["ObjectLockEnabled"] is True
    assert own["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 365}
    assert all(own["PublicAccessBlockConfiguration"].values())
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    denied = {one.get("Sid", "Tls"): one for one in policy["PolicyDocument"]["Statement"]}
    assert {one["Effect"] for one in denied.values()} == {"Deny"}
    assert all(one["Principal"] == {"AWS": "*"} for one in denied.values())
    assert denied["Tls"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["DecideAlone"]["Action"] == denied["Once"]["Action"] == "s3:PutObject"
    assert denied["Once"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert denied["DecideAlone"]["Condition"] == {
        "ArnNotLike": {
            "aws:PrincipalArn": [
                "arn:aws:iam::111111111111:role/orchestrator-decide",
                "arn:aws:sts::111111111111:assumed-role/orchestrator-decide/*",
            ]
        }
    }
    assert "Condition" not in denied["ForGood"]
    undoing = set(denied["ForGood"]["Action"])
    assert {f"s3:{one}" for one in ("DeleteObject", "DeleteObjectVersion", "PutObjectRetention")} <= undoing
    assert {"s3:BypassGovernanceRetention", "s3:PutLifecycleConfiguration", "s3:PutObjectLegalHold"} <= undoing
