"""The check against the guardrails before a merge: advice, since `on_merge` alone enforces them."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from orchestrator.cli.context import Context
from orchestrator.cli.output import note
from orchestrator.cli.parameters import Option
from orchestrator.config.infrastructure import GUARDRAILS_FILE
from orchestrator.errors import AccessError, ConfigurationError, OrchestratorError
from orchestrator.source.catalog import Catalog

if TYPE_CHECKING:
    from orchestrator.guardrails.document import Guardrails

Required = Annotated[
    bool, Option("--require-guardrails", help="Exit with 1 where there are no guardrails to compare with.")
]


NOT_CHECKED = (
    f"Not checked against guardrails: the recorded ones cannot be read, and {GUARDRAILS_FILE} is not committed "
    "('orchestrator guardrails export' writes it)."
)


class NotCheckedError(OrchestratorError):
    """There is nothing to compare with, where that is an error."""


def guardrail_problems(here: Context, catalog: Catalog, *, ask: bool, required: bool) -> Iterator[ConfigurationError]:
    """What of a commit is looser than the guardrails, or stricter than anybody can fulfil.

    Args:
        here: where the command runs.
        catalog: what is at the commit.
        ask: whether AWS may be asked; otherwise, and where it does not answer, a committed export is read.
        required: whether it is an error that there is nothing to compare with.

    Raises:
        NotCheckedError: there is nothing to compare with, and that is an error.
    """
    guardrails = (_recorded(here) if ask else None) or _exported(catalog)
    if guardrails is None:
        if required:
            raise NotCheckedError(NOT_CHECKED)
        note(NOT_CHECKED)
        return
    from orchestrator.guardrails.check import check_catalog  # noqa: PLC0415  # See orchestrator.cli.context.

    try:
        yield from check_catalog(catalog, guardrails).values()
    except ConfigurationError as refusal:
        yield refusal


def _recorded(here: Context) -> "Guardrails | None":
    """The recorded guardrails; None where they cannot be read."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # See orchestrator.cli.context.

    from orchestrator.guardrails.records import GuardrailsMissingError  # noqa: PLC0415  # The same.

    try:
        return here.wiring.guardrails()
    except (AccessError, ConfigurationError, GuardrailsMissingError, ClientError, BotoCoreError):
        return None


def _exported(catalog: Catalog) -> "Guardrails | None":
    """The guardrails as somebody committed them; None where nobody did."""
    text = catalog.repository.files(catalog.commit.id, [GUARDRAILS_FILE]).get(GUARDRAILS_FILE)
    if text is None:
        return None
    from orchestrator.config.load import validated  # noqa: PLC0415  # See orchestrator.cli.context.
    from orchestrator.guardrails.document import Guardrails  # noqa: PLC0415  # The same.

    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(GUARDRAILS_FILE, f"is not valid JSON: {error}") from error
    return validated(Guardrails, document, GUARDRAILS_FILE)
