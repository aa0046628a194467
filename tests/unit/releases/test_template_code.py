"""Finding what runs the wheel and what is the layer."""

from orchestrator.build.template import read_template
from orchestrator.releases.template_code import dependency_layers, literal_code, wheel_functions

TEMPLATE = b"""
Globals: {Function: {CodeUri: {Bucket: !Ref ArtifactsBucket, Key: !Ref SourceKey}}}
Resources:
  Plain: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref SourceKey}}}
  Inline: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: pass}}}
  Sam: {Type: AWS::Serverless::Function, Properties: {CodeUri: {Bucket: !Ref ArtifactsBucket, Key: !Ref SourceKey}}}
  ByGlobals: {Type: AWS::Serverless::Function}
  Another: {Type: AWS::Serverless::Function, Properties: {CodeUri: {Bucket: elsewhere, Key: code.zip}}}
  PlainLayer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: {S3Bucket: !Ref B, S3Key: !Ref LayerKey}}}
  SamLayer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: {Bucket: !Ref B, Key: !Ref LayerKey}}}
  Further: {Type: AWS::Lambda::LayerVersion, Properties: {Content: {S3Key: !Ref LayerKeyPython312Arm64}}}
  Strange: {Type: AWS::Lambda::LayerVersion, Properties: {Content: {S3Key: !Ref LayerKeyOfMine}}}
  OtherLayer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: s3://elsewhere/layer.zip}}
  Loop: {"Fn::ForEach::Topics": []}
"""


def test_functions_and_layers_are_found_in_cloudformation_and_in_sam() -> None:
    """Also where SAM's `Globals` name the code for all of them."""
    template = read_template(TEMPLATE, "template.yaml")
    assert wheel_functions(template) == ["Plain", "Sam", "ByGlobals"]
    assert literal_code(template) == {"Another": "code.zip"}
    assert dependency_layers(template) == {
        "PlainLayer": "LayerKey",
        "SamLayer": "LayerKey",
        "Further": "LayerKeyPython312Arm64",
    }
