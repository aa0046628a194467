"""What a CloudFormation stack is made from."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

# A template up to this size goes in the request; a larger one must lie in S3.
INLINE_TEMPLATE_BYTES = 51_200


class Template(BaseModel):
    """A template, in the request or at a URL, with its parameters and the stack's tags.

    Attributes:
        kept: parameters that keep the value that they have in the stack.
    """

    model_config = ConfigDict(frozen=True)

    body: str | None = None
    url: str | None = None
    parameters: Mapping[str, str] = {}
    kept: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}
