"""A company in moto: five accounts in process, the real handlers behind Step Functions' Lambda calls.

What is deployed is a parameter in the target's own account. The smoke tests of a release call its own address on a
web server of this process, which answers as a test wants it to. It stands in for CloudTrail, too.
"""

import io
import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import boto3
import botocore.session
import pytest
from moto import mock_aws

from orchestrator.aws.session import CLIENT, sessions_beside
from orchestrator.build import layout
from orchestrator.build.manifest import Manifest
from orchestrator.cli.context import settings
from orchestrator.config.organization import DEAD_LETTERS, Organization
from orchestrator.config.unit import Unit, UnitSettings
from orchestrator.ledger.ledger import Ledger
from orchestrator.local.certificate import make_certificate
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.progress import Progress
from orchestrator.steps.contract import Release
from orchestrator.wiring import Wiring
from state_machines.gate import gate
from state_machines.promotion import promotion
from tests.aws_answers import Answers, refuse
from tests.ledger_table import make_ledger_table
from tests.waiting import until

Fault = Callable[[Any, object], Any]

REGION = "eu-west-1"
# Moto's own account, which everybody is in who has assumed no role.
TOOLING = "123456789012"
# Prod has two targets.
_ACCOUNTS = {
    "dev": ["222222222222"],
    "test": ["333333333333"],
    "staging": ["444444444444"],
    "prod": ["555555555555", "666666666666"],
}
SOMEBODY = "arn:aws:sts::123456789012:assumed-role/developer/somebody"
_TEMPLATE = {
    "Parameters": {name: {"Type": "String"} for name in ("Unit", "Version", "Environment")},
    "Resources": {
        "Running": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": {"Fn::Sub": "/running/${Environment}/${Unit}"},
                "Type": "String",
                "Value": {"Ref": "Version"},
            },
        }
    },
}


class Site:
    """A web server that answers 200 for every release that is not broken, and tells who started what.

    Args:
        folder: where its certificate is put.
    """

    def __init__(self, folder: Path) -> None:
        self.broken: set[str] = set()
        """Versions whose address answers 503."""
        self.starts: list[dict[str, Any]] = []
        """What CloudTrail has recorded."""
        self.certificate = folder / "certificate.pem"
        key = folder / "key.pem"
        make_certificate(self.certificate, key)
        site = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # The base class asks for this name.
                self.send_response(503 if self.path.removeprefix("/") in site.broken else 200)
                self.end_headers()

            def do_POST(self) -> None:  # The same.
                events = [{"CloudTrailEvent": json.dumps(event)} for event in site.starts]
                body = json.dumps({"Events": events}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


@dataclass
class MotoCompany:
    """One company.

    Args:
        organization: its accounts; its Lambdas are this process.
        folder: its git repository.
        site: where the unit `clock` answers.
        lambdas: the orchestrator's functions.
        answers: what AWS says in moto's place.
    """

    organization: Organization
    folder: Path
    site: Site
    lambdas: "Lambdas"
    answers: Answers
    unit: Unit = field(default_factory=lambda: _unit("clock"))

    def found(self) -> None:
        """Make what bootstrap makes, and a repository with one commit."""
        session = boto3.Session(region_name=REGION)
        make_ledger_table(session, self.wiring.settings["ledger_table"])
        for topic in ("approvals_topic", "failures_topic"):
            session.client("sns").create_topic(Name=self.wiring.settings[topic].rsplit(":", 1)[-1])
        self._bucket(session, self.organization.tooling.bucket)
        for target in self.organization.targets:
            self._bucket(self.session(target.account), target.bucket)
        session.client("sqs").create_queue(QueueName=DEAD_LETTERS)
        session.client("stepfunctions").create_activity(name=self.organization.build_activity_arn.rsplit(":", 1)[-1])
        self.folder.mkdir()
        self._git("init", "--quiet", "--initial-branch=main")
        self.commit("Begin")

    def change(self, message: str) -> str:
        """Change the unit's folder and commit; returns the commit's id."""
        file = self.folder / self.unit.folder / "notes.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(message)
        return self.commit(message)

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit's id."""
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", message)
        return self._git("rev-parse", "HEAD").strip()

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

    def with_unit(self, name: str, own: UnitSettings | None = None) -> "MotoCompany":
        """The same company, seen from another unit."""
        return replace(self, unit=_unit(name, own))

    def publish(
        self,
        version: str,
        unit: str = "clock",
        *,
        template: dict[str, Any] = _TEMPLATE,
        wheel: bytes = b"wheel",
        **unit_settings: Any,
    ) -> Release:
        """Publish a release, as a build would."""
        store = self.wiring.store
        own = {"smoke_tests": [{"url": f"{self.site.url}/{version}"}], **unit_settings}
        manifest = Manifest(
            unit=unit,
            version=version,
            digest=f"digest-of-{version}",
            commit=self._git("rev-parse", "HEAD").strip(),
            author="Test <test@example.com>",
            committed_at="2026-01-01T00:00:00Z",
            inputs=("projects/clock",),
            builder="local",
            tools={"uv": "0"},
            python="3.13",
            architecture="x86_64",
            requirements=(f"left-pad=={version}",),
            settings=UnitSettings.model_validate(own),
            layer=None,
            wheel=store.put_new(layout.source_key(unit, version, f"{unit}-{version}-py3-none-any.whl"), wheel),
            sdist=store.put_new(layout.source_key(unit, version, f"{unit}-{version}.tar.gz"), b"sdist"),
            template=store.put_new(layout.template_key(unit, version), json.dumps(template).encode()),
            sbom=store.put_new(layout.sbom_key(unit, version), b"{}"),
        )
        artifact = store.put_new(layout.manifest_key(unit, version), manifest.to_json())
        self.ledger.releases.claim_version(unit, manifest.digest, version)
        self.ledger.releases.record_release(artifact.key, manifest, artifact.sha256)
        return self.ledger.releases.release(unit, version)

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
            if self.unit.needs_approval(name, self.organization)
        }
        for name, machine in machines.items():
            self._install(name, machine)

    def _install(self, name: str, machine: dict[str, Any]) -> None:
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
        self.site.starts.append({"userIdentity": {"arn": who}, "responseElements": {"executionArn": arn}})

    def start(self, name: str, who: str = SOMEBODY, **request: Any) -> str:
        """Start a promotion as somebody; returns its execution."""
        arn = self.organization.state_machine_arn(self.unit.state_machine_name)
        self.record_start(arn, name, who)
        started = self.wiring.stepfunctions.start_execution(stateMachineArn=arn, name=name, input=json.dumps(request))
        return started["executionArn"]

    def look(self, execution: str) -> Progress:
        """How a promotion stands."""
        return Follower(self.wiring.stepfunctions, lambda _: None).look(execution, _ACCOUNTS)

    def follow(self, execution: str) -> Progress:
        """Wait for a promotion's end."""
        return until(lambda: self._ended(execution))

    def _ended(self, execution: str) -> Progress | None:
        """How a promotion ended; its history is read only then, because that takes moto long."""
        if self.wiring.stepfunctions.describe_execution(executionArn=execution)["status"] == "RUNNING":
            return None
        seen = self.look(execution)
        return seen if seen.ended else None

    def promote(self, name: str, **request: Any) -> Progress:
        """Start a promotion, approve whatever it asks for, and wait for its end."""
        execution = self.start(name, **request)

        def ended() -> Progress | None:
            for asked in self.ledger.approvals.requests(self.unit.name):
                if (asked.execution, asked.status) == (execution, "PENDING"):
                    self.decide(asked.environment, request["version"], "approve")
            return self._ended(execution)

        return until(ended)

    def asked(self, execution: str, environment: str) -> bool:
        """Whether a promotion waits for a decision."""
        request = self.ledger.approvals.request(self.unit.name, environment)
        return request is not None and (request.execution, request.status) == (execution, "PENDING")

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
        document = json.dumps({"release": version, "decision": decision, "reason": "tried"})
        client = self.wiring.stepfunctions
        return client.start_execution(stateMachineArn=arn, name=name, input=document)["executionArn"]

    def states(self, execution: str) -> list[str]:
        """The states that an execution entered, in order."""
        pages = self.wiring.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution)
        events = [event for page in pages for event in page["events"]]
        return [one["stateEnteredEventDetails"]["name"] for one in events if "stateEnteredEventDetails" in one]

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

    def read(self, queue: str) -> list[dict[str, Any]]:
        """Take the messages out of a queue; they are JSON."""
        sqs = self.wiring.session.client("sqs")
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

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

    def _git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
        command = ["git", *identity, "-C", str(self.folder), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _unit(name: str, own: UnitSettings | None = None) -> Unit:
    return Unit(name=name, folder=f"projects/{name}", version="0.1.0", settings=own or UnitSettings())


@contextmanager
def moto_company(folder: Path, *, execute: bool = True, prod: dict[str, Any] | None = None) -> Iterator[MotoCompany]:
    """Found a company, and lead every Lambda call of the tooling account to its handler.

    Args:
        folder: where its repository and its web server's certificate are put.
        execute: whether executions run. Moto keeps state machines that run apart from those that CloudFormation makes.
        prod: more of prod's settings.
    """
    config: Any = {"stepfunctions": {"execute_state_machine": execute}, "lambda": {"use_docker": False}}
    environments: list[dict[str, Any]] = [
        {"name": name, "targets": [{"account": account, "region": REGION} for account in accounts]}
        for name, accounts in _ACCOUNTS.items()
    ]
    environments[-1] |= {"approval": True, **(prod or {})}
    organization = Organization.model_validate(
        {
            "tooling": {"account": TOOLING, "region": REGION},
            "environments": environments,
            "repository": {"url": (folder / "repository").as_uri()},
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
        dead_letters = f"https://sqs.{REGION}.amazonaws.com/{TOOLING}/{DEAD_LETTERS}"
        for name, value in {**settings(organization), "dead_letters_url": dead_letters}.items():
            environment.setenv(f"ORCHESTRATOR_{name.upper()}", value)
        core = botocore.session.Session()
        lambdas: Any = Lambdas()  # A handler may answer in AWS's place; the stubs do not say so.
        core.register("before-call.lambda.Invoke", lambdas)
        boto3.setup_default_session(botocore_session=core)
        company = MotoCompany(organization, folder / "repository", site, lambdas, answers)
        company.found()
        yield company
        boto3.DEFAULT_SESSION = None
    site.close()


class Lambdas:
    """The orchestrator's functions: each is started cold once, with the environment variables of that moment."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[[Any, object], Any]] = {}
        self.faults: dict[str, list[Fault]] = {}
        """By step, what goes wrong with its next calls, in place of the handler."""

    def __call__(self, params: dict[str, Any], **_arguments: object) -> tuple[SimpleNamespace, dict[str, Any]]:
        """Answer a call as the service would: with the handler's result, or with its error as a document."""
        function = unquote(params["url_path"]).split("/functions/")[1].split("/")[0].rsplit(":", 1)[-1]
        step = function.removeprefix("orchestrator-").replace("-", "_")
        faults = self.faults.get(step)
        handler = faults.pop(0) if faults else self.handler(step)
        answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        try:
            document = handler(json.loads(params["body"]), None)
        except Exception as error:  # noqa: BLE001  # As the service does: whatever a function raises becomes a document.
            document = {"errorMessage": str(error), "errorType": getattr(error, "error_type", type(error).__name__)}
            answer["FunctionError"] = "Unhandled"
        answer["Payload"] = io.BytesIO(json.dumps(document).encode())
        return SimpleNamespace(status_code=200), answer

    def handler(self, step: str) -> Callable[[Any, object], Any]:
        """What carries a step out."""
        return self._handlers.get(step) or self._handlers.setdefault(step, _cold_start(step))


def _cold_start(step: str) -> Callable[[Any, object], Any]:
    spec = find_spec(f"lambdas.{step}")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, object], Any] = module.handler
    return handler
