"""The platforms of a unit, and the layers that its functions get."""

from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.build.paths.look import look_at
from orchestrator.build.platforms.choice import Choice
from orchestrator.build.platforms.own_layers import ADDED_LAYER
from orchestrator.build.platforms.scope import Scope
from orchestrator.build.platforms.unit import Resolved, UnitPlatforms, resolve_environments, users_of
from orchestrator.build.template import read_template
from orchestrator.config.platform import Platform
from orchestrator.errors import ConfigurationError
from orchestrator.releases.template_code import dependency_layers

OF_LAMBDA = Platform("3.13", "x86_64")
OLDER, ARM = Platform("3.12", "x86_64"), Platform("3.13", "arm64")
LAYER_OF_OLDER, LAYER_OF_ARM = f"{ADDED_LAYER}Python312X86", f"{ADDED_LAYER}Python313Arm64"
SAM = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, CodeUri: src/}
Resources:
  Api: {Type: AWS::Serverless::Function, Properties: {Handler: app.handle}}
  Night: {Type: AWS::Serverless::Function, Properties: {Handler: app.night, Layers: ["arn:aws:lambda:x:1:layer:o:1"]}}
"""
OWN = """
  Deps: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: {Bucket: b, Key: !Ref LayerKey}}}
Parameters: {LayerKey: {Type: String}}
"""


def resolved(text: str, environments: Mapping[str, Mapping[str, str]] | None = None) -> tuple[Resolved, ...]:
    """What the functions of a template run on, by environment with its parameters."""
    document = look_at(read_template(text.encode(), "t.yaml"), "t.yaml").document
    given = environments or {"dev": {}}

    def scope(name: str) -> Scope:
        return Scope(document, {"Runtime": OF_LAMBDA.runtime, **given[name]})

    return resolve_environments(document, list(given), scope, OF_LAMBDA, "t.yaml")


def layered(text: str, without: Platform | None = None, environments: Any = None) -> list[dict[str, Any]]:
    """The templates with the layers of a unit that has dependencies on all of its platforms but one."""
    found = resolved(text, environments)
    platforms = UnitPlatforms.of(found, OF_LAMBDA)
    made = UnitPlatforms(platforms.every, frozenset(platforms.every) - {without})
    return [made.with_layers(dict(one.document), one.platforms, one.platforms, "t.yaml") for one in found]


def layers_of(document: Mapping[str, Any], name: str) -> Any:
    """The layers that a function names."""
    return document["Resources"][name]["Properties"].get("Layers")


def test_functions_of_one_platform_get_one_layer() -> None:
    """After those that they have."""
    (document,) = layered(SAM)
    assert layers_of(document, "Api") == [{"Ref": ADDED_LAYER}]
    assert layers_of(document, "Night") == ["arn:aws:lambda:x:1:layer:o:1", {"Ref": ADDED_LAYER}]
    assert dependency_layers(document) == {ADDED_LAYER: "LayerKey"}
    assert set(document["Parameters"]) == {"ArtifactsBucket", "LayerKey"}
    assert document["Resources"][ADDED_LAYER]["Properties"]["LayerName"] == {"Ref": "AWS::StackName"}


def test_functions_of_several_platforms_get_the_layer_of_theirs() -> None:
    """Names follow from the platform, and a layer's name has room for the longest name of a stack."""
    text = SAM.replace("{Handler: app.night,", "{Handler: app.night, Runtime: python3.12, Architectures: [arm64],")
    (document,) = layered(text)
    name = f"{ADDED_LAYER}Python312Arm64"
    assert layers_of(document, "Api") == [{"Ref": ADDED_LAYER}]
    assert layers_of(document, "Night")[-1] == {"Ref": name}
    assert dependency_layers(document) == {ADDED_LAYER: "LayerKey", name: "LayerKeyPython312Arm64"}
    added = document["Resources"][name]["Properties"]
    assert added["LayerName"] == {"Fn::Sub": "${AWS::StackName}-py312-arm64"}
    assert added["CompatibleRuntimes"] == ["python3.12"]
    assert len(added["LayerName"]["Fn::Sub"].replace("${AWS::StackName}", "s" * 128)) <= 140
    assert "LayerKeyPython312Arm64" in document["Parameters"]


def test_a_platform_without_dependencies_has_no_layer() -> None:
    """As where a marker excludes all of them."""
    text = SAM.replace("{Handler: app.night,", "{Handler: app.night, Runtime: python3.12,")
    (document,) = layered(text, without=OLDER)
    assert layers_of(document, "Night") == ["arn:aws:lambda:x:1:layer:o:1"]
    assert dependency_layers(document) == {ADDED_LAYER: "LayerKey"}


def test_a_condition_of_the_runtime_chooses_the_layer_too() -> None:
    """And nothing where the platform that it chooses has none."""
    text = SAM.replace("{Handler: app.handle}", "{Handler: app.handle, Runtime: !If [IsOld, python3.12, python3.13]}")
    (document,) = layered(text)
    assert layers_of(document, "Api") == [{"Fn::If": ["IsOld", {"Ref": LAYER_OF_OLDER}, {"Ref": ADDED_LAYER}]}]
    (without,) = layered(text, without=OLDER)
    assert layers_of(without, "Api") == [{"Fn::If": ["IsOld", {"Ref": "AWS::NoValue"}, {"Ref": ADDED_LAYER}]}]


def test_environments_that_disagree_get_a_template_each() -> None:
    """A parameter decides, so no template could be right in both."""
    text = SAM.replace("{Handler: app.handle}", "{Handler: app.handle, Architectures: [!Ref Processor]}")
    text += "Parameters: {Processor: {Type: String, Default: x86_64}}"
    environments = {"dev": {}, "test": {"Processor": "arm64"}, "prod": {}}
    found = resolved(text, environments)
    assert [one.environments for one in found] == [("dev", "prod"), ("test",)]
    assert UnitPlatforms.of(found, OF_LAMBDA).every == (OF_LAMBDA, ARM)
    first, second = layered(text, environments=environments)
    assert layers_of(first, "Api") == [{"Ref": ADDED_LAYER}]
    assert layers_of(second, "Api") == [{"Ref": LAYER_OF_ARM}]
    assert users_of(found) == {OF_LAMBDA: ["Api", "Night"], ARM: ["Api"]}


def test_a_layer_that_the_template_has_is_used() -> None:
    """One layer of dependencies is enough, and a function that has it by `Globals` does not get it twice."""
    (document,) = layered(SAM + OWN)
    assert layers_of(document, "Api") == [{"Ref": "Deps"}]
    assert ADDED_LAYER not in document["Resources"]
    (shared,) = layered((SAM + OWN).replace("CodeUri: src/", "CodeUri: src/, Layers: [!Ref Deps]"))
    assert layers_of(shared, "Api") is None


def test_anchors_do_not_spread_a_layer() -> None:
    """Two functions that share their properties in YAML are two functions."""
    (document,) = layered(
        "Resources:\n"
        "  A: {Type: AWS::Lambda::Function, Properties: &same {Code: src, Handler: a.b, Runtime: python3.13}}\n"
        "  B: {Type: AWS::Lambda::Function, Properties: *same}\n"
    )
    assert layers_of(document, "A") == layers_of(document, "B") == [{"Ref": ADDED_LAYER}]


def test_the_main_platform_is_that_of_the_functions_with_its_layer() -> None:
    """`[lambda]` decides where there is a choice; without such functions, most functions do."""
    older = SAM.replace("Runtime: python3.13", "Runtime: python3.12")
    assert UnitPlatforms.of(resolved(older), OF_LAMBDA).every == (OLDER,)
    mixed = older.replace("{Handler: app.night,", "{Handler: app.night, Runtime: python3.13,")
    assert UnitPlatforms.of(resolved(mixed), OF_LAMBDA).every == (OF_LAMBDA, OLDER)
    named = (mixed + OWN).replace("{Handler: app.handle}", "{Handler: app.handle, Layers: [!Ref Deps]}")
    assert UnitPlatforms.of(resolved(named), OF_LAMBDA).every == (OLDER, OF_LAMBDA)
    most = mixed.replace("Runtime: python3.13", "Runtime: python3.11") + (
        "  More: {Type: AWS::Serverless::Function, Properties: {Handler: app.more}}"
    )
    assert UnitPlatforms.of(resolved(most), OF_LAMBDA).every == (OLDER, Platform("3.11", "x86_64"))


def test_a_unit_without_python_functions_has_no_platform() -> None:
    """What it does not build may run on anything; a template that names `LayerKey` gets the layer of `[lambda]`."""
    inline = (
        "Resources:\n"
        "  F: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}, Handler: i.f, Runtime: python3.8}}\n"
        "  G: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: b, S3Key: k}, Runtime: !ImportValue x}}\n"
    )
    assert UnitPlatforms.of(resolved(inline), OF_LAMBDA).every == ()
    assert layered(inline) == [read_template(inline.encode(), "t.yaml")]
    assert UnitPlatforms.of(resolved(inline + OWN), OF_LAMBDA).every == (OF_LAMBDA,)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Handler: app.handle", "Handler: app.handle, Layers: !Ref Given", "Layers must be a list"),
        ("  Night:", f"  {ADDED_LAYER}: {{Type: AWS::SNS::Topic}}\n  Night:", "this name is what the unit's own layer"),
        ("python3.13", "nodejs22.x", "Properties.Runtime = 'nodejs22.x': the function takes its code or a layer from"),
        ("Runtime: python3.13", "PackageType: Image", "Resources.Api is a container image"),
    ],
)
def test_what_cannot_have_the_layer_is_refused(old: str, new: str, problem: str) -> None:
    """Before anything is built."""
    with pytest.raises(ConfigurationError) as raised:
        layered(SAM.replace(old, new).replace("CodeUri: src/", "CodeUri: {Bucket: b, Key: !Ref SourceKey}"))
    assert problem in str(raised.value)


def test_a_function_with_a_layer_for_another_platform_is_refused_and_the_advice_works() -> None:
    """Compiled parts load nowhere else; a layer that a condition excludes there is no problem."""
    text = (SAM + OWN).replace("{Handler: app.handle}", "{Handler: app.handle, Layers: [!Ref Deps]}")
    mixed = text.replace('Layers: ["arn', 'Runtime: python3.12, Layers: [!Ref Deps, "arn')
    with pytest.raises(ConfigurationError) as raised:
        layered(mixed)
    assert str(raised.value).startswith("t.yaml: Resources.Night runs on python3.12 on x86_64, and the dependencies in")
    assert "Declare the parameter LayerKeyPython312X86 (Type: String)" in str(raised.value)
    own = OWN.replace("Deps", "Older").replace("LayerKey", "LayerKeyPython312X86").splitlines()[1]
    advised = mixed.replace("Layers: [!Ref Deps, ", "Layers: [!Ref Older, ").replace("  Deps:", f"{own}\n  Deps:")
    (document,) = layered(advised)
    assert dependency_layers(document) == {"Older": "LayerKeyPython312X86", "Deps": "LayerKey"}
    assert layers_of(document, "Night")[0] == {"Ref": "Older"}


def test_conditions_of_layers_and_of_runtimes_are_followed_together() -> None:
    """A function may choose its layer by the same condition as its runtime."""
    chosen = "Runtime: !If [Old, python3.12, python3.13], Layers: [!If [Old, !Ref Older, !Ref Deps]]"
    older = OWN.replace("Deps", "Older").replace("LayerKey", "LayerKeyPython312X86").splitlines()[1]
    text = SAM.replace("{Handler: app.handle}", f"{{Handler: app.handle, {chosen}}}") + f"{older}{OWN}"
    (document,) = layered(text)
    assert layers_of(document, "Api") == [{"Fn::If": ["Old", {"Ref": "Older"}, {"Ref": "Deps"}]}]
    with pytest.raises(ConfigurationError, match=r"Resources\.Api runs on python3\.12"):
        layered(text.replace("[Old, !Ref Older, !Ref Deps]", "[Young, !Ref Older, !Ref Deps]"))


def test_the_same_condition_leads_to_a_platform_once() -> None:
    """Runtime and architecture by one condition are two platforms, not four."""
    both = "Runtime: !If [Old, python3.12, python3.13], Architectures: [!If [Old, x86_64, arm64]]"
    (one,) = resolved(SAM.replace("{Handler: app.handle}", f"{{Handler: app.handle, {both}}}"))
    assert one.platforms["Api"] == Choice("Old", OLDER, ARM)
    assert users_of([one]) == {OLDER: ["Api"], ARM: ["Api"], OF_LAMBDA: ["Night"]}
