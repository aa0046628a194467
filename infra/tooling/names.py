"""ARNs that policies are limited to, each exact or limited to the names the orchestrator gives."""

from dataclasses import dataclass

from orchestrator.config.infrastructure import (
    APPROVALS_TOPIC,
    BUILD_PROJECT,
    DEAD_LETTERS,
    FAILURES_TOPIC,
    GUARDRAILS_TABLE,
    LEDGER_TABLE,
    STARTS,
    TOKENS_TABLE,
    UNIT_STACK_ROLE,
    decisions_bucket,
    function_name,
)
from orchestrator.config.organization import Organization
from orchestrator.decisions.records import FOLDER
from orchestrator.releases.layout import survey_key
from orchestrator.trains.names import TRAIN_MACHINE

BUILD_LOG_GROUP = f"/aws/codebuild/{BUILD_PROJECT}"


@dataclass(frozen=True)
class Names:
    """Everything of the tooling account that permissions and settings refer to."""

    organization: Organization

    def _arn(self, service: str, resource: str) -> str:
        tooling = self.organization.tooling
        return f"arn:aws:{service}:{tooling.region}:{tooling.account}:{resource}"

    @property
    def ledger(self) -> str:
        """The ledger's table."""
        return self._arn("dynamodb", f"table/{LEDGER_TABLE}")

    @property
    def guardrails(self) -> str:
        """The table of the guardrails."""
        return self._arn("dynamodb", f"table/{GUARDRAILS_TABLE}")

    @property
    def tokens(self) -> str:
        """The table of approvals' task tokens."""
        return self._arn("dynamodb", f"table/{TOKENS_TABLE}")

    @property
    def decisions_bucket_name(self) -> str:
        """Name of the bucket of decisions."""
        return decisions_bucket(self.organization.tooling.account, self.organization.tooling.region)

    @property
    def decisions_bucket(self) -> str:
        """The bucket of decisions."""
        return f"arn:aws:s3:::{self.decisions_bucket_name}"

    @property
    def decisions(self) -> str:
        """All decisions."""
        return f"{self.decisions_bucket}/{FOLDER}/*"

    @property
    def event_bus(self) -> str:
        """The account's default event bus."""
        return self._arn("events", "event-bus/default")

    @property
    def dead_letters(self) -> str:
        """The dead-letter queue."""
        return self._arn("sqs", DEAD_LETTERS)

    @property
    def starts(self) -> str:
        """The queue of units for which something has to be done."""
        return self._arn("sqs", STARTS)

    @property
    def approvals(self) -> str:
        """The topic that approvals are announced on."""
        return self._arn("sns", APPROVALS_TOPIC)

    @property
    def failures(self) -> str:
        """The topic that failures are announced on."""
        return self._arn("sns", FAILURES_TOPIC)

    @property
    def promotions(self) -> str:
        """The promotion state machines of all units: which units there are is not known here."""
        return self._arn("states", "stateMachine:promote-*")

    @property
    def gates(self) -> str:
        """The gates of all units."""
        return self._arn("states", "stateMachine:*-approve-*")

    @property
    def promotion_executions(self) -> str:
        """All promotions."""
        return self._arn("states", "execution:promote-*:*")

    @property
    def train_machine(self) -> str:
        """The state machine of all trains."""
        return self._arn("states", f"stateMachine:{TRAIN_MACHINE}")

    @property
    def train_executions(self) -> str:
        """All trains."""
        return self._arn("states", f"execution:{TRAIN_MACHINE}:*")

    @property
    def execution_events(self) -> str:
        """The rule by which Step Functions learns that a nested execution has ended; it makes it by itself."""
        return self._arn("events", "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule")

    @property
    def unit_stacks(self) -> str:
        """The stacks that carry units' state machines."""
        return self._arn("cloudformation", "stack/promote-*/*")

    @property
    def unit_stack_role(self) -> str:
        """What CloudFormation changes those stacks with."""
        return self.organization.tooling_role_arn(UNIT_STACK_ROLE)

    @property
    def deployers(self) -> list[str]:
        """The deployer role of every target."""
        arns = (
            target.role_arn(environment.deployer_role)
            for environment in self.organization.environments
            for target in environment.targets
        )
        return list(dict.fromkeys(arns))

    @property
    def bucket(self) -> str:
        """The tooling account's artifacts bucket."""
        return f"arn:aws:s3:::{self.organization.tooling.bucket}"

    def objects(self, pattern: str) -> str:
        """Objects of the tooling account's artifacts bucket."""
        return f"{self.bucket}/{pattern}"

    @property
    def survey(self) -> str:
        """What was found at the branch last."""
        repository = self.organization.repository
        return self.objects(survey_key(repository.url or "", repository.branch))

    def log_group(self, step: str) -> str:
        """The log streams of a step's Lambda."""
        return self._arn("logs", f"log-group:/aws/lambda/{function_name(step)}:*")

    @property
    def build_log_group(self) -> str:
        """The log streams of the CodeBuild project."""
        return self._arn("logs", f"log-group:{BUILD_LOG_GROUP}:*")

    @property
    def build_events(self) -> str:
        """The rule by which Step Functions learns that a CodeBuild build has ended; it makes it by itself."""
        return self._arn("events", "rule/StepFunctionsGetEventForCodeBuildStartBuildRule")

    def secret(self, name: str) -> str:
        """A secret; its ARN ends with six characters that Secrets Manager chooses."""
        return self._arn("secretsmanager", f"secret:{name}-??????")

    def function(self, step: str) -> str:
        """A step's Lambda."""
        return self._arn("lambda", f"function:{function_name(step)}")
