"""Units that bring the templates they have, SAM and CDK, promoted on the embedded cloud, verified and compared."""

import io
import json
import zipfile
from base64 import b64decode
from collections.abc import Iterator

import pytest

from orchestrator.aws.session import CLIENT
from orchestrator.local.cloud import LocalCloud
from orchestrator.releases.built_by import BuiltBy
from orchestrator.releases.manifest import Manifest
from tests.end_to_end.company import Company
from tests.end_to_end.shared import Shared

SAM = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Version: {Type: String}
  Environment: {Type: String}
  Runtime: {Type: String}
Globals:
  Function:
    Runtime: !Ref Runtime
    CodeUri: src/
    Environment:
      Variables: {VERSION: !Ref Version, ENVIRONMENT: !Ref Environment}
Resources:
  Clock:
    Type: AWS::Serverless::Function
    Properties: {Handler: clock.handle}
  Chime:
    Type: AWS::Serverless::Function
    Properties: {Handler: chime.handler, Runtime: nodejs22.x, CodeUri: chime/}
  Hourglass:
    Type: AWS::Serverless::Function
    Properties: {Handler: clock.handle, Runtime: python3.12, Architectures: [arm64]}
  Parts:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: parts/template.yaml}
Outputs:
  Function: {Value: !Ref Clock}
  Chime: {Value: !Ref Chime}
  Bell: {Value: !GetAtt Parts.Outputs.Bell}
"""
# Its paths begin at its own folder, and its module is called like the outer package. The embedded cloud transforms
# no nested template.
PARTS = """\
Parameters:
  Environment: {Type: String}
Resources:
  Tower:
    Type: AWS::Lambda::LayerVersion
    Properties: {LayerName: !Sub "${AWS::StackName}-tower", Content: tower/}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Bell:
    Type: AWS::Lambda::Function
    Properties:
      Handler: clock.handle
      Runtime: python3.13
      Role: !GetAtt Role.Arn
      Code: bell/
      Layers: [!Ref Tower]
      Environment: {Variables: {ENVIRONMENT: !Ref Environment}}
Outputs:
  Bell: {Value: !Ref Bell}
"""
BELL = """\
import os

import tower


def handle(event, context):
    return {"strikes": tower.STRIKES, "environment": os.environ["ENVIRONMENT"]}
"""
# The module is in the layer and nowhere else.
HANDLER = """\
import os

import six


def handle(event, context):
    return {"healthy": six.PY3, "version": os.environ["VERSION"], "environment": os.environ["ENVIRONMENT"]}
"""
# A function in another language beside it, whose module is one of its own package.
CHIME = {
    "package.json": '{"name": "chime", "version": "1.0.0"}',
    "lib/sound.mjs": "export const sound = 'ding';",
    "chime.mjs": """\
import { sound } from './lib/sound.mjs';

export const handler = async () => ({ sound, version: process.env.VERSION, environment: process.env.ENVIRONMENT });
""",
}

CDK_APP = """\
import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

app = cdk.App()
environment = app.node.get_context("orchestrator:environment")
stack = cdk.Stack(app, "clock")
runtime, version, name = (cdk.CfnParameter(stack, one).value_as_string for one in ("Runtime", "Version", "Environment"))
function = lambda_.Function(
    stack,
    "Tick",
    runtime=lambda_.Runtime(runtime, lambda_.RuntimeFamily.PYTHON),
    handler="index.handle",
    code=lambda_.Code.from_asset("lambda"),
    environment={
        "VERSION": version,
        "ENVIRONMENT": name,
        "TOLD": f"{app.node.get_context('greeting')} {'live' if environment == 'prod' else 'test'}",
    },
)
cdk.CfnOutput(stack, "Function", value=function.function_name)
app.synth()
"""
CDK_HANDLER = """\
import os


def handle(event, context):
    names = {"version": "VERSION", "environment": "ENVIRONMENT", "told": "TOLD"}
    return {"healthy": True, **{name: os.environ[variable] for name, variable in names.items()}}
"""


@pytest.fixture(scope="module")
def company(installation: Shared) -> Iterator[Company]:
    """A company whose unit has a SAM template and a dependency."""
    with installation.company("sundial") as made:
        give_sam(made)
        yield made


def give_sam(company: Company) -> None:
    """Give the unit a SAM template and a dependency."""
    unit = company.folder / "projects" / company.unit
    (unit / "template.yaml").write_text(SAM)
    (unit / "src" / "clock" / "__init__.py").write_text(HANDLER)
    for name, text in CHIME.items():
        (unit / "chime" / name).parent.mkdir(parents=True, exist_ok=True)
        (unit / "chime" / name).write_text(text)
    for name, text in (("template.yaml", PARTS), ("bell/clock.py", BELL), ("tower/python/tower.py", "STRIKES = 12\n")):
        (unit / "parts" / name).parent.mkdir(parents=True, exist_ok=True)
        (unit / "parts" / name).write_text(text)
    project = (unit / "pyproject.toml").read_text()
    project = project.replace("[tool.hatch", 'dependencies = ["six"]\n\n[tool.hatch', 1)
    (unit / "pyproject.toml").write_text(f'{project}\n[tool.orchestrator.tags]\nCostCenter = "4711"\n')


def test_a_sam_template_with_a_source_folder_is_promoted_as_it_is(company: Company) -> None:
    """The functions run the release's wheel with its layer, in every account."""
    execution = company.merge(company.commit("Add the clock"))
    assert company.decide(execution, "approve")["status"] == "SUCCEEDED"
    assert company.follow(execution).status == "SUCCEEDED"
    for name in company.environments:
        assert company.ask(name) == {"healthy": True, "version": "1.0.0", "environment": name}


def test_a_function_in_node_runs_what_npm_has_packed(company: Company) -> None:
    """The embedded cloud has an engine for Node.js; the object that it runs is one of the release."""
    for name in company.environments:
        assert company.ask(name, output="Chime") == {"sound": "ding", "version": "1.0.0", "environment": name}


def test_local_paths_of_a_nested_template_are_deployed_from_the_release(company: Company) -> None:
    """A function in an archive, and its layer: neither is in the wheel."""
    for name in company.environments:
        functions, _ = company.function(name)
        account = company.root_of(company.organization.environment(name).targets[0].account)
        (stack,) = account.client("cloudformation", config=CLIENT).describe_stacks(StackName="app-sundial")["Stacks"]
        bell = next(one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == "Bell")
        answer = functions.invoke(FunctionName=bell, Payload=b"{}")
        assert json.loads(answer["Payload"].read()) == {"strikes": 12, "environment": name}


def test_each_function_has_the_layer_of_its_platform(company: Company) -> None:
    """The embedded cloud does not run the other processor's function; its layer lies there all the same."""
    release = company.wiring.ledger.releases.release(company.unit, "1.0.0")
    manifest = Manifest.from_json(company.wiring.store.get(release.manifest), release.manifest)
    functions, _ = company.function("prod")
    account = company.root_of(company.organization.environment("prod").targets[0].account)
    stack = account.client("cloudformation", config=CLIENT)
    described = stack.describe_stack_resources(StackName="app-sundial")["StackResources"]
    names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in described}
    deployed = [functions.get_function_configuration(FunctionName=names[one]) for one in ("Clock", "Hourglass")]
    assert [one["Architectures"] for one in deployed] == [["x86_64"], ["arm64"]]
    layers = [one["Layers"][0]["Arn"].split(":")[-2:] for one in deployed]
    assert [one for one, _ in layers] == ["app-sundial", "app-sundial-py312-arm64"]
    archives = {layer.platform.architecture: layer.archive for layer in manifest.layers}
    for architecture, (layer, version) in zip(("x86_64", "arm64"), layers, strict=True):
        content = functions.get_layer_version(LayerName=layer, VersionNumber=int(version))["Content"]
        assert b64decode(content["CodeSha256"]).hex() == archives[architecture].sha256


def test_each_stack_has_the_tags_of_its_unit(company: Company) -> None:
    """Beside those that stacks are told apart by, and so has what is in it."""
    for name in company.environments:
        session = company.root_of(company.organization.environment(name).targets[0].account)
        client = session.client("cloudformation", config=CLIENT)
        (stack,) = client.describe_stacks(StackName="app-sundial")["Stacks"]
        tags = {one["Key"]: one["Value"] for one in stack["Tags"]}
        assert tags == {"CostCenter": "4711", "orchestrator:unit": "sundial", "orchestrator:environment": name}


def test_a_release_is_verified_down_to_what_the_accounts_run(company: Company, cloud: LocalCloud) -> None:
    """Every object and every content, and the code and the layers in each account."""
    for name in company.environments:
        found = company.command(cloud, "verify", "sundial@1.0.0", name, "--output", "json")
        assert found.returncode == 0, found.stdout + found.stderr
        document = json.loads(found.stdout)
        assert (document["verified"], document["not_known"]) == (True, {})
    assert "release/1.0.0/sbom.cdx.json" in {check["what"] for check in document["checks"]}


def test_what_was_changed_by_hand_since_is_told(company: Company, cloud: LocalCloud) -> None:
    """Other code, the stack's own layer deleted, and an object in S3."""
    functions, function = company.function("test")
    (layer,) = functions.get_function_configuration(FunctionName=function)["Layers"]
    name, version = layer["Arn"].split(":")[-2:]
    functions.update_function_code(FunctionName=function, ZipFile=_zip("by hand"))
    functions.delete_layer_version(LayerName=name, VersionNumber=int(version))
    company.wiring.store.put("projects/sundial/release/1.0.0/template.json", b"{}")
    found = company.command(cloud, "verify", "sundial@1.0.0", "staging", "--output", "json")
    assert found.returncode == 1
    assert "template.json was altered" in found.stdout
    company.wiring.store.put("projects/sundial/release/1.0.0/template.json", _template(company))
    found = company.command(cloud, "verify", "sundial@1.0.0", "test", "--output", "json")
    assert found.returncode == 1, found.stderr
    (where,) = (check for check in json.loads(found.stdout)["checks"] if check["what"].startswith("test "))
    assert [one.split(" (")[0] for one in where["differences"]] == ["Clock", "OrchestratorDependencies"], where
    assert where["differences"][1].endswith("was deleted.")


def test_a_cdk_app_is_synthesized_for_each_environment_and_promoted(company: Company, cloud: LocalCloud) -> None:
    """Its asset is the function's code, its libraries are installed for the build only, and the release is verified."""
    unit = company.folder / "projects" / company.unit
    (unit / "template.yaml").unlink()
    (unit / "lambda").mkdir()
    (unit / "lambda" / "index.py").write_text(CDK_HANDLER)
    (unit / "app.py").write_text(CDK_APP)
    (unit / "cdk.json").write_text(json.dumps({"app": "python app.py", "context": {"greeting": "hello"}}))
    with (unit / "pyproject.toml").open("a") as file:
        file.write('\n[dependency-groups]\ncdk = ["aws-cdk-lib>=2.240"]\n')
        # Each environment is synthesized, which takes seconds.
        file.write('\n[tool.orchestrator]\nenvironments = ["dev", "prod"]\n')
    execution = company.merge(company.commit("Use the CDK"))
    assert company.decide(execution, "approve")["status"] == "SUCCEEDED"
    assert company.follow(execution).status == "SUCCEEDED"
    for name in ("dev", "prod"):
        told = f"hello {'live' if name == 'prod' else 'test'}"
        assert company.ask(name) == {"healthy": True, "version": "1.0.0.post1", "environment": name, "told": told}
    release = company.wiring.ledger.releases.release(company.unit, "1.0.0.post1")
    manifest = Manifest.from_json(
        company.wiring.store.get(release.manifest, sha256=release.manifest_sha256), release.manifest
    )
    assert list(manifest.templates) == ["prod"]
    assert isinstance(manifest.builder, BuiltBy)
    assert manifest.builder.kind == "worker"
    found = company.command(cloud, "verify", "sundial@1.0.0.post1", "prod")
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.endswith("sundial@1.0.0.post1 is verified: nothing differs.\n")


def test_two_releases_are_compared_by_the_command_line(company: Company, cloud: LocalCloud) -> None:
    """For people and for programs."""
    found = company.command(cloud, "diff", "sundial", "1.0.0", "1.0.0.post1", "--output", "json")
    assert found.returncode == 0, found.stderr
    document = json.loads(found.stdout)
    assert ("removed", "Resources.Clock (AWS::Serverless::Function)") in {
        (one["kind"], one["what"]) for one in document["template"]
    }
    assert document["files"] == []
    # No function of the app uses the unit's own package.
    assert [(one["kind"], one["what"]) for one in document["requirements"]] == [("removed", "six")]
    shown = company.command(cloud, "diff", "sundial", "1.0.0", "1.0.0.post1")
    assert "Resources.Clock" in shown.stdout
    same = company.command(cloud, "diff", "sundial", "1.0.0", "1.0.0")
    assert same.stdout.startswith("The two releases are the same")


def _template(company: Company) -> bytes:
    """The release's template out of an account that has a copy."""
    target = company.organization.environment("dev").targets[0]
    s3 = company.root_of(target.account).client("s3", config=CLIENT)
    return s3.get_object(Bucket=target.bucket, Key="projects/sundial/release/1.0.0/template.json")["Body"].read()


def _zip(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("clock.py", f"# {text}")
    return made.getvalue()
