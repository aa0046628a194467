"""A unit without any Python, built into a release."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.build.build import Build, Builder, Tools
from orchestrator.build.cache import Cache
from orchestrator.build.folder import FolderLedger, FolderStore
from orchestrator.errors import ConfigurationError
from orchestrator.source.catalog import read_catalog
from tests.npm_registry import NpmRegistry
from tests.unit.build.fakes import ORGANIZATION, FolderRepository

_TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: nodejs22.x, CodeUri: src/, Timeout: 5}
Resources:
  Greeter:
    Type: AWS::Serverless::Function
    Properties: {Handler: index.handler}
  Program:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile}
    Properties: {Handler: bootstrap, Runtime: provided.al2023, CodeUri: program/}
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: made-by-nobody.json, Role: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/x"}
  Machine:
    Type: AWS::Serverless::Function
    Properties: {Handler: made.handler, CodeUri: not-there/}
"""
_SETTINGS = """
[unit."services/greeter".build]
command = ["sh", "make.sh"]
artifacts = { Flow = "dist/flow.json", Machine = "dist/machine" }
"""
_COMMAND = """
set -e
mkdir -p dist/machine
echo 'exports.handler = async () => 1;' > dist/machine/made.js
echo '{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}' > dist/flow.json
"""


class Unit:
    """The unit `greeter`, and a machine that builds it into a folder."""

    def __init__(self, folder: Path, tools: Tools, registry: NpmRegistry) -> None:
        registry.publish("greet", "1.0.0", {"index.js": "module.exports = (name) => `hello ${name}`;"})
        seen = {"NPM_CONFIG_REGISTRY": registry.address, "NPM_CONFIG_USERCONFIG": str(folder / "npmrc")}
        self.tools = replace(tools, environment={**tools.environment, **seen}, cache=Cache(folder / "cache"))
        self.repository = FolderRepository(folder / "repository")
        self.store = FolderStore(folder / "published")
        self._ledger = FolderLedger(folder / "published")
        self._log = folder / "log"
        self.repository.write("orchestrator.toml", f'units = ["services/*"]\n{ORGANIZATION}{_SETTINGS}')
        self.write("template.yaml", _TEMPLATE)
        self.write("package.json", '{"name": "greeter", "version": "1.4.0"}')
        package = {"name": "greeter", "version": "1.0.0", "dependencies": {"greet": "^1.0.0"}}
        self.write("src/package.json", json.dumps(package))
        self.write("src/index.js", "const greet = require('greet'); exports.handler = async () => greet('you');")
        self.write(
            "program/Makefile",
            "build-Program:\n\tcp run.sh $(ARTIFACTS_DIR)/bootstrap\n\tchmod +x $(ARTIFACTS_DIR)/*\n",
        )
        self.write("program/run.sh", "#!/bin/sh\n")
        self.write("make.sh", _COMMAND)

    def write(self, name: str, text: str) -> None:
        """Write a file of the unit."""
        self.repository.write(f"services/greeter/{name}", text)

    def build(self) -> Build:
        """Build it."""
        builder = Builder(self.repository, self.store, self._ledger, self.tools)
        return builder.build(read_catalog(self.repository, "main"), "greeter", self._log, merged=True)

    def files(self, key: str) -> dict[str, str]:
        """The files of an archive of the release."""
        with zipfile.ZipFile(io.BytesIO(self.store.get(key))) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture
def unit(tmp_path: Path, real_tools: Tools, registry: NpmRegistry) -> Unit:
    """The unit."""
    return Unit(tmp_path, real_tools, registry)


@pytest.mark.toolchain("make")
def test_a_unit_without_python_becomes_a_release_of_what_tool_chains_and_its_command_make(unit: Unit) -> None:
    """Its wheel holds nothing; the template names objects, and the manifest says how each was made."""
    build = unit.build()
    manifest = build.manifest
    assert manifest.name == "greeter@1.4.0"
    assert manifest.layers == ()
    assert all(".dist-info/" in name for name in unit.files(manifest.wheel.key))
    resources = json.loads(unit.store.get(manifest.template.key))["Resources"]
    codes = {name: resources[name]["Properties"]["CodeUri"] for name in ("Greeter", "Program", "Machine")}
    assert all(code["Bucket"] == {"Ref": "ArtifactsBucket"} for code in codes.values())
    assert "node_modules/greet/index.js" in unit.files(codes["Greeter"]["Key"])
    assert unit.files(codes["Program"]["Key"]) == {"bootstrap": "#!/bin/sh\n"}
    assert unit.files(codes["Machine"]["Key"]) == {"made.js": "exports.handler = async () => 1;\n"}
    flow = resources["Flow"]["Properties"]["DefinitionUri"]
    assert json.loads(unit.store.get(flow["Key"]))["StartAt"] == "Done"
    assert {flow["Key"], *(code["Key"] for code in codes.values())} == {one.key for one in manifest.assets}
    found = {one.resource: (one.method, one.reproducible, one.lock is not None) for one in manifest.built}
    assert found == {
        "Resources.Flow": ("command", False, False),
        "Resources.Machine": ("command", False, False),
        "Resources.Greeter": ("nodejs npm", True, True),
        "Resources.Program": ("make", False, False),
    }
    (node,) = (one for one in manifest.built if one.method == "nodejs npm")
    assert node.tools.keys() == {"node", "npm"}
    assert node.tools["node"].startswith("v")
    assert all(unit.store.find(one.key) == one for one in manifest.artifacts)


def test_an_artifact_that_the_template_does_not_know_is_refused(unit: Unit) -> None:
    """With what it knows."""
    path = unit.repository.folder / "orchestrator.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("Machine =", "Typo ="), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        unit.build()
    assert str(refused.value) == (
        "orchestrator.toml: artifacts.Typo: services/greeter/template.yaml has no such resource with a local path; it "
        "has Flow, Greeter, Machine, Program."
    )
