"""The guardrails at a bootstrap: the first one records what the file says, each later one must agree with them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.aws.arn import role_of_session
from orchestrator.aws.errors import error_code
from orchestrator.aws.session import CLIENT
from orchestrator.config.environment import Environment
from orchestrator.config.infrastructure import GUARDRAILS_TABLE
from orchestrator.config.load import validated
from orchestrator.config.organization import FILE_NAME, Organization
from orchestrator.config.tooling import Tooling
from orchestrator.errors import ConfigurationError, RequestError
from orchestrator.guardrails.differences import APPLY, differences
from orchestrator.guardrails.document import Guardrails, guarded_part, placed
from orchestrator.guardrails.policy import policy_in
from orchestrator.guardrails.records import GuardrailRecords
from orchestrator.guardrails.rules import Tightening
from orchestrator.identity.reachable import unreachable
from orchestrator.identity.trust import fixes_session_name
from orchestrator.ledger.table import LedgerTable

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_iam import IAMClient


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


def proven_session_roles(organization: Organization, iam: "IAMClient") -> tuple[str, ...]:
    """The approvers' roles of the tooling account whose trust policies fix the names of their sessions.

    Args:
        organization: names approvers; only patterns without wildcards are looked up.
        iam: of the tooling account.
    """
    prefix = organization.tooling_role_arn("")
    patterns = {one for environment in organization.environments for one in environment.approvers}
    roles = sorted(one for one in patterns if one.startswith(prefix) and not {*"*?["} & {*one})
    return tuple(role for role in roles if _fixes_session_name(role, iam))


def _fixes_session_name(role: str, iam: "IAMClient") -> bool:
    try:
        found = iam.get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]
    except ClientError as error:
        if error_code(error) != "NoSuchEntity":
            raise
        return False
    document: Any = found["AssumeRolePolicyDocument"]
    return found["Arn"] == role and isinstance(document, dict) and fixes_session_name(document)


def check_sound(guardrails: Guardrails) -> None:
    """Refuse rules that nobody can fulfil, those that protect nothing, and approvers whom units could make.

    Raises:
        ConfigurationError: an environment has such rules; says which.
    """
    problems = [
        f"environments.{environment.name}: {problem}"
        for environment in guardrails.organization.environments
        for problem in _problems(environment, guardrails)
    ]
    if problems:
        raise ConfigurationError(FILE_NAME, *problems)


def _problems(environment: Environment, guardrails: Guardrails) -> Iterator[str]:
    if environment.requires_approval and (problem := unreachable(policy_in(guardrails, environment, Tightening()))):
        yield problem
    tooling = guardrails.organization.tooling.account
    for account in environment.approver_accounts:
        deploying = [one.name for one in guardrails.organization.environments if _deploys_to(one, account)]
        # Whoever rules the tooling account can do anything here.
        if deploying and account != tooling:
            yield (
                f"approver_accounts names {account}, which {', '.join(deploying)} deploys to: whoever can make a role "
                "or user there, as units do, could approve. Name accounts that no environment deploys to; principals "
                f"of the tooling account ({tooling}) decide where the key is left out."
            )


def _deploys_to(environment: Environment, account: str) -> bool:
    return account in [target.account for target in environment.targets]


def drafted(organization: Organization, known: Guardrails | None, who: str, now: datetime) -> Guardrails:
    """The next version, not recorded yet.

    Args:
        organization: what holds from then on.
        known: the version before, None for the first one.
        who: the proven ARN of the administrator.
        now: the time, UTC.
    """
    changes = differences(organization, known.organization) if known else []
    return Guardrails(
        version=known.version + 1 if known else 1,
        organization=guarded_part(organization),
        recorded_by=who,
        recorded_at=now,
        changes=tuple(one.change for one in changes),
    )


def record(records: GuardrailRecords, version: Guardrails, iam: "IAMClient") -> Guardrails:
    """Record a version, with the roles whose sessions tell persons apart.

    Args:
        records: where.
        version: as drafted.
        iam: of the tooling account: it tells the trust policies of approvers' roles.

    Raises:
        ConfigurationError: an environment has rules that nobody can fulfil, or approvers whom units could make.
        RequestError: somebody else has recorded that version meanwhile.
    """
    roles = proven_session_roles(version.organization, iam)
    whole = version.model_copy(update={"named_session_roles": roles})
    check_sound(whole)
    if not records.record(whole):
        raise RequestError(
            f"Somebody else has just recorded version {whole.version} of the guardrails: look at it with "
            "'orchestrator guardrails show', then try again."
        )
    return whole
