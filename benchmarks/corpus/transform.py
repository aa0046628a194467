"""SAM's transform, as far as it runs without an account."""

import copy
import json
import logging
from collections.abc import Mapping
from typing import Any

import boto3
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

_SAM = "AWS::Serverless-"
# Of a published application, the transform asks the serverless application repository.
_PUBLISHED = '"ApplicationId"'
# It tells of each template that metrics are sent nowhere, and that features are off.
logging.getLogger("samtranslator").setLevel(logging.ERROR)


def accepts(document: Mapping[str, Any], given: Mapping[str, str]) -> bool:
    """Whether SAM's transform takes a template; it does not look at templates that do not name it.

    Args:
        document: the template.
        given: by parameter, the values of those without a default.
    """
    text = json.dumps(document.get("Transform")), json.dumps(document.get("Resources"))
    if _SAM not in text[0] or _PUBLISHED in text[1]:
        return True
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    try:
        translator.translate(copy.deepcopy(document), dict(given))
    except InvalidDocumentException:
        return False
    return True
