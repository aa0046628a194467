"""The accounts of a company in moto: what bootstrap makes in them, and what a test looks up there."""

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import boto3

from orchestrator.aws.session import CLIENT, sessions_beside
from orchestrator.cli.context import settings
from orchestrator.config.organization import DEAD_LETTERS, STARTS, Organization
from orchestrator.config.unit import Unit, UnitSettings
from orchestrator.ledger.ledger import Ledger
from orchestrator.wiring import Wiring
from tests.aws_answers import Answers
from tests.ledger_table import make_ledger_table
from tests.moto_lambdas import Lambdas
from tests.moto_site import Site

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

    def install_accounts(self) -> None:
        """Make what bootstrap makes."""
        session = boto3.Session(region_name=REGION)
        make_ledger_table(session, self.wiring.settings["ledger_table"])
        for topic in ("approvals_topic", "failures_topic"):
            session.client("sns").create_topic(Name=self.wiring.settings[topic].rsplit(":", 1)[-1])
        self._bucket(session, self.organization.tooling.bucket)
        for target in self.organization.targets:
            self._bucket(self.session(target.account), target.bucket)
        session.client("sqs").create_queue(QueueName=DEAD_LETTERS)
        session.client("sqs").create_queue(QueueName=STARTS, Attributes={"FifoQueue": "true"})
        session.client("stepfunctions").create_activity(name=self.organization.build_activity_arn.rsplit(":", 1)[-1])

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
        role = f"arn:aws:iam::{account}:role/test"
        sts = self.wiring.session.client("sts")
        credentials = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return sessions_beside(self.wiring.session)(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=REGION,
        )

    def client(self, environment: str, service: str, target: int = 0) -> Any:
        """A client of an environment's account."""
        account = self.organization.environment(environment).targets[target].account
        return self.session(account).client(service, config=CLIENT)  # type: ignore[call-overload]  # Any of them.

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
        table = self.wiring.session.resource("dynamodb").Table(self.wiring.settings["ledger_table"])
        item = table.get_item(Key={"pk": f"UNIT#{self.unit.name}", "sk": f"LOCK#{environment}"}).get("Item")
        return str(item["id"]) if item else None

    def call(self, step: str, event: Any) -> Any:
        """Call a Lambda of the orchestrator, as an event does.

        Raises:
            AssertionError: it failed; with the error's message.
        """
        arn = self.organization.function_arn(step)
        answer = boto3.client("lambda", region_name=REGION).invoke(FunctionName=arn, Payload=json.dumps(event))
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document["errorMessage"]
        return document

    def read(self, queue: str) -> list[dict[str, Any]]:
        """Take the messages out of a queue; they are JSON."""
        sqs = self.wiring.session.client("sqs")
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    def deliver_starts(self) -> list[str]:
        """Lead the messages of the queue of starts to `start_promotion`, as Lambda does; returns those that failed."""
        sqs, failed = self.wiring.session.client("sqs"), []
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
        sqs = self.wiring.session.client("sqs")
        queue = sqs.create_queue(QueueName=topic.replace("_", "-"))["QueueUrl"]
        arn = f"arn:aws:sqs:{REGION}:{TOOLING}:{topic.replace('_', '-')}"
        sns = self.wiring.sns
        sns.subscribe(TopicArn=self.wiring.settings[topic], Protocol="sqs", Endpoint=arn)
        return queue

    @staticmethod
    def _bucket(session: boto3.Session, name: str) -> None:
        where: Any = {"LocationConstraint": REGION}
        session.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)


def _unit(name: str, own: UnitSettings | None = None) -> Unit:
    return Unit(name=name, folder=f"projects/{name}", version="0.1.0", settings=own or UnitSettings())
