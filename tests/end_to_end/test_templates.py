"""Units that bring the templates they have: SAM, as `sam build` takes it, promoted on the embedded cloud."""

from collections.abc import Callable, Iterator

import boto3
import pytest

from orchestrator.bootstrap.install import Bootstrap
from orchestrator.config.organization import Organization
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
