"""The one place where clients are made and parts are put together, for the Lambdas and for the command line."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.httpsession import URLLib3Session

from orchestrator.aws.executions import Executions
from orchestrator.aws.merge_event import put_merge
from orchestrator.aws.secrets import read_secret
from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume, sessions_beside
from orchestrator.aws.stack import Stack
from orchestrator.aws.target import TargetAccount
from orchestrator.build.store import ArtifactStore
from orchestrator.config.organization import UNIT_STACK_ROLE, Environment, Target
from orchestrator.errors import StepError
from orchestrator.identity.proof import Verifier
from orchestrator.identity.trail import Trail
from orchestrator.ledger.ledger import Ledger
from orchestrator.source.github.address import GitHubAddress
from orchestrator.source.github.delivery import Expected
from orchestrator.source.open import Access, open_repository
from orchestrator.source.repository import SourceRepository
from orchestrator.steps.admission import Admission
from orchestrator.steps.checks import StackChecks
from orchestrator.steps.contract import Execution
from orchestrator.steps.decide import Decider
from orchestrator.steps.definitions import UnitStackTemplate
from orchestrator.steps.deploy import Deployer
from orchestrator.steps.deployment import ReleaseFiles
from orchestrator.steps.drift import DriftFinder
from orchestrator.steps.on_merge import MergeHandler
from orchestrator.steps.on_promotion_change import PromotionChange
from orchestrator.steps.on_train_change import TrainChange
from orchestrator.steps.plan import Planner
from orchestrator.steps.plan_train import TrainPlanner
from orchestrator.steps.preview import Previewer
from orchestrator.steps.request_approval import ApprovalRequester
from orchestrator.steps.request_train_approval import TrainApprovalRequester
from orchestrator.steps.resolve_release import ReleaseResolver
from orchestrator.steps.resolve_train import TrainResolver
from orchestrator.steps.retire import Retirer
from orchestrator.steps.roll_back import RollBack
from orchestrator.steps.settle_train import TrainSettler
from orchestrator.steps.smoke_test import SmokeTester
from orchestrator.steps.start_promotion import PromotionStarter
from orchestrator.steps.starts import Starts
from orchestrator.steps.surveys import Surveys
from orchestrator.steps.webhook import Secrets, Webhook

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

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
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Wiring":
        """Wire a Lambda: its role's credentials, and the settings its function was given."""
        settings = {
            name.removeprefix(_PREFIX).lower(): value for name, value in environment.items() if name.startswith(_PREFIX)
        }
        return cls(boto3.Session(), settings)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger."""
        table = self.session.resource("dynamodb", config=CLIENT).Table(self.settings["ledger_table"])
        return Ledger(table, _now)

    @cached_property
    def store(self) -> ArtifactStore:
        """The tooling account's artifacts."""
        return ArtifactStore(self.session.client("s3", config=CLIENT), self.settings["bucket"])

    @cached_property
    def repository(self) -> SourceRepository:
        """The repository that merges come from."""
        access = Access(self._client, self._repository_secret, self._certificates)
        return open_repository(self.settings["repository_url"], access)

    def _client(self, service: Any, region: str | None = None) -> Any:
        return self.session.client(service, region_name=region, config=CLIENT)

    def _repository_secret(self) -> str:
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
    def _assume(self) -> Assumer:
        return Assumer(self.session.client("sts", config=CLIENT), sessions_beside(self.session))

    @cached_property
    def _files(self) -> ReleaseFiles:
        return ReleaseFiles(self.store, _store_of)

    @cached_property
    def executions(self) -> Executions:
        """Executions in the tooling account."""
        return Executions(self.stepfunctions)

    @property
    def _admission(self) -> Admission:
        return Admission(self.ledger, _now, self.executions.is_alive)

    def target(self, environment: Environment, target: Target, execution: Execution) -> TargetAccount:
        """Open a target with its environment's deployer role."""
        role = RoleToAssume(
            target.role_arn(environment.deployer_role), execution.name, self.settings.get("external_id")
        )
        return TargetAccount(target, self._assume(role, target.region), time.sleep)

    def put_aside(self, event: Any, reason: str) -> None:
        """Keep an event that cannot be acted on, with the reason, in the dead-letter queue."""
        self.session.client("sqs", config=CLIENT).send_message(
            QueueUrl=self.settings["dead_letters_url"],
            MessageBody=json.dumps({"reason": reason, "event": event})[:_DEAD_LETTER_BYTES],
        )

    def report(self, subject: str, text: str) -> None:
        """Tell people of a failure."""
        self.sns.publish(TopicArn=self.settings["failures_topic"], Subject=subject, Message=text)

    def resolve_release(self) -> ReleaseResolver:
        """Wire Resolve release."""
        return ReleaseResolver(self.ledger, self.repository)

    def plan(self) -> Planner:
        """Wire Plan."""
        return Planner(self.ledger, self._files, self._admission, self.target, self.repository)

    def request_approval(self) -> ApprovalRequester:
        """Wire Approve."""
        topic = self.settings["approvals_topic"]
        return ApprovalRequester(self.ledger, self.store, self.stepfunctions, self.sns, topic, self.executions.is_alive)

    def decide(self) -> Decider:
        """Wire Decide."""
        sts = self.session.client("sts", config=CLIENT)
        # What it asks is the repository's and people's: no redirect is followed, and nothing else is trusted.
        trusted: Any = self._certificates or True  # The stubs know no file here.
        http = URLLib3Session(verify=trusted, timeout=10)
        trail = Trail(self.session.client("cloudtrail", config=CLIENT))
        verify = Verifier(sts, lambda request: http.send(request), _now)  # noqa: PLW0108  # Its answer's type is wider.
        return Decider(self.ledger, self.stepfunctions, verify, trail, _now)

    def deploy(self) -> Deployer:
        """Wire Deploy."""
        return Deployer(self.ledger, self._admission, self._files, self.target, self.executions)

    def smoke_test(self) -> SmokeTester:
        """Wire Smoke-test."""
        return SmokeTester(self.ledger, self._files, self.target, StackChecks(time.sleep))

    def roll_back(self) -> RollBack:
        """Wire Roll back."""
        return RollBack(self.ledger, self._files, self.target, StackChecks(time.sleep))

    def drift(self) -> DriftFinder:
        """Wire Drift."""
        return DriftFinder(self.ledger, self._files, self.target)

    def preview(self) -> Previewer:
        """Wire Preview."""
        return Previewer(self.plan())

    def function(self, function_arn: str) -> Callable[[Any], Any]:
        """One of the orchestrator's functions, to be called from several threads: clients may, sessions may not.

        A call raises `StepError` with what the function says when it fails.
        """
        client = self.session.client("lambda", config=CLIENT)

        def call(event: Any) -> Any:
            answer = client.invoke(FunctionName=function_arn, Payload=json.dumps(event))
            document = json.loads(answer["Payload"].read())
            if "FunctionError" in answer:
                raise StepError(f"{function_arn.rsplit(':', 1)[-1]} failed: {document.get('errorMessage', document)}")
            return document

        return call

    def on_promotion_change(self) -> PromotionChange:
        """Wire what follows a promotion's begin and end."""
        return PromotionChange(self.ledger, self.stepfunctions, self.sns, self.settings["failures_topic"])

    @cached_property
    def starts(self) -> Starts:
        """The queue of units for which something has to be done."""
        return Starts(self.session.client("sqs", config=CLIENT), self.settings["starts_url"], time.sleep)

    @property
    def start_tries(self) -> int:
        """How often a message of it is tried before it is put aside."""
        return int(self.settings["start_tries"])

    @cached_property
    def _surveys(self) -> Surveys:
        """Kept from one event to the next, for as long as the function is warm."""
        where = f"{self.settings['repository_url']}#{self.settings['branch']}"
        return Surveys(self.store, where, self.settings["code"])

    @cached_property
    def webhook(self) -> Webhook:
        """What GitHub calls; it remembers its secret for a while."""
        secretsmanager = self.session.client("secretsmanager", config=CLIENT)
        number = self.settings["repository_id"]
        address = GitHubAddress.parse(self.settings["repository_url"])
        return Webhook(
            Secrets(lambda: read_secret(secretsmanager, self.settings["webhook_secret"]), time.time),
            Expected(address.full_name, int(number) if number else None, self.settings["branch"]),
            self.ledger.deliveries,
            partial(put_merge, self.session.client("events", config=CLIENT)),
            time.time,
        )

    def resolve_train(self) -> TrainResolver:
        """Wire Resolve train."""
        return TrainResolver(self.ledger, self.repository, self.settings["branch"])

    def plan_train(self) -> TrainPlanner:
        """Wire the planning of a train."""
        return TrainPlanner(self.ledger, self.repository, self._admission)

    def request_train_approval(self) -> TrainApprovalRequester:
        """Wire the approval of a train."""
        topic = self.settings["approvals_topic"]
        return TrainApprovalRequester(self.ledger, self.store, self.stepfunctions, self.sns, topic)

    def settle_train(self) -> TrainSettler:
        """Wire what follows a train's wave."""
        return TrainSettler(self.ledger, self.stepfunctions, self.on_promotion_change())

    def on_train_change(self) -> TrainChange:
        """Wire what follows a train's begin and end."""
        return TrainChange(self.ledger, self.stepfunctions, self.sns, self.settings["failures_topic"])

    def on_merge(self, template: UnitStackTemplate) -> MergeHandler:
        """Wire what follows a merge."""
        branch, code = self.settings["branch"], self.settings["code"]
        return MergeHandler(self.ledger, self.repository, branch, template, self.starts, _now, code, self._surveys)

    def start_promotion(self, template: UnitStackTemplate, retired: UnitStackTemplate) -> PromotionStarter:
        """Wire what on_merge asks for."""
        return PromotionStarter(
            self.ledger,
            self.repository,
            template,
            retired,
            self._machines,
            self.store,
            self.stepfunctions,
            lambda name: f"arn:aws:states:{self.session.region_name}:{self._account}:stateMachine:{name}",
        )

    def retire(self) -> Retirer:
        """Wire Retire."""
        return Retirer(self.ledger, self.settings["branch"], self.target, self._machines)

    def _machines(self, name: str) -> Stack:
        """A stack with a unit's state machines, which CloudFormation changes with its own role."""
        where = f"{self._account}/{self.session.region_name}"
        role = f"arn:aws:iam::{self._account}:role/{UNIT_STACK_ROLE}"
        return Stack(self.cloudformation, name, where, time.sleep, role)

    @cached_property
    def _account(self) -> str:
        return str(self.session.client("sts", config=CLIENT).get_caller_identity()["Account"])


def _store_of(account: TargetAccount) -> ArtifactStore:
    return ArtifactStore(account.s3, account.target.bucket)


def _now() -> datetime:
    return datetime.now(UTC)
