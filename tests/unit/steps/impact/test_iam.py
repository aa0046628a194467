"""What a plan says of permissions: all that differs, whatever a template looks like."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws.change_set import PropertyChange, ResourceChange
from orchestrator.steps.impact.compare import IamChange, iam_changes
from orchestrator.steps.impact.shown import shown

_POLICY_KEYS = ["PolicyDocument", "Policies", "Statement", "Effect", "Action", "Resource", "Principal", "Condition"]
_ROLE_KEYS = ["AssumeRolePolicyDocument", "ManagedPolicyArns", "Roles", "Role"]
_KEYS = st.sampled_from(["Resources", "Type", "Properties", *_POLICY_KEYS, *_ROLE_KEYS, "Fn::If", "Ref", "X"])
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(
        ["AWS::IAM::Role", "AWS::S3::BucketPolicy", "Allow", "*", "s3:*", '{"Statement": 1}', "\x1b[2K", "\u202e"]
    )
)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5), max_leaves=25
)
_ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}


def _template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def _role(*statements: Any, **properties: Any) -> dict[str, Any]:
    policies = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies, **properties}}


def _lines(old: Any, new: Any) -> list[str]:
    return [one.line for one in iam_changes([old], [new])]


@given(_JSON)
def test_any_template_is_read_and_does_not_differ_from_itself(template: Any) -> None:
    """No template of a merge can keep a plan from being made, or its text from being shown as it is."""
    assert iam_changes([template], [template]) == ()
    for change in iam_changes([{}], [template]):
        assert change.line.isascii()
        assert change.line.isprintable()
        assert len(change.line) < 2_000


@given(_JSON, _JSON)
def test_what_is_added_one_way_is_removed_the_other_way(old: Any, new: Any) -> None:
    """Nothing is lost in between."""

    def seen(changes: tuple[IamChange, ...], action: str) -> list[tuple[str, ...]]:
        return sorted((one.resource, one.type, one.kind, one.text) for one in changes if one.action == action)

    there, back = iam_changes([old], [new]), iam_changes([new], [old])
    assert seen(there, "add") == seen(back, "remove")


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _paths(inner, (*path, key))


def _replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], by)
    return copy


@given(st.data(), _JSON)
def test_a_role_that_is_altered_anywhere_is_told_as_altered(data: st.DataObject, by: Any) -> None:
    """Whatever stands there instead, an intrinsic function or something of a wrong type as well."""
    role = _role(
        {**_ALLOW, "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        AssumeRolePolicyDocument={"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]},
        ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        MaxSessionDuration=3600,
    )["Properties"]
    ignored = ("PolicyName", "Version")
    path = data.draw(st.sampled_from([path for path in _paths(role) if path and path[-1] not in ignored]))
    altered = _replaced(role, path, by)
    old, new = (_template(R={"Type": "AWS::IAM::Role", "Properties": one}) for one in (role, altered))
    assert _lines(old, new) or _plain(role) == _plain(altered)


def _plain(value: Any) -> Any:
    """A value without what means nothing to IAM."""
    if isinstance(value, list):
        plain = [one for one in map(_plain, value) if one not in ({"Ref": "AWS::NoValue"}, [])]
        return plain[0] if len(plain) == 1 else plain
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if key not in ("Sid", "PolicyName", "Version")}
    return value


@pytest.mark.parametrize(
    ("resource", "line"),
    [
        (_role(_ALLOW), "IAM: add in R (AWS::IAM::Role), statement: Allow s3:GetObject on arn:aws:s3:::data/*"),
        (
            _role({"Effect": "Allow", "Action": ["s3:*", "iam:PassRole"], "Resource": "*"}),
            "IAM: add in R (AWS::IAM::Role), statement (with wildcards): Allow s3:*, iam:PassRole on *",
        ),
        (
            _role({"Effect": "Allow", "NotAction": "iam:*", "Resource": "a"}),
            "IAM: add in R (AWS::IAM::Role), statement (with wildcards): Allow everything but iam:* on a",
        ),
        (
            _role({"Effect": "Deny", "Action": "*", "Resource": "*"}),
            "IAM: add in R (AWS::IAM::Role), statement: Deny * on *",
        ),
        (
            _role({"Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, _ALLOW]}),
            "IAM: add in R (AWS::IAM::Role), statement: unless IsProd: Allow s3:GetObject on arn:aws:s3:::data/*",
        ),
        (
            _role({"Fn::Transform": {"Name": "Mine"}}),
            'IAM: add in R (AWS::IAM::Role), not understood: {"Fn::Transform": {"Name": "Mine"}}',
        ),
        (
            {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
                    }
                },
            },
            'IAM: add in R (AWS::IAM::Role), trust (with wildcards): Allow sts:AssumeRole to {"AWS": "*"}',
        ),
        (
            {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Fn::Sub": "arn:${X}:admin"}]}},
            'IAM: add in R (AWS::IAM::Role), managed policy: {"Fn::Sub": "arn:${X}:admin"}',
        ),
        (
            {"Type": "AWS::IAM::Role", "Properties": {"PermissionsBoundary": "arn:b"}},
            "IAM: add in R (AWS::IAM::Role), permissions boundary: arn:b",
        ),
        (
            {"Type": "AWS::Lambda::Permission", "Properties": {"Principal": "*"}},
            "IAM: add in R (AWS::Lambda::Permission), setting: Principal = *",
        ),
        (
            {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE"}},
            "IAM: add in R (AWS::Lambda::Url), setting: AuthType = NONE",
        ),
        (
            {"Type": "AWS::Lambda::Function", "Properties": {"Role": "arn:aws:iam::1:role/admin", "Handler": "x"}},
            "IAM: add in R (AWS::Lambda::Function), role: Role = arn:aws:iam::1:role/admin",
        ),
        (
            {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Ref": "Given"}}},
            'IAM: add in R (AWS::S3::BucketPolicy), not understood: PolicyDocument = {"Ref": "Given"}',
        ),
        (
            {"Type": "AWS::Logs::ResourcePolicy", "Properties": {"PolicyDocument": json.dumps({"Statement": _ALLOW})}},
            "IAM: add in R (AWS::Logs::ResourcePolicy), statement: Allow s3:GetObject on arn:aws:s3:::data/*",
        ),
        (
            {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [{**_ALLOW, "Principal": "*"}]}}},
            "IAM: add in R (AWS::KMS::Key), statement (with wildcards): Allow s3:GetObject on arn:aws:s3:::data/* to *",
        ),
        (
            {"Type": "AWS::Serverless::Function", "Properties": {"Policies": ["AdministratorAccess"]}},
            'IAM: add in R (AWS::Serverless::Function), not understood: Policies = ["AdministratorAccess"]',
        ),
        (
            {"Type": "Custom::Any", "Properties": {"ServiceToken": "arn"}},
            'IAM: add in R (Custom::Any), not understood: may make what is not shown here: {"ServiceToken": "arn"}',
        ),
        (
            {"Type": "AWS::IAM::Role", "Properties": "none"},
            'IAM: add in R (AWS::IAM::Role), not understood: {"Properties": "none", "Type": "AWS::IAM::Role"}',
        ),
        ("not a resource", "IAM: add in R (null), not understood: not a resource"),
    ],
)  # fmt: skip
def test_what_is_added_is_told_in_one_line(resource: Any, line: str) -> None:
    """And taken away, the other way round."""
    assert line in _lines(_template(), _template(R=resource))
    assert line.replace(": add ", ": remove ") in _lines(_template(R=resource), _template())


def test_what_is_long_is_cut_and_still_differs() -> None:
    """A statement with thousands of actions hides neither others nor a change of its last one."""
    long = [f"s3:Action{number}" for number in range(5_000)]
    old, new = (_role({"Effect": "Allow", "Action": {"x": [*long, last]}, "Resource": "a"}) for last in ("a", "b"))
    lines = _lines(_template(R=old), _template(R=new, S=_role(_ALLOW)))
    assert len(lines) == 3
    assert all(len(line) < 800 for line in lines)


def test_a_template_that_is_nested_without_end_is_told_as_that() -> None:
    """Reading it must not fail the plan, and another one is another one."""

    def deep(inner: Any) -> Any:
        for _ in range(100_000):
            inner = [inner]
        return _template(R={"Type": "AWS::IAM::Role", "Properties": {"Policies": inner}})

    added, removed = iam_changes([deep("x")], [deep("y")])
    assert (added.action, added.kind) == ("add", "not understood")
    assert (removed.action, removed.kind) == ("remove", "not understood")


def test_what_changes_by_values_alone_is_told() -> None:
    """A parameter may name another principal: the templates are the same then."""
    role = _template(R=_role({**_ALLOW, "Resource": {"Ref": "Where"}}))
    changed = ResourceChange(
        action="Modify", logical_id="R", type="AWS::IAM::Role", properties=(PropertyChange(property="Policies"),)
    )
    (change,) = iam_changes([role], [role], [changed])
    assert change.line == (
        "IAM: change in R (AWS::IAM::Role), not understood: by values of parameters or other resources: Policies"
    )


def test_additions_with_wildcards_come_first() -> None:
    """A notification shows no more than so many lines."""
    new = _template(
        A=_role(*({**_ALLOW, "Resource": str(number)} for number in range(100))), Z=_role({**_ALLOW, "Action": "*"})
    )
    assert _lines(_template(), new)[0].startswith("IAM: add in Z (AWS::IAM::Role), statement (with wildcards)")


@given(_JSON)
def test_anything_is_shown_in_one_printable_line(value: Any) -> None:
    """Not even a terminal's control characters get through."""
    text = shown(value)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 500
