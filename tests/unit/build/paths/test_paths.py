"""Every property with a local path becomes an object of the release, in the form that the property takes it in."""

import json
from typing import Any

import pytest
import yaml

from orchestrator.build.paths.draft import find_paths
from orchestrator.build.paths.values import Scope
from orchestrator.errors import ConfigurationError
from orchestrator.releases.path_properties import ANY, PATH_PROPERTIES, Content, Form, PathProperty
from tests.unit.build.paths.unit_folder import (
    BUCKET,
    HANDLER,
    SAM,
    TEMPLATE,
    UnitFolder,
    https_key,
    nested,
    properties,
    python,
    s3_key,
    transformed,
)

CHILD = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"
SIMPLE = [
    one
    for one in PATH_PROPERTIES
    if one.content in (Content.FILE, Content.BUNDLE) and one.form in (Form.OBJECT, Form.S3_URL, Form.S3_URLS)
]


def template(wanted: PathProperty, value: Any) -> str:
    """A template with one property of one resource."""
    for name in reversed(wanted.path):
        value = {"One" if name == ANY else name: value}
    return json.dumps({"Resources": {"It": {"Type": wanted.type, "Properties": value}}})


def value_of(document: dict[str, Any], wanted: PathProperty) -> Any:
    """The property in a finished template."""
    value = document["Resources"]["It"]["Properties"]
    for name in wanted.path:
        value = value["One" if name == ANY else name]
    return value


@pytest.mark.parametrize("wanted", SIMPLE, ids=lambda one: f"{one.type} {one.name}")
def test_a_file_becomes_an_object_as_it_is(wanted: PathProperty, unit: UnitFolder) -> None:
    """In CloudFormation's form and in SAM's; what is remote already stays."""
    unit.write("files/one.json", '{"a": 1}\n')
    finished = unit.finish(template(wanted, "files/one.json"))
    value = value_of(finished.document, wanted)
    if wanted.keys:
        assert value.keys() == {wanted.keys.bucket, wanted.keys.key}
        assert value[wanted.keys.bucket] == BUCKET
        key = value[wanted.keys.key]
    else:
        key = s3_key(value)
    assert key.endswith("/one.json" if wanted.is_named else ".json")
    assert unit.asset(finished, key) == b'{"a": 1}\n'
    assert finished.document["Parameters"] == {"ArtifactsBucket": {"Type": "String"}}
    remote = unit.finish(template(wanted, "s3://elsewhere/one.json"))
    assert "Parameters" not in remote.document
    assert remote.files == {}


@pytest.mark.parametrize("wanted", PATH_PROPERTIES, ids=lambda one: f"{one.type} {one.name}")
def test_a_local_path_that_is_not_there_is_refused_by_file_and_key(wanted: PathProperty, unit: UnitFolder) -> None:
    """For every property of the table."""
    with pytest.raises(ConfigurationError) as raised:
        unit.finish(template(wanted, "files/nowhere.json"))
    assert raised.value.file == TEMPLATE
    (problem,) = raised.value.problems
    where = ".".join("One" if name == ANY else name for name in wanted.path)
    assert problem.startswith(f"Resources.It.Properties.{where} = ")
    assert "nowhere.json" in problem


def test_the_text_of_a_schema_takes_the_place_of_its_path(unit: UnitFolder) -> None:
    """SAM's transform takes nothing but text there; code beside it is an object."""
    unit.write("api/schema.graphql", "type Query { a: String }\n")
    unit.write("api/get.js", "export function request() {}\n")
    text = """
      Api:
        Type: AWS::Serverless::GraphQLApi
        Properties:
          SchemaUri: api/schema.graphql
          Auth: {Type: AWS_IAM}
          Functions: {Get: {Runtime: {Name: APPSYNC_JS, Version: 1.0.0}, DataSource: NONE_DS, CodeUri: api/get.js}}
    """
    finished = unit.finish(f"{SAM}Resources:{text}")
    api = properties(finished, "Api")
    assert (api["SchemaInline"], "SchemaUri" in api) == ("type Query { a: String }\n", False)
    assert unit.asset(finished, s3_key(api["Functions"]["Get"]["CodeUri"])) == b"export function request() {}\n"


def test_a_state_machine_keeps_its_substitutions(unit: UnitFolder) -> None:
    """The file is an object as it is, and the transform finds it."""
    flow = '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Worker}", "End": true}}}'
    unit.write("flow.asl.json", flow)
    machine = "{DefinitionUri: flow.asl.json, DefinitionSubstitutions: {Worker: 'arn:aws:states:::sqs:sendMessage'}}"
    finished = unit.finish(f"{SAM}Resources:\n  Flow: {{Type: AWS::Serverless::StateMachine, Properties: {machine}}}\n")
    made = transformed(finished.document)["Resources"]["Flow"]["Properties"]
    assert made["DefinitionSubstitutions"] == {"Worker": "arn:aws:states:::sqs:sendMessage"}
    assert made["DefinitionS3Location"]["Bucket"] == BUCKET
    assert unit.asset(finished, made["DefinitionS3Location"]["Key"]) == flow.encode()


def test_a_glue_job_gets_its_script_and_all_its_files(unit: UnitFolder) -> None:
    """Glue goes by the names of further files, so keys end with them; what is no path stays."""
    unit.write("src/job.py", "print('rows')\n")
    unit.write("src/helpers.py", "x = 1\n")
    arguments = {
        "--extra-py-files": {"Fn::Sub": "s3://${ArtifactsBucket}/${SourceKey},src/helpers.py,s3://elsewhere/y.py"},
        "--extra-files": "src/helpers.py",
        "--TempDir": "s3://elsewhere/tmp/",
        "--mode": "src/job.py",
    }
    command = {"Name": "glueetl", "ScriptLocation": "src/job.py"}
    job = {"Type": "AWS::Glue::Job", "Properties": {"Command": command, "DefaultArguments": arguments}}
    declared = {name: {"Type": "String"} for name in ("ArtifactsBucket", "SourceKey")}
    made = properties(finished := unit.finish(json.dumps({"Parameters": declared, "Resources": {"Job": job}})), "Job")
    assert unit.asset(finished, s3_key(made["Command"]["ScriptLocation"])) == b"print('rows')\n"
    wheel, helpers, other = made["DefaultArguments"]["--extra-py-files"]["Fn::Join"][1]
    assert made["DefaultArguments"]["--extra-py-files"]["Fn::Join"][0] == ","
    assert wheel == {"Fn::Sub": "s3://${ArtifactsBucket}/${SourceKey}"}
    assert other == {"Fn::Sub": "s3://elsewhere/y.py"}
    assert s3_key(helpers).endswith("/helpers.py")
    assert made["DefaultArguments"]["--extra-files"] == helpers
    assert {name: made["DefaultArguments"][name] for name in ("--TempDir", "--mode")} == {
        "--TempDir": "s3://elsewhere/tmp/",
        "--mode": "src/job.py",
    }


def test_what_only_the_serverless_repository_reads_becomes_a_key(unit: UnitFolder) -> None:
    """CloudFormation resolves nothing in a template's metadata."""
    unit.write("LICENSE.txt", "Free.\n")
    metadata = {"Metadata": {"AWS::ServerlessRepo::Application": {"Name": "orders", "LicenseUrl": "LICENSE.txt"}}}
    finished = unit.finish(json.dumps({**yaml.safe_load(CHILD), **metadata}))
    key = finished.document["Metadata"]["AWS::ServerlessRepo::Application"]["LicenseUrl"]
    assert unit.asset(finished, key) == b"Free.\n"
    assert "Parameters" not in finished.document


def test_a_nested_template_is_processed_and_given_what_it_needs(unit: UnitFolder) -> None:
    """Its paths begin at its own folder; a template that is nested twice is one object."""
    unit.write("nested/src/app.py")
    function = (
        "{Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: app.handle, CodeUri: src/}}"
    )
    child = (
        f"{SAM}Parameters: {{Name: {{Type: String}}, Environment: {{Type: String}}}}\nResources:\n  Work: {function}\n"
    )
    unit.write("nested/child.yaml", child)
    stack = "Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested/child.yaml, Parameters: {Name"
    finished = unit.finish(f"Resources:\n  One: {{{stack}: a}}}}}}\n  Two: {{{stack}: b}}}}}}\n", has_layer=True)
    one, two = (properties(finished, name) for name in ("One", "Two"))
    assert one["TemplateURL"] == two["TemplateURL"]
    handed = {name: {"Ref": name} for name in ("ArtifactsBucket", "LayerKey", "Environment")}
    assert one["Parameters"] == {"Name": "a", **handed}
    assert finished.document["Parameters"].keys() == handed.keys()
    inner = nested(unit, finished, https_key(one["TemplateURL"]))
    assert inner["Parameters"].keys() == {"Name", *handed}
    assert unit.files(finished, inner["Resources"]["Work"]["Properties"]["CodeUri"]["Key"]) == {"app.py": HANDLER}
    assert len(finished.files) == 2
    assert [one.resource for one in python(finished)] == ["Work"]
    transformed(inner)


def test_a_local_application_becomes_the_stack_that_the_transform_makes_of_it(unit: UnitFolder) -> None:
    """The transform takes a location that is plain text alone; one of the repository for applications stays."""
    unit.write("child.yaml", CHILD)
    published = "{ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/a', SemanticVersion: 1.0.0}"
    finished = unit.finish(
        f"{SAM}Resources:\n"
        "  Child: {Type: AWS::Serverless::Application, Properties: {Location: child.yaml, Tags: {Team: a}}}\n"
        f"  Other: {{Type: AWS::Serverless::Application, Properties: {{Location: {published}}}}}\n"
    )
    made = finished.document["Resources"]["Child"]
    assert made["Type"] == "AWS::CloudFormation::Stack"
    tags = [{"Key": "lambda:createdBy", "Value": "SAM"}, {"Key": "Team", "Value": "a"}]
    assert made["Properties"].pop("Tags") == tags
    assert nested(unit, finished, https_key(made["Properties"]["TemplateURL"])) == yaml.safe_load(CHILD)
    assert finished.document["Resources"]["Other"]["Type"] == "AWS::Serverless::Application"


@pytest.mark.parametrize(
    ("child", "parameters", "problem"),
    [
        (
            "Parameters: {Name: {Type: String}}\n",
            "{}",
            "Parameters.Name has no value, and the nested template declares",
        ),
        ("", "{Name: a}", "Parameters.Name: the nested template declares no such parameter; it declares none"),
        ("Parameters: {LayerKey: {Type: String}}\n", "{}", "Parameters.LayerKey has no value"),
    ],
)
def test_parameters_of_nested_stacks_are_checked(child: str, parameters: str, problem: str, unit: UnitFolder) -> None:
    """CloudFormation would say so in the middle of a deployment."""
    unit.write("child.yaml", f"{child}{CHILD}")
    stack = f"Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: child.yaml, Parameters: {parameters}}}"
    with pytest.raises(ConfigurationError) as raised:
        unit.finish(f"Resources:\n  One: {{{stack}}}\n")
    assert problem in str(raised.value)


def test_templates_that_nest_each_other_are_refused_and_so_are_stack_sets_with_paths(unit: UnitFolder) -> None:
    """Neither could ever be deployed."""
    nest = "Resources:\n  Next: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: %s}}\n"
    unit.write("one.yaml", nest % "two.yaml")
    unit.write("two.yaml", nest % "one.yaml")
    with pytest.raises(ConfigurationError, match=r"nests itself: .*one\.yaml -> .*two\.yaml -> .*one\.yaml"):
        unit.finish(nest % "one.yaml")
    unit.write("other.yaml", nest % "child.yaml")
    unit.write("child.yaml", CHILD)
    stack_set = "Resources:\n  Set: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateURL: %s}}\n"
    with pytest.raises(ConfigurationError, match="a stack set is deployed to other accounts"):
        unit.finish(stack_set % "other.yaml")
    finished = unit.finish(stack_set % "child.yaml")
    assert nested(unit, finished, https_key(properties(finished, "Set")["TemplateURL"])) == yaml.safe_load(CHILD)


def test_a_loop_with_local_paths_is_written_out(unit: UnitFolder) -> None:
    """Each function of it has its own folder, and is checked like any other; other loops stay loops."""
    for name in ("orders", "refunds"):
        unit.write(f"fns/{name}/app.py", f"{HANDLER}# {name}\n")
    text = """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Resources:
  Fn::ForEach::Functions:
    - Name
    - [orders, refunds]
    - "${Name}Function":
        Type: AWS::Serverless::Function
        Properties: {Runtime: python3.13, Handler: app.handle, CodeUri: "fns/${Name}", Description: !Ref Name}
  Fn::ForEach::Topics: [Name, !Ref Names, {"${Name}Topic": {Type: AWS::SNS::Topic}}]
Parameters: {Names: {Type: CommaDelimitedList, Default: "a,b"}}
"""
    finished = unit.finish(text)
    assert list(finished.document["Resources"]) == ["ordersFunction", "refundsFunction", "Fn::ForEach::Topics"]
    for name in ("orders", "refunds"):
        made = properties(finished, f"{name}Function")
        assert made["Description"] == name
        assert unit.files(finished, made["CodeUri"]["Key"]) == {"app.py": f"{HANDLER}# {name}\n"}
    static = text.replace("[orders, refunds]", "!Ref Names").replace("fns/${Name}", "fns/orders")
    looped = unit.finish(static, has_layer=True).document["Resources"]["Fn::ForEach::Functions"][2]["${Name}Function"]
    assert looped["Properties"]["CodeUri"]["Bucket"] == BUCKET
    assert looped["Properties"]["Layers"] == [{"Ref": "OrchestratorDependencies"}]
    with pytest.raises(ConfigurationError, match="depends on a loop whose collection is not written in the template"):
        unit.finish(text.replace("[orders, refunds]", "!Ref Names"))


def test_an_included_file_takes_the_place_of_the_transform(unit: UnitFolder) -> None:
    """With its own local paths, and in several places; what is included from a bucket stays."""
    unit.write("api/openapi.yaml", 'openapi: "3.0.1"\ninfo: {title: shop, version: "1"}\npaths: {}\n')
    unit.write("api/stage.yaml", "StageName: live\n")
    unit.write("api/more.json", '\ufeff{"Flow": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {'
               '"DefinitionS3Location": "flow.json"}}}')  # fmt: skip
    unit.write("flow.json", "{}")
    include = "Fn::Transform: {Name: AWS::Include, Parameters: {Location: %s}}"
    text = f"""
Transform:
  - AWS::Serverless-2016-10-31
  - {{Name: AWS::Include, Parameters: {{Location: mappings.yaml}}}}
Mappings: {{A: {{b: {{c: d}}}}}}
Resources:
  {include % "api/more.json"}
  Front:
    Type: AWS::Serverless::Api
    Properties:
      {include % "api/stage.yaml"}
      DefinitionBody: {{{include % "api/openapi.yaml"}}}
  Other: {{Type: AWS::SNS::Topic, Properties: {{{include % "s3://elsewhere/topic.yaml"}}}}}
"""
    unit.write("mappings.yaml", "Mappings: {E: {f: {g: h}}}\n")
    finished = unit.finish(text)
    front = {"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, "paths": {}}
    assert properties(finished, "Front") == {"StageName": "live", "DefinitionBody": front}
    assert unit.asset(finished, properties(finished, "Flow")["DefinitionS3Location"]["Key"]) == b"{}"
    assert finished.document["Transform"] == ["AWS::Serverless-2016-10-31"]
    assert finished.document["Mappings"].keys() == {"A", "E"}
    assert "Fn::Transform" in properties(finished, "Other")
    transformed({**finished.document, "Resources": {"Front": finished.document["Resources"]["Front"]}})


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        (
            "nowhere.yaml",
            "Fn::Transform.Parameters.Location = 'nowhere.yaml' is a local path, and the unit has no such",
        ),
        ("itself.yaml", "itself.yaml: includes itself by AWS::Include"),
        ("twice.yaml", "Type is there, and the included file 'twice.yaml' has it too"),
        ("list.yaml", "cannot be included: it must hold a mapping"),
        ("!Sub '${AWS::Region}.yaml'", "Resources.It.Fn::Transform.Parameters.Location = {'Fn::Sub'"),
        ("", "Valid are s3:// URLs and local paths"),
    ],
)
def test_a_file_that_cannot_be_included_is_refused(location: str, problem: str, unit: UnitFolder) -> None:
    """CloudFormation would look for it in a bucket."""
    unit.write("itself.yaml", "a: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: itself.yaml}}}")
    unit.write("twice.yaml", "Type: AWS::SNS::Topic")
    unit.write("list.yaml", "[a]")
    include = f"Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: {location}}}}}"
    with pytest.raises(ConfigurationError) as raised:
        unit.finish(f"Resources:\n  It: {{Type: AWS::SNS::Topic, {include}}}\n")
    assert problem in str(raised.value)


def test_a_macro_passes_unless_it_is_given_a_local_path(unit: UnitFolder) -> None:
    """A word alone may be anything; a file of the unit is read by nothing, once the template is deployed."""
    unit.write("rules/all.yaml", "")
    text = "Transform: [Company::Defaults]\nResources:\n"
    text += "  It: {Type: AWS::SNS::Topic, Fn::Transform: {Name: Tags, Parameters: %s}}\n"
    finished = unit.finish(text % "{Team: rules, Url: 's3://a/b', Path: other/x}")
    assert finished.document["Transform"] == ["Company::Defaults"]
    with pytest.raises(ConfigurationError, match=r"Parameters\.Path = 'rules/all\.yaml' is a local path, and nothing"):
        unit.finish(text % "{Path: rules/all.yaml}")


@pytest.mark.parametrize(
    ("value", "is_known"),
    [
        ("s3://bucket/key", True),
        ({"Fn::Sub": "s3://${Bucket}/key"}, True),
        ({"Fn::Sub": "${Url}/key"}, True),
        ({"Fn::Sub": ["${A}/key", {"A": {"Ref": "Url"}}]}, True),
        ({"Fn::Sub": ["${A}/key", {"A": "src"}]}, False),
        ({"Fn::Sub": "${AWS::Region}/key"}, False),
        ({"Fn::Join": ["", ["s3://", {"Ref": "Bucket"}, "/key"]]}, True),
        ({"Fn::Join": ["/", ["s3:/", {"Ref": "Bucket"}, "key"]]}, True),
        ({"Fn::Join": ["/", [{"Ref": "Url"}, "key"]]}, True),
        ({"Fn::Join": ["/", ["src", {"Ref": "Bucket"}]]}, False),
        ({"Fn::GetAtt": ["Bucket", "Url"]}, True),
        ({"Fn::ImportValue": "Url"}, True),
        ({"Ref": "Url"}, True),
        ({"Ref": "Bucket"}, True),
        ({"Ref": "Local"}, False),
        ({"Ref": "AWS::Region"}, False),
        ({"Fn::FindInMap": ["Urls", {"Ref": "AWS::Region"}, "url"]}, True),
        ({"Fn::FindInMap": ["Paths", {"Ref": "AWS::Region"}, "path"]}, False),
        ({"Fn::FindInMap": ["Nowhere", "a", "b"]}, False),
        ({"Fn::Select": [0, ["s3://a/b", {"Ref": "Url"}]]}, True),
        ({"Fn::Select": [0, ["s3://a/b", "src"]]}, False),
        ("{{resolve:ssm:/orders/url}}", True),
        (["s3://a/b"], False),
        (7, False),
        ({"a": 1, "b": 2}, False),
    ],
)
def test_a_value_is_remote_by_nature_or_unknown(value: Any, is_known: bool) -> None:  # noqa: FBT001
    """What is unknown is refused."""
    document = {
        "Parameters": {"Url": {"Type": "String", "Default": "s3://a"}, "Local": {"Type": "String", "Default": "src"}},
        "Mappings": {"Urls": {"a": {"url": "s3://a/b"}}, "Paths": {"a": {"path": "src/a.py"}}},
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Job": {"Type": "AWS::Glue::Job", "Properties": {"Command": {"ScriptLocation": value}}},
        },
    }
    paths, problems = find_paths(document, Scope.of(document, {}))
    assert paths == []
    assert bool(problems) is not is_known
    assert all(one.startswith("Resources.Job.Properties.Command.ScriptLocation = ") for one in problems)


@pytest.mark.parametrize(
    "code",
    [
        {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": "projects/orders/assets/another.zip"},
        {"Fn::If": ["C", {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": "x"}, {"ZipFile": "pass"}]},
    ],
)
def test_an_object_of_the_bucket_that_is_not_the_releases_is_refused(code: Any, unit: UnitFolder) -> None:
    """Nobody would copy it to the accounts."""
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Code": code, "Handler": "a.b", "Runtime": "python3.13"},
    }
    document = {"Parameters": {"ArtifactsBucket": {"Type": "String"}}, "Resources": {"It": function}}
    with pytest.raises(ConfigurationError, match="the release of orders has no object '"):
        unit.finish(json.dumps(document))


def test_mappings_that_an_anchor_shares_are_told_apart(unit: UnitFolder) -> None:
    """What is put into one place must not be put into the other."""
    unit.write("a/app.py")
    text = f"""{SAM}
Metadata:
  Common: &common
    Type: AWS::Serverless::Function
    Properties: &properties {{Runtime: python3.13, Handler: app.handle}}
Resources:
  One: {{<<: *common, Properties: {{<<: *properties, CodeUri: a/}}}}
  Two: {{<<: *common, Properties: {{<<: *properties, CodeUri: "s3://elsewhere/code.zip"}}}}
"""
    finished = unit.finish(text)
    assert properties(finished, "Two")["CodeUri"] == "s3://elsewhere/code.zip"
    assert properties(finished, "One")["CodeUri"]["Bucket"] == BUCKET
    assert "CodeUri" not in finished.document["Metadata"]["Common"]["Properties"]


@pytest.mark.parametrize("depth", [110, 400, 900])
def test_a_template_that_is_nested_too_deeply_is_refused_with_a_sentence(depth: int, unit: UnitFolder) -> None:
    """Whatever an author or a generator writes, here and in an included file."""
    nested_lists = "[" * depth + "]" * depth
    unit.write("deep.json", f'{{"Deep": {nested_lists}}}')
    unit.write("template.json", "")
    include = '"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "deep.json"}}'
    resources = '"Resources": {"T": {"Type": "AWS::SNS::Topic"}}'
    for text in (f'{{"Metadata": {nested_lists}, {resources}}}', f'{{"Metadata": {{{include}}}, {resources}}}'):
        if depth < 120:
            unit.finish(text, name="template.json")
        else:
            with pytest.raises(ConfigurationError, match=r"is nested too deeply|the nesting is too deep"):
                unit.finish(text, name="template.json")


def test_a_byte_order_mark_is_passed_over(unit: UnitFolder) -> None:
    """Editors of Windows write it."""
    assert unit.finish(f"\ufeff{CHILD}").document == yaml.safe_load(CHILD)
    assert unit.finish(f"\ufeff{json.dumps(yaml.safe_load(CHILD))}").document == yaml.safe_load(CHILD)
