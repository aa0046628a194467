"""The accounts of a company in moto: what bootstrap makes in them, and what a test looks up there."""

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3

from orchestrator.aws.session import CLIENT, sessions_beside
from orchestrator.cli.context import settings
from orchestrator.config.infrastructure import DEAD_LETTERS, STARTS
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit, UnitSettings
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.partitions import LOCKS
from orchestrator.wiring.wiring import Wiring
from tests.aws_answers import Answers
from tests.ledger_table import make_decisions_bucket, make_ledger_table, make_tokens_table
from tests.moto_lambdas import Lambdas
from tests.moto_site import Site
from tests.recorded import recorded

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

REGION = "eu-west-1"
# Moto's own account, which everybody is in who has assumed no role.
TOOLING = "123456789012"


@dataclass
class MotoAccounts:
    """One company's accounts.

    Args:
        organization: its accounts; its Lambdas are this process.
        folder: its git repository.
        site: where the unit answers.
        lambdas: the orchestrator's functions.
        answers: what AWS says in moto's place.
        unit: the one that is looked at.
    """

    organization: Organization
    folder: Path
    site: Site
    lambdas: Lambdas
    answers: Answers
    unit: Unit = field(default_factory=lambda: _unit("clock"))
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    """By account and service: making one takes longer than most calls."""

    def install_accounts(self) -> None:
        """Make what bootstrap makes."""
        make_ledger_table(self.wiring.session, self.wiring.settings["ledger_table"])
        make_ledger_table(self.wiring.session, self.wiring.settings["guardrails_table"])
        self.wiring.guardrail_records.record(recorded(self.organization))
        make_tokens_table(self.wiring.session, self.wiring.settings["tokens_table"])
        make_decisions_bucket(self.wiring.session, self.wiring.settings["decisions_bucket"])
        for topic in ("approvals_topic", "failures_topic"):
            self.wiring.sns.create_topic(Name=self.wiring.settings[topic].rsplit(":", 1)[-1])
        buckets = {self.organization.tooling.account: self.organization.tooling.bucket}
        for account, bucket in (buckets | {one.account: one.bucket for one in self.organization.targets}).items():
            where = {"LocationConstraint": REGION}
            self.client_of(account, "s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        self.sqs.create_queue(QueueName=DEAD_LETTERS)
        self.sqs.create_queue(QueueName=STARTS, Attributes={"FifoQueue": "true"})
        activity = self.organization.build_activity_arn.rsplit(":", 1)[-1]
        self.wiring.stepfunctions.create_activity(name=activity)

    @cached_property
    def wiring(self) -> Wiring:
        """The parts, in the tooling account."""
        return Wiring(boto3.Session(region_name=REGION), settings(self.organization))

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.wiring.ledger

    def session(self, account: str) -> boto3.Session:
        """Open an account."""
        if account == TOOLING:
            return self.wiring.session
        role = f"arn:aws:iam::{account}:role/test"
        sts = self.client_of(TOOLING, "sts")
        credentials = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return sessions_beside(self.wiring.session)(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=REGION,
        )

    def client(self, environment: str, service: str, target: int = 0) -> Any:
        """A client of an environment's account."""
        return self.client_of(self.organization.environment(environment).targets[target].account, service)

    def client_of(self, account: str, service: str) -> Any:
        """A client of an account."""
        key = (account, service)
        if key not in self.clients:
            self.clients[key] = self.session(account).client(service, config=CLIENT)  # type: ignore[call-overload]  # Any.
        return self.clients[key]

    @property
    def sqs(self) -> "SQSClient":
        """SQS of the tooling account."""
        client: SQSClient = self.client_of(TOOLING, "sqs")
        return client

    def with_unit(self, name: str, own: UnitSettings | None = None) -> Self:
        """The same company, seen from another unit."""
        return replace(self, unit=_unit(name, own))

    def running(self, environment: str, target: int = 0) -> str | None:
        """The version that is really deployed."""
        found = self.client(environment, "ssm", target).get_parameters(
            Names=[f"/running/{environment}/{self.unit.name}"]
        )["Parameters"]
        return str(found[0]["Value"]) if found else None

    def lock(self, environment: str) -> str | None:
        """The execution that holds an environment's lock."""
        key = {"pk": {"S": LOCKS.key(self.unit.name)}, "sk": {"S": environment}}
        table = self.wiring.settings["ledger_table"]
        item = self.client_of(TOOLING, "dynamodb").get_item(TableName=table, Key=key).get("Item")
        return str(item["id"]["S"]) if item else None

    def call(self, step: str, event: Any) -> Any:
        """Call a Lambda of the orchestrator, as an event does.

        Raises:
            AssertionError: it failed; with the error's message.
        """
        arn = self.organization.function_arn(step)
        answer = self._functions.invoke(FunctionName=arn, Payload=json.dumps(event))
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document["errorMessage"]
        return document

    @cached_property
    def _functions(self) -> "LambdaClient":
        """Lambda as moto's Step Functions reach it, too: through the session that leads calls to the handlers."""
        return boto3.client("lambda", region_name=REGION)

    def read(self, queue: str) -> list[dict[str, Any]]:
        """Take the messages out of a queue; they are JSON."""
        sqs = self.sqs
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    def deliver_starts(self) -> list[str]:
        """Lead the messages of the queue of starts to `start_promotion`, as Lambda does; returns those that failed."""
        sqs, failed = self.sqs, []
        while messages := sqs.receive_message(
            QueueUrl=STARTS, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"]
        ).get("Messages"):
            records = [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message["Attributes"],
                }
                for message in messages
            ]
            answer = self.call("start_promotion", {"Records": records})
            wrong = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            for record in records:
                if record["messageId"] in wrong:
                    failed.append(str(record["body"]))
                else:
                    sqs.delete_message(QueueUrl=STARTS, ReceiptHandle=str(record["receiptHandle"]))
        return failed

    def listen(self, topic: str) -> str:
        """Make a queue that hears all that a topic says; returns the queue's URL."""
        queue = self.sqs.create_queue(QueueName=topic.replace("_", "-"))["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{TOOLING}:{topic.replace('_', '-')}"
        sns = self.wiring.sns
        sns.subscribe(TopicArn=self.wiring.settings[topic], Protocol="sqs", Endpoint=arn)
        return queue


def _unit(name: str, own: UnitSettings | None = None) -> Unit:
    return Unit(name=name, folder=f"projects/{name}", version="0.1.0", settings=own or UnitSettings())
