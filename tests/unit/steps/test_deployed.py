"""Comparing a target with a release, against an account in memory."""

import base64
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.stack_state import StackState
from orchestrator.config.environment import Target
from orchestrator.config.platform import Platform
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.manifest import Layer
from orchestrator.steps.deployed import Deployed
from tests.unit.steps.test_deployment import MAIN, layer_for, manifest

WHEEL, OTHER = bytes(32), b"o" * 32
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Environment": {"Type": "String"},
        "SourceKey": {"Type": "String"},
        "LayerKey": {"Type": "String"},
        "Size": {"Type": "Number", "Default": 3},
        "Verbose": {"Type": "String", "Default": True},
        "Secret": {"Type": "String", "Default": "x", "NoEcho": "true"},
    },
    "Resources": {
        "Api": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": {"Key": {"Ref": "SourceKey"}}}},
        "Asset": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "projects/orders/assets/a.zip"}}},
        "Foreign": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "of/somebody.zip"}}},
        "Deps": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": {"Key": {"Ref": "LayerKey"}}}},
    },
}
LAYERS = (layer_for(MAIN, "layer"),)
TARGET = Target(account="222222222222", region="eu-west-1")
LAYER = "arn:aws:lambda:eu-west-1:222222222222:layer:app-orders"


@dataclass
class Account:
    """A stack and its functions, all as the release says until a test changes something."""

    state_: StackState | None = field(
        default_factory=lambda: StackState(
            id="1",
            status="UPDATE_COMPLETE",
            parameters={
                "Environment": "dev",
                "SourceKey": "wheel",
                "LayerKey": "layer",
                "Size": "3",
                "Verbose": "true",
                "Secret": "****",
            },
        )
    )
    template_: Any = field(default_factory=lambda: TEMPLATE)
    code: dict[str, bytes] = field(default_factory=lambda: {"api": WHEEL, "asset": WHEEL, "foreign": OTHER})
    uses: str = f"{LAYER}:4"
    layers: dict[int, bytes] = field(default_factory=lambda: {4: WHEEL})
    more: dict[str, str] = field(default_factory=dict)
    name: str = "app-orders"

    def state(self) -> StackState | None:
        """The stack's state."""
        return self.state_

    def template(self) -> Any:
        """The stack's template."""
        return self.template_

    def functions(self) -> dict[str, str]:
        """The functions."""
        return {"Api": "api", "Asset": "asset", "Foreign": "foreign"}

    def resources(self, kind: str) -> dict[str, str]:
        """The layers; SAM names their resources after their content."""
        assert kind == "AWS::Lambda::LayerVersion"
        return {"Deps0123456789": f"{LAYER}:4", "DepsOfAnother": f"{LAYER}-other:1", **self.more}


@dataclass
class Functions:
    """The Lambda client."""

    account: Account

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803  # As botocore has it.
        """Describe a function."""
        if FunctionName not in self.account.code:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetFunctionConfiguration")
        code = base64.b64encode(self.account.code[FunctionName]).decode()
        return {"CodeSha256": code, "Layers": [{"Arn": self.account.uses}, {"Arn": "arn:of:vendor:layer:x:1"}]}

    def get_layer_version(self, *, LayerName: str, VersionNumber: int) -> dict[str, Any]:  # noqa: N803  # The same.
        """Describe a layer."""
        assert LayerName == "app-orders"
        if VersionNumber not in self.account.layers:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetLayerVersion")
        return {"Content": {"CodeSha256": base64.b64encode(self.account.layers[VersionNumber]).decode()}}


@dataclass
class Files:
    """The release's template."""

    read: dict[str, Any]

    def template(self, _manifest: object, environment: str) -> dict[str, Any]:
        """Read it."""
        assert environment == "dev"
        return self.read


@dataclass
class Opened:
    """A target that is opened."""

    target: Target
    functions: Functions


def told(account: Account, template: dict[str, Any] = TEMPLATE, layers: tuple[Layer, ...] = LAYERS) -> list[str]:
    """What is found."""
    asset = Artifact(key="projects/orders/assets/a.zip", sha256="0" * 64, size=1)
    platforms = tuple(layer.platform for layer in layers)
    release = manifest({}).model_copy(update={"assets": (asset,), "layers": layers, "platforms": platforms})
    opened: Any = Opened(TARGET, Functions(account))
    files: Any = Files(template)
    stack: Any = account
    return [f"{one.resource}: {one.what}" for one in Deployed(opened, stack, release, "dev").differences(files)]


def test_nothing_differs_where_all_is_as_released() -> None:
    """Defaults as CloudFormation writes them; hidden parameters, and code that is nobody's business, are left alone."""
    assert told(Account()) == []


def test_a_stack_that_is_gone_or_was_never_deployed_is_told() -> None:
    """There is nothing else to say then."""
    assert told(Account(state_=None)) == ["app-orders: is not there"]
    assert told(Account(state_=StackState(id="1", status="REVIEW_IN_PROGRESS"))) == ["app-orders: is not there"]


@pytest.mark.parametrize(
    ("name", "function"), [("api", "Api"), ("asset", "Asset")], ids=["the wheel", "an asset of a CDK app"]
)
def test_other_code_is_told(name: str, function: str) -> None:
    """The wheel's and that of assets."""
    account = Account()
    account.code[name] = OTHER
    (found,) = told(account)
    assert found.startswith(f"{function}: its code has SHA-256 6f6f6f6f6f6f, that of orders@0.1.0 is 000000000000")
    del account.code[name]
    assert told(account) == [f"{function}: was deleted"]


def test_a_layer_with_other_content_and_one_that_is_gone_are_told() -> None:
    """Under the name that the template gives it."""
    assert told(Account(layers={4: OTHER}))[0].startswith("Deps: its content has SHA-256 6f6f6f6f6f6f")
    assert told(Account(layers={})) == ["Deps: was deleted"]


def test_each_layer_is_compared_with_the_archive_of_its_platform() -> None:
    """The template names it by the parameter of that platform; one for a platform of no function is left alone."""
    keys = {"Older": "LayerKeyPython312Arm64", "Unknown": "LayerKeyPython39X86"}
    more = {
        name: {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": {"S3Key": {"Ref": key}}}}
        for name, key in keys.items()
    }
    template = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], **more}}
    older = layer_for(Platform("3.12", "arm64"), "older")
    layers = (*LAYERS, older.model_copy(update={"archive": replace(older.archive, sha256=OTHER.hex())}))
    deployed = {"Older": f"{LAYER}:7", "Unknown": f"{LAYER}:8"}
    account = Account(template_=template, layers={4: WHEEL, 7: OTHER}, more=deployed)
    assert told(account, template, layers) == []
    account.layers[7] = WHEEL
    (difference,) = told(account, template, layers)
    assert difference.startswith("Older: its content has SHA-256 000000000000, that of orders@0.1.0 is 6f6f6f6f6f6f")


def test_a_function_that_uses_another_version_of_the_layer_is_told() -> None:
    """Layers of others, such as a vendor's, are the template's matter."""
    assert told(Account(uses=f"{LAYER}:5")) == [
        f"{name}: it uses {LAYER}:5, which the stack does not hold" for name in ("Asset", "Api")
    ]


def test_parameters_are_told_by_name_only() -> None:
    """A value may be a secret."""
    account = Account()
    assert account.state_ is not None
    account.state_.parameters["Size"] = "12345"
    assert told(account) == ["app-orders: its parameters Size have other values than orders@0.1.0 gives"]


def test_a_long_list_of_places_is_cut() -> None:
    """The message is for a person."""
    changed = {**TEMPLATE, "Outputs": {}, **{f"X{number}": 1 for number in range(5)}}
    (found,) = told(Account(template_=changed))
    assert found.endswith("at Outputs, X0, X1, X2, X3 and 1 more")
    assert told(Account(template_="Resources: {}")) == ["app-orders: its template is another than that of orders@0.1.0"]
