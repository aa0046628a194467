"""Why a template that others wrote cannot be released: a closed list, and the sentences that each reason is told in."""

import re
from collections.abc import Iterable
from enum import StrEnum

from orchestrator.errors import ConfigurationError, OrchestratorError


class Reason(StrEnum):
    """What a template has that a release cannot hold."""

    IMAGE = "functions that are container images"
    UNKNOWN_LOCATION = "nested templates whose location no build can know"
    RETIRED_RUNTIME = "functions with code to build for a runtime that AWS has retired"


_SENTENCES = {
    Reason.IMAGE: r"is a container image, and a release holds none",
    Reason.UNKNOWN_LOCATION: r"\.(TemplateURL|Location) = .*: AWS::Region is neither a parameter nor a resource",
    Reason.RETIRED_RUNTIME: r"\.Properties\.Runtime = '[a-z]+[\d.x]+' cannot be built; valid are",
}


class UnknownReasonError(Exception):
    """A refusal is not on the list: the list, the sentence or the refusal is wrong."""


def reasons_of(error: OrchestratorError) -> frozenset[Reason]:
    """The reasons for a refusal; one for each of its sentences.

    Raises:
        UnknownReasonError: a sentence fits none of them, or several.
    """
    sentences = error.problems if isinstance(error, ConfigurationError) else (str(error),)
    return frozenset(_only(sentence, _fitting(sentence)) for sentence in sentences)


def _fitting(sentence: str) -> list[Reason]:
    return [reason for reason, pattern in _SENTENCES.items() if re.search(pattern, sentence)]


def _only(sentence: str, fitting: Iterable[Reason]) -> Reason:
    try:
        (reason,) = fitting
    except ValueError:
        raise UnknownReasonError(sentence) from None
    return reason
