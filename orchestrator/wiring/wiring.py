"""What all functions and commands share: settings, clients, the ledger, the repository."""

import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import boto3

from orchestrator.aws.session import CLIENT
from orchestrator.frozen import dataclass

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

    from orchestrator.aws.executions import Executions
    from orchestrator.aws.stack import Stack
    from orchestrator.decisions.records import DecisionRecords
    from orchestrator.guardrails.document import Guardrails
    from orchestrator.guardrails.records import GuardrailRecords
    from orchestrator.identity.proof import Verifier
    from orchestrator.ledger.ledger import Ledger
    from orchestrator.ledger.tokens import TokenRecords
    from orchestrator.releases.store import ArtifactStore
    from orchestrator.source.refs.merged import MergeRule
    from orchestrator.source.repository import SourceRepository
    from orchestrator.steps.admission import Admission
    from orchestrator.steps.approved import Approvals
    from orchestrator.steps.catalogs import Catalogs
    from orchestrator.steps.merges.check import MergeCheck
    from orchestrator.steps.starts import Starts
    from orchestrator.steps.surveys import Surveys


_PREFIX = "ORCHESTRATOR_"
_DEAD_LETTER_BYTES = 200_000


@dataclass(frozen=True)
class Wiring:
    """Puts the steps together.

    Args:
        session: the caller's AWS session.
        settings: the environment variables that begin with ORCHESTRATOR_, without that prefix, in lower case.
    """

    session: boto3.Session
    settings: Mapping[str, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Wire a Lambda: its role's credentials, and the settings its function was given."""
        settings = {
            name.removeprefix(_PREFIX).lower(): value for name, value in environment.items() if name.startswith(_PREFIX)
        }
        return cls(boto3.Session(), settings)

    @cached_property
    def ledger(self) -> "Ledger":
        """The ledger."""
        from orchestrator.ledger.ledger import Ledger

        table = self.session.resource("dynamodb", config=CLIENT).Table(self.settings["ledger_table"])
        return Ledger(table, now)

    @cached_property
    def guardrail_records(self) -> "GuardrailRecords":
        """All versions of the guardrails."""
        from orchestrator.guardrails.records import GuardrailRecords
        from orchestrator.ledger.table import LedgerTable

        table = self.session.resource("dynamodb", config=CLIENT).Table(self.settings["guardrails_table"])
        return GuardrailRecords(LedgerTable(table, now))

    def guardrails(self) -> "Guardrails":
        """What administrators recorded last: read at each call, since a warm function must not act on older ones."""
        return self.guardrail_records.current()

    @cached_property
    def store(self) -> "ArtifactStore":
        """The tooling account's artifacts."""
        from orchestrator.releases.store import ArtifactStore

        return ArtifactStore(self.session.client("s3", config=CLIENT), self.settings["bucket"])

    @cached_property
    def decisions(self) -> "DecisionRecords":
        """The bucket of decisions."""
        from orchestrator.decisions.records import DecisionRecords

        return DecisionRecords(self.session.client("s3", config=CLIENT), self.settings["decisions_bucket"])

    @cached_property
    def tokens(self) -> "TokenRecords":
        """The task tokens of approvals."""
        from orchestrator.ledger.tokens import TokenRecords

        return TokenRecords(self.session.resource("dynamodb", config=CLIENT).Table(self.settings["tokens_table"]), now)

    @cached_property
    def repository(self) -> "SourceRepository":
        """The repository that merges come from."""
        from orchestrator.source.open import Access, open_repository

        proxy = self.settings.get("repository_proxy") or None
        access = Access(self._client, self._repository_secret, self._certificates, proxy)
        return open_repository(self.settings["repository_url"], access)

    @cached_property
    def merge_rule(self) -> "MergeRule":
        """The rule which commits are built; Resolve release asks it again by the guardrails."""
        from orchestrator.source.refs.merged import MergeRule

        allowed = frozenset(self.settings.get("allow_unmerged", "").split())
        return MergeRule(self.repository, self.settings["branch"], allowed)

    @cached_property
    def surveys(self) -> "Surveys":
        """What was found at the branch, kept from one event to the next for as long as the function is warm."""
        from orchestrator.releases.layout import survey_key
        from orchestrator.source.deciding import deciding_code
        from orchestrator.steps.surveys import Surveys

        key = survey_key(self.settings["repository_url"], self.settings["branch"])
        return Surveys(self.store, key, deciding_code())

    @cached_property
    def catalogs(self) -> "Catalogs":
        """What there is at a commit, told from what was found at the branch."""
        from orchestrator.steps.catalogs import Catalogs

        return Catalogs(self.repository, self.surveys)

    def _client(self, service: Any, region: str | None = None) -> Any:
        return self.session.client(service, region_name=region, config=CLIENT)

    def _repository_secret(self) -> str:
        from orchestrator.aws.secrets import read_secret

        return read_secret(self.session.client("secretsmanager", config=CLIENT), self.settings["repository_secret"])

    @property
    def _certificates(self) -> str | None:
        """The file of the authorities that AWS's certificates are checked with, where one is configured."""
        # boto3 shows it nowhere.
        configured: str | None = self.session._session.get_config_variable("ca_bundle")  # noqa: SLF001
        return configured

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        """Step Functions of the tooling account."""
        return self.session.client("stepfunctions", config=CLIENT)

    @cached_property
    def sns(self) -> "SNSClient":
        """SNS of the tooling account."""
        return self.session.client("sns", config=CLIENT)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """CloudFormation of the tooling account."""
        return self.session.client("cloudformation", config=CLIENT)

    @cached_property
    def executions(self) -> "Executions":
        """Executions in the tooling account."""
        from orchestrator.aws.executions import Executions

        return Executions(self.stepfunctions)

    @property
    def _verifier(self) -> "Verifier":
        """Finds out who signed a proof of identity."""
        from botocore.httpsession import URLLib3Session

        from orchestrator.identity.proof import Verifier

        # What it asks is the repository's and people's: no redirect is followed, and nothing else is trusted.
        trusted: Any = self._certificates or True  # The stubs know no file here.
        http = URLLib3Session(verify=trusted, timeout=10)
        sts = self.session.client("sts", config=CLIENT)
        return Verifier(sts, lambda request: http.send(request), now)  # noqa: PLW0108  # Its answer's type is wider.

    @property
    def _admission(self) -> "Admission":
        from orchestrator.steps.admission import Admission

        return Admission(self.ledger, now, self.executions.is_alive, self.guardrails)

    @property
    def _merge_check(self) -> "MergeCheck":
        from orchestrator.steps.merges.check import MergeCheck

        return MergeCheck(self.ledger.merges, self.catalogs, self.guardrails, self.merge_rule)

    @property
    def _approvals(self) -> "Approvals":
        from orchestrator.steps.approved import Approvals
        from orchestrator.steps.plan_authors import PlanAuthors

        return Approvals(self.ledger, self.decisions, self.guardrails, PlanAuthors(self.store))

    def put_aside(self, event: Any, reason: str) -> None:
        """Keep an event that cannot be acted on, with the reason, in the dead-letter queue."""
        self.session.client("sqs", config=CLIENT).send_message(
            QueueUrl=self.settings["dead_letters_url"],
            MessageBody=json.dumps({"reason": reason, "event": event})[:_DEAD_LETTER_BYTES],
        )

    def report(self, subject: str, text: str) -> None:
        """Tell people of a failure."""
        self.sns.publish(TopicArn=self.settings["failures_topic"], Subject=subject, Message=text)

    def function(self, function_arn: str) -> Callable[[Any], Any]:
        """One of the orchestrator's functions, to be called from several threads: clients may, sessions may not.

        A call raises `StepError` with what the function says when it fails.
        """
        from orchestrator.errors import StepError

        client = self.session.client("lambda", config=CLIENT)

        def call(event: Any) -> Any:
            answer = client.invoke(FunctionName=function_arn, Payload=json.dumps(event))
            document = json.loads(answer["Payload"].read())
            if "FunctionError" in answer:
                raise StepError(f"{function_arn.rsplit(':', 1)[-1]} failed: {document.get('errorMessage', document)}")
            return document

        return call

    @cached_property
    def starts(self) -> "Starts":
        """The queue of units for which something has to be done."""
        from orchestrator.steps.starts import Starts

        return Starts(self.session.client("sqs", config=CLIENT), self.settings["starts_url"], time.sleep)

    @property
    def start_tries(self) -> int:
        """How often a message of it is tried before it is put aside."""
        return int(self.settings["start_tries"])

    def _machines(self, name: str) -> "Stack":
        """A stack with a unit's state machines, which CloudFormation changes with its own role."""
        from orchestrator.aws.stack import Stack
        from orchestrator.config.infrastructure import UNIT_STACK_ROLE

        where = f"{self._account}/{self.session.region_name}"
        role = f"arn:aws:iam::{self._account}:role/{UNIT_STACK_ROLE}"
        return Stack(self.cloudformation, name, where, time.sleep, role)

    @cached_property
    def _account(self) -> str:
        return str(self.session.client("sts", config=CLIENT).get_caller_identity()["Account"])


def now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)
