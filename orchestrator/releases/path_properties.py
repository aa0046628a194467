"""The properties of a template that may hold a local path: all that the AWS CLI and the SAM CLI upload.

Source: `RESOURCES_WITH_LOCAL_PATHS` and `METADATA_WITH_LOCAL_PATHS` of the SAM CLI 1.164, in
`samcli/lib/utils/resources.py`, and `RESOURCES_EXPORT_LIST` of the AWS CLI 2.36, in
`awscli/customizations/cloudformation/artifact_exporter.py`, with the resource types that SAM has added since. Glue's
lists of further files, which neither of them knows, are added, because a job without them fails at its first run.
"""

from enum import Enum
from typing import Any

from orchestrator.frozen import dataclass

ANY = "*"
"""Every key at this place of a property's path."""
BUCKET = "ArtifactsBucket"
"""The parameter with the name of the bucket that holds a release in a target."""


class Form(Enum):
    """The way a property names an object of a bucket."""

    S3_URL = "s3://<bucket>/<key>"
    S3_URLS = "s3://<bucket>/<key>,s3://<bucket>/<key>"
    HTTPS_URL = "https://s3.<region>.amazonaws.com/<bucket>/<key>"
    OBJECT = "{<bucket>, <key>}"
    KEY = "<key>"
    INLINE = "the text of the file"


class Content(Enum):
    """The object that stands in for a local path."""

    FUNCTION = "the code of a function"
    LAYER = "the content of a layer"
    FILE = "a file as it is"
    BUNDLE = "a file as it is, or the zip of a folder"
    TEMPLATE = "a template with the paths in it replaced"
    FOREIGN_TEMPLATE = "a template as it is, which other accounts deploy"
    REMOTE = "nothing: no tool uploads it"


@dataclass(frozen=True)
class ObjectKeys:
    """The keys of a mapping that names an object.

    Attributes:
        bucket: of the bucket's name.
        key: of the object's key.
        version: of the object's version; empty where there is none.
    """

    bucket: str
    key: str
    version: str = ""


@dataclass(frozen=True)
class PathProperty:
    """A property that may hold a local path.

    Attributes:
        type: the type of resource.
        path: the keys from `Properties`; `ANY` stands for every key.
        form: how the property names an object.
        content: what is uploaded.
        keys: for `Form.OBJECT`, the keys of the mapping.
        instead: other properties that a resource may have in place of this one; for `Form.INLINE`, the one that takes
            the text.
        is_named: whether the service knows the file by its name.
    """

    type: str
    path: tuple[str, ...]
    form: Form
    content: Content = Content.FILE
    keys: ObjectKeys | None = None
    instead: tuple[str, ...] = ()
    is_named: bool = False

    @property
    def name(self) -> str:
        """The property as messages name it."""
        return ".".join(self.path)

    @property
    def is_of_sam(self) -> bool:
        """Whether SAM's transform reads the property, which takes no intrinsic function around its value."""
        return self.type.startswith("AWS::Serverless::")

    def of(self, key: Any) -> dict[str, Any]:
        """The mapping for an object of the release, given its key or what gives it; for `Form.OBJECT` only."""
        if self.keys is None:
            raise ValueError(f"{self.type} {self.name} is not a mapping")
        return {self.keys.bucket: {"Ref": BUCKET}, self.keys.key: key}


SAM_FUNCTION = "AWS::Serverless::Function"
STACK, STACK_SET, APPLICATION = (
    "AWS::CloudFormation::Stack",
    "AWS::CloudFormation::StackSet",
    "AWS::Serverless::Application",
)
SERVERLESS_REPOSITORY = "AWS::ServerlessRepo::Application"
"""The entry of a template's `Metadata` for the serverless application repository."""
_SAM_KEYS = ObjectKeys("Bucket", "Key", "Version")
_LAMBDA_KEYS = ObjectKeys("S3Bucket", "S3Key", "S3ObjectVersion")
_MAPPINGS = ("RequestMappingTemplateS3Location", "ResponseMappingTemplateS3Location", "CodeS3Location")
_GLUE_FILES = ("--extra-py-files", "--extra-files", "--extra-jars")


def _object(type_: str, name: str, keys: ObjectKeys, content: Content = Content.FILE, *instead: str) -> PathProperty:
    return PathProperty(type_, tuple(name.split(".")), Form.OBJECT, content, keys, instead)


def _url(type_: str, *path: str, content: Content = Content.FILE, form: Form = Form.S3_URL) -> PathProperty:
    return PathProperty(type_, path, form, content)


PATH_PROPERTIES: tuple[PathProperty, ...] = (
    _object(SAM_FUNCTION, "CodeUri", _SAM_KEYS, Content.FUNCTION, "InlineCode", "ImageUri"),
    _object("AWS::Lambda::Function", "Code", _LAMBDA_KEYS, Content.FUNCTION),
    _object("AWS::Serverless::LayerVersion", "ContentUri", _SAM_KEYS, Content.LAYER),
    _object("AWS::Lambda::LayerVersion", "Content", _LAMBDA_KEYS, Content.LAYER),
    _object("AWS::Serverless::WebFunction", "CodeUri", _SAM_KEYS, Content.REMOTE),
    _object("AWS::Serverless::MicrovmImage", "CodeUri", _SAM_KEYS, Content.REMOTE),
    _object("AWS::Serverless::Api", "DefinitionUri", _SAM_KEYS),
    _object("AWS::Serverless::HttpApi", "DefinitionUri", _SAM_KEYS),
    _object("AWS::Serverless::StateMachine", "DefinitionUri", _SAM_KEYS),
    _object("AWS::StepFunctions::StateMachine", "DefinitionS3Location", _SAM_KEYS),
    _object("AWS::ApiGateway::RestApi", "BodyS3Location", _SAM_KEYS),
    _object("AWS::ApiGatewayV2::Api", "BodyS3Location", _SAM_KEYS),
    # The transform takes nothing but plain text here, and the name of the bucket is a parameter.
    PathProperty("AWS::Serverless::GraphQLApi", ("SchemaUri",), Form.INLINE, instead=("SchemaInline",)),
    _url("AWS::Serverless::GraphQLApi", "Functions", ANY, "CodeUri"),
    _url("AWS::Serverless::GraphQLApi", "Resolvers", ANY, ANY, "CodeUri"),
    _url("AWS::AppSync::GraphQLSchema", "DefinitionS3Location"),
    *(_url("AWS::AppSync::Resolver", name) for name in _MAPPINGS),
    *(_url("AWS::AppSync::FunctionConfiguration", name) for name in _MAPPINGS),
    _url(STACK, "TemplateURL", content=Content.TEMPLATE, form=Form.HTTPS_URL),
    _url(APPLICATION, "Location", content=Content.TEMPLATE, form=Form.HTTPS_URL),
    _url(STACK_SET, "TemplateURL", content=Content.FOREIGN_TEMPLATE, form=Form.HTTPS_URL),
    _url("AWS::Glue::Job", "Command", "ScriptLocation"),
    *(
        PathProperty("AWS::Glue::Job", (arguments, name), Form.S3_URLS, Content.BUNDLE, is_named=True)
        for arguments in ("DefaultArguments", "NonOverridableArguments")
        for name in _GLUE_FILES
    ),
    _object(
        "AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle", ObjectKeys("S3Bucket", "S3Key"), Content.BUNDLE
    ),
    _object("AWS::CodeCommit::Repository", "Code.S3", ObjectKeys("Bucket", "Key", "ObjectVersion"), Content.BUNDLE),
    _url("AWS::CloudFormation::ModuleVersion", "ModulePackage", content=Content.BUNDLE),
    _url("AWS::CloudFormation::ResourceVersion", "SchemaHandlerPackage", content=Content.BUNDLE),
    _url("AWS::CloudFormation::HookVersion", "SchemaHandlerPackage", content=Content.BUNDLE),
)
"""Those of resources."""

METADATA_PROPERTIES: tuple[PathProperty, ...] = tuple(
    PathProperty(SERVERLESS_REPOSITORY, (name,), Form.KEY) for name in ("LicenseUrl", "ReadmeUrl")
)
"""Those of the template's `Metadata`, which CloudFormation does not process."""


def _only(content: Content) -> dict[str, PathProperty]:
    return {one.type: one for one in PATH_PROPERTIES if one.content is content}


FUNCTIONS = _only(Content.FUNCTION)
"""By type of resource, the property with a function's code."""
LAYERS = _only(Content.LAYER)
"""By type of resource, the property with a layer's content."""
