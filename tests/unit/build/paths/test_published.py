"""What is told of local paths of releases that are published."""

from typing import Any

from orchestrator.build.paths.published import Named, asset_differences, strays
from orchestrator.build.paths.unit import FinishedTemplate
from orchestrator.releases.artifact import Artifact
from orchestrator.releases.publishing import describe
from tests.unit.build.paths.unit_folder import HANDLER, SAM, UnitFolder

CHILD = (
    "Resources:\n  Flow: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionS3Location: flow.json%s}}\n"
)
TEMPLATE = f"""{SAM}Resources:
  Worker: {{Type: AWS::Serverless::Function, Properties: {{Runtime: python3.13, Handler: app.handle, CodeUri: src/}}}}
  Child: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: child.yaml}}}}
"""


class Published:
    """Releases of a unit."""

    def __init__(self, unit: UnitFolder) -> None:
        self._unit = unit
        self._contents: dict[str, bytes] = {}

    def release(self, timeout: str = "", more: str = "") -> Named:
        """Publish one; returns its template, and its objects."""
        self._unit.write("flow.json", "{}")
        self._unit.write("child.yaml", CHILD % timeout)
        self._unit.write("src/app.py", f"{HANDLER}{more}")
        finished: FinishedTemplate = self._unit.finish(TEMPLATE)
        self._contents |= {key: path.read_bytes() for key, path in finished.files.items()}
        return finished.document, {key: describe(key, path) for key, path in finished.files.items()}

    def read(self, asset: Artifact) -> bytes:
        """Read an object."""
        return self._contents[asset.key]


def test_archives_are_compared_file_by_file_and_nested_templates_by_their_places(unit: UnitFolder) -> None:
    """Which object stands at a place says nothing to a person."""
    published = Published(unit)
    before = published.release()
    unit.write("src/more.py")
    after = published.release(", StateMachineName: a", "# changed\n")
    found = [(one.kind, one.what) for one in asset_differences(before, after, published.read)]
    flow = "Resources.Flow.Properties.StateMachineName"
    assert found == [
        ("added", f"Resources.Child.Properties.TemplateURL.Fn::Sub: {flow}"),
        ("changed", "Resources.Worker.Properties.CodeUri.Key: app.py"),
        ("added", "Resources.Worker.Properties.CodeUri.Key: more.py"),
    ]
    assert list(asset_differences(after, after, published.read)) == []


def test_a_path_that_is_not_the_releases_is_told_in_nested_templates_too(unit: UnitFolder) -> None:
    """Releases of earlier versions may have some."""
    published = Published(unit)
    document, assets = published.release()
    assert list(strays("orders", document, assets, published.read)) == []
    job = {"Type": "AWS::Glue::Job", "Properties": {"Command": {"ScriptLocation": "src/job.py"}}}
    altered: dict[str, Any] = {**document, "Resources": {**document["Resources"], "Job": job}}
    lacking = {key: asset for key, asset in assets.items() if key.endswith((".json", ".zip"))}
    definitions = [key for key in lacking if published.read(lacking[key]) == b"{}"]
    del lacking[definitions[0]]
    found = list(strays("orders", altered, lacking, published.read))
    assert any(
        "Job.Properties.Command.ScriptLocation = " in one and "not an object of the release" in one for one in found
    )
    assert any("Flow.Properties.DefinitionS3Location" in one and definitions[0] in one for one in found)
    assert len(found) == 2
