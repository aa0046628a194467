"""The templates of an example organization, synthesized once for all workers, and the policies in them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.bootstrap.synth import synthesize
from orchestrator.config.organization import Build, Organization
from orchestrator.config.repository import Repository
from tests.shared_folder import once

Template = dict[str, Any]
Policy = dict[str, Any]
REGION = "eu-west-1"
TOOLING = "111111111111"
_TEAM = {"shop-billing-*": "billing-cloudformation"}
# The ARNs of what a template refers to by its logical name, by type: the property with the name, and the ARN.
_ARNS = {
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{name}"),
    "AWS::DynamoDB::Table": ("TableName", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:{region}:{account}:{name}"),
    "AWS::SNS::Topic": ("TopicName", "arn:aws:sns:{region}:{account}:{name}"),
    "AWS::Lambda::Function": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::Events::Rule": ("Name", "arn:aws:events:{region}:{account}:rule/{name}"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
}
# Where a resource policy stands, and the property that names whom it is for.
_RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
}


def example() -> Organization:
    """Four targets in three accounts: dev has two regions, and test shares one of them."""
    return Organization.model_validate(
        {
            "tooling": {
                "account": TOOLING,
                "region": REGION,
                "administrators": [f"arn:aws:iam::{TOOLING}:role/orchestrator-administrator"],
            },
            "environments": [
                {
                    "name": "dev",
                    "targets": [
                        {"account": "222222222222", "region": REGION},
                        {"account": "222222222222", "region": "eu-central-1"},
                    ],
                    "cloudformation_roles": _TEAM,
                },
                {
                    "name": "test",
                    "account": "222222222222",
                    "region": REGION,
                    "stack_suffix": "-test",
                    "cloudformation_roles": _TEAM,
                },
                {
                    "name": "staging",
                    "account": "333333333333",
                    "region": REGION,
                    "deployer_role": "deployer-of-ours",
                    "cloudformation_policies": ["arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess"],
                    "permissions_boundary": "unit-boundary",
                },
                {"name": "prod", "account": TOOLING, "region": REGION, "requires_approval": True},
            ],
            "organization_id": "o-abcdefghij",
            "stack_prefix": "shop-",
            "adopt": {"stacks": ["orders-live"]},
            "repository": {"url": "file:///repository", "branch": "trunk"},
        }
    )


def with_all_options(organization: Organization) -> Organization:
    """The same with all that is optional: CodeBuild builds, and the repository is on GitHub."""
    changes = {
        "build": Build(runner="codebuild", timeout_minutes=30),
        "repository": Repository(
            url="github://github.com/acme/shop", branch="trunk", proxy="http://proxy.example.com:3128"
        ),
    }
    return organization.model_copy(update=changes)


def texts_of(organization: Organization, shared: Path, name: str = "infra") -> dict[str, str]:
    """All templates as they are written, with CDK's own validation on."""

    def make(file: Path) -> None:
        file.write_text(json.dumps(synthesize(organization, validate=True)))

    made: dict[str, str] = json.loads(once(shared, f"{name}.json", make).read_bytes())
    return made


@dataclass
class Policies:
    """What the templates of an installation say of who may do what.

    Attributes:
        identity: by principal, the policies of a role, or the managed policy itself.
        trust: by ARN of a role, who may assume it.
        resource: by ARN, the policy of a resource.
    """

    identity: dict[str, list[Policy]] = field(default_factory=dict)
    trust: dict[str, Policy] = field(default_factory=dict)
    resource: dict[str, Policy] = field(default_factory=dict)

    @classmethod
    def of(cls, templates: Mapping[str, str]) -> "Policies":
        """Read templates, given as text by name; the roles of targets are called `<account>/<role>`."""
        found = cls()
        for name, text in templates.items():
            template = json.loads(text)
            found.read(_Stack(name, template["Resources"], template.get("Parameters", {})))
        return found

    def read(self, stack: "_Stack") -> None:
        """Read one stack."""
        for kind, properties in stack.resources():
            if kind == "AWS::IAM::Role":
                name = stack.principal(properties["RoleName"])
                self.identity[name] = [one["PolicyDocument"] for one in properties["Policies"]]
                self.trust[stack.arn(kind, properties)] = properties["AssumeRolePolicyDocument"]
            elif kind == "AWS::IAM::ManagedPolicy":
                self.identity[properties["ManagedPolicyName"]] = [properties["PolicyDocument"]]
            elif kind == "AWS::DynamoDB::Table" and "ResourcePolicy" in properties:
                self.resource[stack.arn(kind, properties)] = properties["ResourcePolicy"]["PolicyDocument"]
            elif kind in _RESOURCE_POLICIES:
                named = properties[_RESOURCE_POLICIES[kind]]
                for one in named if isinstance(named, list) else [named]:
                    self.resource[stack.arn_of(one)] = properties["PolicyDocument"]

    def of_resource(self, arn: str) -> Policy | None:
        """The policy that counts for a resource: that of the bucket for an object."""
        return self.resource.get(arn.split("/", 1)[0] if arn.startswith("arn:aws:s3:::") else arn)


@dataclass(frozen=True)
class _Stack:
    """A stack whose references are resolved."""

    name: str
    written: Mapping[str, Template]
    parameters: Mapping[str, Template]

    @property
    def place(self) -> tuple[str, str]:
        """Its account and region."""
        if self.name.startswith("orchestrator-target-"):
            account, region = self.name.removeprefix("orchestrator-target-").split("-", 1)
            return account, region
        return TOOLING, REGION

    def principal(self, role: str) -> str:
        """What a role is called."""
        return f"{self.place[0]}/{role}" if self.name.startswith("orchestrator-target-") else role

    def resources(self) -> Iterator[tuple[str, Template]]:
        """The types and properties of those with policies."""
        for one in self.written.values():
            kind = one["Type"]
            if kind.startswith("AWS::IAM::") or kind in _RESOURCE_POLICIES or kind == "AWS::DynamoDB::Table":
                yield kind, self._resolved(one["Properties"])

    def arn(self, kind: str, properties: Template) -> str:
        """The ARN of a resource."""
        name, pattern = _ARNS[kind]
        account, region = self.place
        return pattern.format(name=properties.get(name, "*"), account=account, region=region)

    def arn_of(self, reference: str) -> str:
        """The ARN of what `Ref` leads to."""
        if reference.startswith("arn:"):
            return reference
        if reference.startswith("https://sqs"):
            return _ARNS["AWS::SQS::Queue"][1].format(
                name=reference.rsplit("/", 1)[1], account=self.place[0], region=self.place[1]
            )
        return f"arn:aws:s3:::{reference}"

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolved(one) for one in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref":
                return self._reference(argument)
            if function == "Fn::GetAtt":
                return self._attribute(*argument)
            if function == "Fn::Join":
                return argument[0].join(self._resolved(argument[1]))
        return {key: self._resolved(one) for key, one in value.items()}

    def _reference(self, logical: str) -> str | list[str]:
        if logical in self.parameters:
            parameter = self.parameters[logical]
            is_list = parameter["Type"] == "CommaDelimitedList"
            return parameter["Default"].split(",") if is_list else str(parameter["Default"])
        account, region = self.place
        pseudo = {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": "aws"}
        if logical in pseudo:
            return pseudo[logical]
        one = self.written[logical]
        if one["Type"] == "AWS::SQS::Queue":
            return f"https://sqs.{region}.amazonaws.com/{account}/{one['Properties']['QueueName']}"
        if one["Type"] == "AWS::SNS::Topic":
            return self.arn(one["Type"], one["Properties"])
        return str(one["Properties"][_ARNS[one["Type"]][0]])

    def _attribute(self, logical: str, attribute: str) -> str:
        one = self.written[logical]
        if attribute != "Arn":
            raise AssertionError(f"{self.name}: {logical}.{attribute} cannot be resolved")
        return self.arn(one["Type"], one["Properties"])
