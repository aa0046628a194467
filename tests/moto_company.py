"""A company in moto: five accounts in process, the real handlers behind Step Functions' Lambda calls.

What is deployed is a parameter in the target's own account. The smoke tests of a release call its own address on a
web server of this process, which answers as a test wants it to. It stands in for CloudTrail, too.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from moto import mock_aws

from orchestrator.cli.context import settings
from orchestrator.config.infrastructure import DEAD_LETTERS, LEDGER_TABLE, PUBLISHER_ROLE, STARTS
from orchestrator.config.organization import Organization
from orchestrator.guardrails.rules import waits_for_approval
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.progress import Progress
from orchestrator.steps.gate_input import plan_prefix
from state_machines.gate import gate
from state_machines.promotion import promotion
from tests.aws_answers import Answers, refuse
from tests.moto_accounts import REGION, TOOLING
from tests.moto_executions import begin_before_others_look
from tests.moto_lambdas import Lambdas
from tests.moto_releases import MotoReleases
from tests.moto_site import Site, started_event
from tests.waiting import until

# Prod has two targets.
_ACCOUNTS = {
    "dev": ["222222222222"],
    "test": ["333333333333"],
    "staging": ["444444444444"],
    "prod": ["555555555555", "666666666666"],
}
# Seconds between two looks at an execution: moto runs it in this process, which looking slows down.
_EVERY = 0.25
SOMEBODY = "arn:aws:sts::123456789012:assumed-role/developer/somebody"


class MotoCompany(MotoReleases):
    """One company, whose units are promoted."""

    def install(self, alter: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
        """Make the unit's state machines, or bring them up to date.

        Args:
            alter: changes the promotion's definition: shortens times that a test cannot wait for, besides all waits.
        """
        definition = promotion(self.unit, self.organization)
        alter(definition)
        machines = {self.unit.state_machine_name: definition} | {
            self.unit.gate_name(name): gate(self.unit, name, self.organization)
            for name in self.organization.environment_names
        }
        for name, machine in machines.items():
            self.make_machine(name, machine)

    def make_machine(self, name: str, machine: dict[str, Any]) -> None:
        """Make a state machine, or bring it up to date; its waits last a second."""
        for state in machine["States"].values():
            if "SecondsPath" in state:
                state["Seconds"] = 1
                del state["SecondsPath"]
        definition = json.dumps(machine)
        client, arn = self.wiring.stepfunctions, self.organization.state_machine_arn(name)
        if arn in [one["stateMachineArn"] for one in client.list_state_machines()["stateMachines"]]:
            client.update_state_machine(stateMachineArn=arn, definition=definition)
        else:
            role = self.organization.tooling_role_arn("states")
            client.create_state_machine(name=name, definition=definition, roleArn=role)

    def record_start(self, state_machine: str, name: str, who: str) -> None:
        """Make CloudTrail know who starts an execution."""
        arn = f"{state_machine.replace(':stateMachine:', ':execution:')}:{name}"
        self.site.starts.append(started_event(arn, who))

    def start(self, name: str, who: str = SOMEBODY, **request: Any) -> str:
        """Start a promotion as somebody; returns its execution."""
        arn = self.organization.state_machine_arn(self.unit.state_machine_name)
        self.record_start(arn, name, who)
        started = self.wiring.stepfunctions.start_execution(stateMachineArn=arn, name=name, input=json.dumps(request))
        return started["executionArn"]

    def look(self, execution: str) -> Progress:
        """How a promotion stands."""
        return Follower(self.wiring.stepfunctions, lambda _: None).look(execution, self.organization.environment_names)

    def follow(self, execution: str) -> Progress:
        """Wait for a promotion's end."""
        return until(lambda: self._ended(execution), every=_EVERY)

    def _ended(self, execution: str) -> Progress | None:
        """How a promotion ended; its history is read only then, because that takes moto long."""
        if self.wiring.stepfunctions.describe_execution(executionArn=execution)["status"] == "RUNNING":
            return None
        seen = self.look(execution)
        return seen if seen.ended else None

    def promote(self, name: str, **request: Any) -> Progress:
        """Start a promotion, approve whatever it asks for, and wait for its end."""
        execution = self.start(name, **request)
        environments = self.organization.environment_names
        gated = [one for one in environments if waits_for_approval(self.unit, self.organization, one)]

        def ended() -> Progress | None:
            for environment in gated:
                if self.asked(execution, environment):
                    self.decide(environment, request["version"], "approve")
            return self._ended(execution)

        return until(ended, every=_EVERY)

    def asked(self, execution: str, environment: str) -> bool:
        """Whether a promotion waits for a decision."""
        request = self.ledger.approvals.request(self.unit.name, environment)
        return request is not None and (request.execution, request.status) == (execution, "PENDING")

    def plan(self, environment: str) -> str:
        """The hash of the plan that waits for a decision, as the notice shows it; a made-up one where none does."""
        request = self.ledger.approvals.request(self.unit.name, environment)
        return plan_prefix(request.shown if request else "0" * 64)

    def decide(self, environment: str, version: str, decision: str, who: str = SOMEBODY) -> dict[str, Any]:
        """Start the gate of an environment as somebody, and describe how it ended."""
        arn = self.organization.state_machine_arn(self.unit.gate_name(environment))
        name = f"gate-{len(self.site.starts)}"
        self.record_start(arn, name, who)
        execution = self.open_gate(environment, version, decision, name)

        def ended() -> dict[str, Any] | None:
            described = dict(self.wiring.stepfunctions.describe_execution(executionArn=execution))
            return described if described["status"] != "RUNNING" else None

        return until(ended)

    def open_gate(self, environment: str, version: str, decision: str, name: str) -> str:
        """Start the gate of an environment; returns its execution."""
        arn = self.organization.state_machine_arn(self.unit.gate_name(environment))
        document = json.dumps(
            {"release": version, "plan": self.plan(environment), "decision": decision, "reason": "tried"}
        )
        client = self.wiring.stepfunctions
        return client.start_execution(stateMachineArn=arn, name=name, input=document)["executionArn"]

    def states(self, execution: str) -> list[str]:
        """The states that an execution entered, in order."""
        pages = self.wiring.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution)
        events = [event for page in pages for event in page["events"]]
        return [one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one]

    def execution_arn(self, name: str) -> str:
        """ARN of a promotion's execution."""
        arn = self.organization.state_machine_arn(self.unit.state_machine_name)
        return f"{arn.replace(':stateMachine:', ':execution:')}:{name}"

    def end(self, name: str, status: str | None = None) -> str:
        """Deliver the event of a promotion's end, which moto does not; returns the outcome that was noted."""
        execution = self.execution_arn(name)
        status = status or self.wiring.stepfunctions.describe_execution(executionArn=execution)["status"]
        detail = {"executionArn": execution, "status": status}
        return str(self.call("on_promotion_change", {"detail": detail})["outcome"])


@contextmanager
def moto_company(
    folder: Path,
    *,
    environments: tuple[str, ...] = tuple(_ACCOUNTS),
    execute: bool = True,
    prod: dict[str, Any] | None = None,
    adopt: tuple[str, ...] = (),
    people: dict[str, tuple[str, ...]] | None = None,
) -> Iterator[MotoCompany]:
    """Found a company, and lead every Lambda call of the tooling account to its handler.

    Args:
        folder: where its repository and its web server's certificate are put.
        environments: those that it has. Moto parses the definition anew for each execution, and slowly.
        execute: whether executions run. Moto keeps state machines that run apart from those that CloudFormation makes.
        prod: more of prod's settings.
        adopt: names of stacks that units may take over.
        people: by address, the principals of those who commit.
    """
    config: Any = {"stepfunctions": {"execute_state_machine": execute}, "lambda": {"use_docker": False}}
    described: list[dict[str, Any]] = [
        {"name": name, "targets": [{"account": account, "region": REGION} for account in _ACCOUNTS[name]]}
        for name in environments
    ]
    described[-1] |= {"requires_approval": True, **(prod or {})}
    organization = Organization.model_validate(
        {
            "tooling": {"account": TOOLING, "region": REGION},
            "environments": described,
            "repository": {"url": (folder / "repository").as_uri()},
            "adopt": {"stacks": adopt},
            "people": people or {},
        }
    )
    site = Site(folder)
    # Moto does not look for drift.
    answers = Answers({"cloudformation.DetectStackDrift": refuse("ValidationError", "Not known here.")})
    with (
        pytest.MonkeyPatch.context() as environment,
        mock_aws(config=config),
        answers.in_place(),
    ):
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        environment.setenv("SSL_CERT_FILE", str(site.certificate))
        environment.setenv("AWS_CA_BUNDLE", str(site.certificate))
        environment.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", site.url)
        queues = f"https://sqs.{REGION}.amazonaws.com/{TOOLING}"
        own = {
            "dead_letters_url": f"{queues}/{DEAD_LETTERS}",
            "starts_url": f"{queues}/{STARTS}",
            "start_tries": "3",
            "code": "bundle",
            "publisher_role": organization.tooling_role_arn(PUBLISHER_ROLE),
            "ledger_arn": f"arn:aws:dynamodb:{REGION}:{TOOLING}:table/{LEDGER_TABLE}",
            "promotions": organization.state_machine_arn("promote-").replace(":stateMachine:", ":execution:"),
            "build_runner": organization.build.runner,
        }
        for name, value in {**settings(organization), **own}.items():
            environment.setenv(f"ORCHESTRATOR_{name.upper()}", value)
        core = botocore.session.Session()
        lambdas: Any = Lambdas()  # A handler may answer in AWS's place; the stubs do not say so.
        core.register("before-call.lambda.Invoke", lambdas)
        translated: tuple[Any, Any] = (_as_in_the_api, _as_in_states)  # Likewise.
        core.register("before-parameter-build.sfn.StartExecution", translated[0])
        core.register("after-call.sfn.StartExecution", translated[1])
        begin_before_others_look(core, TOOLING, REGION)
        boto3.setup_default_session(botocore_session=core)
        company = MotoCompany(organization, folder / "repository", site, lambdas, answers)
        company.found()
        yield company
        boto3.DEFAULT_SESSION = None
        not_granted = sorted(f"{one}" for one in lambdas.touched if not one.is_granted)
        assert not not_granted, not_granted
    site.close()


def _as_in_the_api(params: dict[str, Any], **_arguments: object) -> None:
    """Write an execution's parameters as the API has them: moto passes them on as the state that starts it does."""
    for name in [one for one in params if one[0].isupper()]:
        params[name[0].lower() + name[1:]] = params.pop(name)


def _as_in_states(parsed: dict[str, Any], **_arguments: object) -> None:
    """Name a started execution as states have it, too: that is where moto looks for it."""
    parsed["ExecutionArn"] = parsed.get("executionArn")
