"""What a template says of permissions: IAM's own resources, policies on others, and the roles that these use."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from orchestrator.steps.impact.shown import shown
from orchestrator.steps.impact.statements import statements

NOT_UNDERSTOOD = "not understood"
# Types whose every property matters.
_WHOLE = (
    "AWS::IAM::",
    "AWS::Lambda::Permission",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Url",
    "AWS::Events::EventBusPolicy",
    "AWS::Cognito::IdentityPoolRoleAttachment",
    "AWS::EKS::AccessEntry",
    "AWS::LakeFormation::",
    "AWS::Organizations::Policy",
    "AWS::RAM::",
    "AWS::RolesAnywhere::",
    "AWS::SSO::",
    "AWS::VerifiedPermissions::",
)
_POLICIES = ("BucketPolicy", "QueuePolicy", "TopicPolicy", "ResourcePolicy", "AccessPointPolicy", "RegistryPolicy")
# Types that make resources which no template of the stack shows.
_OPAQUE = (
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::StackSet",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Macro",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
    "Custom::",
)
_DOCUMENTS = re.compile(
    r"(AssumeRole)?PolicyDocument|KeyPolicy|RepositoryPolicyText|ResourcePolicy|ResourcePolicyDocument|FileSystemPolicy"
    r"|AccessPolic(y|ies)|PolicyText|Policy|Policies|EventBusPolicy|RegistryPolicyText"
)
_TRUST = "AssumeRolePolicyDocument"
_ATTACHED = {"ManagedPolicyArns": "managed policy", "PermissionsBoundary": "permissions boundary"}
_ROLE = re.compile(r".*Role(Arn|ARN|Name)?")
_STATEMENT = "Statement"


class Grant(NamedTuple):
    """One thing that a template says of permissions.

    Attributes:
        resource: the resource's logical name, shown; empty where the template itself is not understood.
        type: the resource's, shown.
        kind: a statement, trust, managed policy, permissions boundary, role or setting, or not understood.
        text: what it says, in one line.
        is_wide: whether it allows with wildcards, or all but what it names.
    """

    resource: str
    type: str
    kind: str
    text: str
    is_wide: bool = False


def concerns_iam(type_: str) -> bool:
    """Whether all that changes of resources of a type concerns permissions."""
    return type_.startswith(_WHOLE) or type_.endswith(_POLICIES)


def grants(template: Any) -> Iterator[Grant]:
    """All that a template says of permissions; what it says that cannot be understood is told as that, never left out.

    Args:
        template: a template, which may be anything.
    """
    resources = template.get("Resources", {}) if isinstance(template, dict) else None
    if not isinstance(resources, dict):
        yield Grant("", "", NOT_UNDERSTOOD, shown(template))
        return
    for name, resource in resources.items():
        yield from _of_resource(shown(name), resource)


def _of_resource(name: str, resource: Any) -> Iterator[Grant]:
    type_ = resource.get("Type") if isinstance(resource, dict) else None
    properties = resource.get("Properties", {}) if isinstance(resource, dict) else None
    if not isinstance(type_, str) or not isinstance(properties, dict):
        yield Grant(name, shown(type_), NOT_UNDERSTOOD, shown(resource))
        return
    is_whole = concerns_iam(type_)
    told = set()
    for key, value in properties.items():
        for kind, text, is_wide in _of_property(key, value):
            told.add(key)
            yield Grant(name, shown(type_), kind, text, is_wide)
        if is_whole and key not in told:
            yield Grant(name, shown(type_), "setting", f"{shown(key)} = {shown(value)}")
    if is_whole and "Condition" in resource:
        yield Grant(name, shown(type_), "setting", f"only if {shown(resource['Condition'])}")
    if type_.startswith(_OPAQUE) or type_.endswith("::MODULE"):
        yield Grant(name, shown(type_), NOT_UNDERSTOOD, f"may make what is not shown here: {shown(properties)}")


_Said = tuple[str, str, bool]


def _of_property(key: str, value: Any) -> Iterator[_Said]:
    """What a property says of permissions, however deep within it."""
    waiting: list[tuple[str, Any, bool]] = [(key, value, _is_document(key))]
    while waiting:
        name, one, is_document = waiting.pop()
        one = _parsed(one)
        if isinstance(one, dict) and _STATEMENT in one:
            yield from _of_document(one, trust=name == _TRUST)
        elif name in _ATTACHED:
            yield from ((_ATTACHED[name], shown(each), False) for each in (one if isinstance(one, list) else [one]))
        elif _ROLE.fullmatch(name) and _is_single(one):
            yield "role", f"{shown(name)} = {shown(one)}", False
        elif is_document and not _has_document(one):
            yield NOT_UNDERSTOOD, f"{shown(name)} = {shown(one)}", False
        elif isinstance(one, dict):
            waiting += [(str(inner), each, _is_document(str(inner))) for inner, each in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [(name, each, is_document) for each in reversed(one)]


def _of_document(document: dict[str, Any], *, trust: bool) -> Iterator[_Said]:
    for statement in statements(document[_STATEMENT]):
        kind = "trust" if trust else "statement"
        yield (kind if statement.is_understood else NOT_UNDERSTOOD), statement.text, statement.is_wide
    if extra := {key: value for key, value in document.items() if key not in ("Version", "Id", _STATEMENT)}:
        yield NOT_UNDERSTOOD, shown(extra), False


def _is_single(value: Any) -> bool:
    """Whether a value is text, or an intrinsic function that gives one."""
    return isinstance(value, str) or (isinstance(value, dict) and len(value) == 1)


def _is_document(key: str) -> bool:
    return _DOCUMENTS.fullmatch(key) is not None


def _parsed(value: Any) -> Any:
    """A policy that is written as text, or any other value as it is."""
    if not isinstance(value, str) or _STATEMENT not in value:
        return value
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return document if isinstance(document, dict) else value


def _has_document(value: Any) -> bool:
    """Whether there is a policy somewhere within a value."""
    waiting = [value]
    while waiting:
        one = _parsed(waiting.pop())
        if isinstance(one, dict):
            if _STATEMENT in one:
                return True
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return False
