"""The guardrails at a bootstrap: the first one records what the file says, each later one must agree with them."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws.arn import role_of_session
from orchestrator.aws.errors import error_code
from orchestrator.aws.session import CLIENT
from orchestrator.config.infrastructure import GUARDRAILS_TABLE
from orchestrator.config.load import validated
from orchestrator.config.organization import FILE_NAME, Organization, Tooling
from orchestrator.errors import ConfigurationError, RequestError
from orchestrator.guardrails.differences import APPLY, differences
from orchestrator.guardrails.document import Guardrails, guarded_part, placed
from orchestrator.guardrails.records import GuardrailRecords
from orchestrator.ledger.table import LedgerTable

if TYPE_CHECKING:
    import boto3


def records_of(session: "boto3.Session", clock: Callable[[], datetime]) -> GuardrailRecords:
    """The recorded guardrails, with the permissions of a session in the tooling account."""
    return GuardrailRecords(LedgerTable(session.resource("dynamodb", config=CLIENT).Table(GUARDRAILS_TABLE), clock))


def find_guardrails(records: GuardrailRecords) -> Guardrails | None:
    """The newest version; None where nothing is installed yet."""
    try:
        return records.find()
    except ClientError as error:
        if error_code(error) != "ResourceNotFoundException":
            raise
        return None


def agreed(file: Organization, known: Guardrails | None) -> Organization:
    """The organization that is installed: of the guardrails, once there are some.

    Args:
        file: what `orchestrator.toml` says.
        known: what is recorded, None before the first bootstrap.

    Raises:
        ConfigurationError: the file differs from the guardrails; says in which keys, and the command.
    """
    if known is None:
        return file
    if found := differences(file, known.organization):
        raise ConfigurationError(
            FILE_NAME,
            *(f"{one}." for one in found),
            f"Nothing was installed. Restore these values, or record them: {APPLY}.",
        )
    return placed(file, known.organization)


def with_administrators(organization: Organization, administrators: tuple[str, ...]) -> Organization:
    """An organization that names administrators; the given ones where its file names none.

    Raises:
        ConfigurationError: the given ones are no principals that a policy can name.
    """
    named = organization.tooling.administrators or administrators
    values = {**organization.tooling.model_dump(), "administrators": named}
    return organization.model_copy(update={"tooling": validated(Tooling, values, FILE_NAME, prefix="tooling.")})


def caller_of(session: "boto3.Session") -> str:
    """The ARN that a session's credentials belong to, as STS tells it."""
    return session.client("sts", config=CLIENT).get_caller_identity()["Arn"]


def administrators_of(organization: Organization, caller: str) -> tuple[str, ...]:
    """The patterns of those who may change the guardrails: those named, else whoever installs them."""
    if organization.tooling.administrators:
        return organization.tooling.administrators
    role = role_of_session(caller)
    # A session's ARN leaves out the path of its role, which policies compare.
    return (role,) if role == caller else (role, role.replace(":role/", ":role/*/"))


def record(
    records: GuardrailRecords, organization: Organization, known: Guardrails | None, who: str, now: datetime
) -> Guardrails:
    """Record a version.

    Args:
        records: where.
        organization: what holds from now on.
        known: the version before, None for the first one.
        who: the proven ARN of the administrator.
        now: the time, UTC.

    Raises:
        RequestError: somebody else has recorded that version meanwhile.
    """
    changes = differences(organization, known.organization) if known else []
    version = Guardrails(
        version=known.version + 1 if known else 1,
        organization=guarded_part(organization),
        recorded_by=who,
        recorded_at=now,
        changes=tuple(map(str, changes)),
    )
    if not records.record(version):
        raise RequestError(
            f"Somebody else has just recorded version {version.version} of the guardrails: look at it with "
            "'orchestrator guardrails show', then try again."
        )
    return version
