"""Units that bring the templates they have: SAM, as `sam build` takes it, promoted on the embedded cloud."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator

import boto3
import pytest

from orchestrator.aws.session import CLIENT
from orchestrator.bootstrap.install import Bootstrap
from orchestrator.config.organization import Organization
from orchestrator.local.cloud import LocalCloud
from tests.end_to_end.company import Company

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
Outputs:
  Function: {Value: !Ref Clock}
"""
# The module is in the layer and nowhere else.
HANDLER = """\
import os

import six


def handle(event, context):
    return {"healthy": six.PY3, "version": os.environ["VERSION"], "environment": os.environ["ENVIRONMENT"]}
"""


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory,
    new_organization: Callable[[str], Organization],
    bootstrap_of: Callable[[Organization], Bootstrap],
    root_of: Callable[..., boto3.Session],
    new_session: Callable[..., boto3.Session],
) -> Iterator[Company]:
    """A company whose unit has a SAM template and a dependency."""
    folder = tmp_path_factory.mktemp("repository")
    organization = new_organization(folder.as_uri())
    made = Company(organization, folder, root_of, new_session)
    list(bootstrap_of(organization).install())
    made.found()
    unit = folder / "projects" / "clock"
    (unit / "template.yaml").write_text(SAM)
    (unit / "src" / "clock" / "__init__.py").write_text(HANDLER)
    project = (unit / "pyproject.toml").read_text()
    (unit / "pyproject.toml").write_text(project.replace("[tool.hatch", 'dependencies = ["six"]\n\n[tool.hatch', 1))
    with made.worker():
        yield made


def test_a_sam_template_with_a_source_folder_is_promoted_as_it_is(company: Company) -> None:
    """The functions run the release's wheel with its layer, in every account."""
    execution = company.merge(company.commit("Add the clock"))
    assert company.decide(execution, "approve")["status"] == "SUCCEEDED"
    assert company.follow(execution).status == "SUCCEEDED"
    for name in company.environments:
        assert company.ask(name) == {"healthy": True, "version": "1.0.0", "environment": name}


def test_a_release_is_verified_down_to_what_the_accounts_run(company: Company, cloud: LocalCloud) -> None:
    """Every object and every content, and the code and the layers in each account."""
    for name in company.environments:
        found = company.command(cloud, "verify", "clock@1.0.0", name, "--output", "json")
        assert found.returncode == 0, found.stdout + found.stderr
        document = json.loads(found.stdout)
        assert (document["verified"], document["not_known"]) == (True, {})
    assert "release/1.0.0/sbom.cdx.json" in {check["what"] for check in document["checks"]}


def test_what_was_changed_by_hand_since_is_told(company: Company, cloud: LocalCloud) -> None:
    """Other code, the stack's own layer deleted, and an object in S3."""
    account = company.organization.environment("test").targets[0].account
    functions = company.root_of(account).client("lambda")
    (function,) = functions.list_functions()["Functions"]
    (layer,) = function["Layers"]
    name, version = layer["Arn"].split(":")[-2:]
    functions.update_function_code(FunctionName=function["FunctionName"], ZipFile=_zip("by hand"))
    functions.delete_layer_version(LayerName=name, VersionNumber=int(version))
    company.wiring.store.put("projects/clock/release/1.0.0/template.json", b"{}")
    found = company.command(cloud, "verify", "clock@1.0.0", "staging", "--output", "json")
    assert found.returncode == 1
    assert "template.json was altered" in found.stdout
    company.wiring.store.put("projects/clock/release/1.0.0/template.json", _template(company))
    found = company.command(cloud, "verify", "clock@1.0.0", "test", "--output", "json")
    assert found.returncode == 1, found.stderr
    (where,) = (check for check in json.loads(found.stdout)["checks"] if check["what"].startswith("test "))
    assert [one.split(" (")[0] for one in where["differences"]] == ["Clock", "OrchestratorDependencies"], where
    assert where["differences"][1].endswith("was deleted.")


def _template(company: Company) -> bytes:
    """The release's template out of an account that has a copy."""
    target = company.organization.environment("dev").targets[0]
    s3 = company.root_of(target.account).client("s3", config=CLIENT)
    return s3.get_object(Bucket=target.bucket, Key="projects/clock/release/1.0.0/template.json")["Body"].read()


def _zip(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("clock.py", f"# {text}")
    return made.getvalue()
