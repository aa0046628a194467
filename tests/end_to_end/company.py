"""A company on the embedded cloud: an organization with the orchestrator, a repository, and a build worker."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import boto3
from uv import find_uv_bin

from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume
from orchestrator.bootstrap.guardrails import drafted, record, records_of, with_administrators
from orchestrator.build.build import Builder, Tools
from orchestrator.build.cache import Cache
from orchestrator.build.environment import clean_environment
from orchestrator.build.task import BuildSetup, BuildTask
from orchestrator.build.worker import BuildFunction, BuildWorker
from orchestrator.cli.context import settings
from orchestrator.config.infrastructure import BUILDER_ROLE
from orchestrator.config.load import load_organization
from orchestrator.config.organization import Organization
from orchestrator.ledger.ledger import Ledger
from orchestrator.local.cloud import LocalCloud
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.progress import Progress
from orchestrator.releases.built_by import BuiltBy
from orchestrator.steps.build_request import BuildInput
from orchestrator.steps.gate_input import plan_prefix
from orchestrator.wiring.builds import BuilderWiring
from orchestrator.wiring.wiring import Wiring, now
from tests.git_repository import GitRepository
from tests.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

ADOPTED = "metronome-live"
"""The one stack that a unit may take over."""
_HANDLER = """\
import os


def handle(event, context):
    return {"healthy": True, "version": os.environ["VERSION"], "environment": os.environ["ENVIRONMENT"]}
"""
_PROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{unit}"
version = "1.0.0"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["src/clock"]

[[tool.orchestrator.smoke_tests]]
invoke = "Function"
match = "healthy"
"""
_TEMPLATE = """\
Parameters:
  ArtifactsBucket: {Type: String}
  SourceKey: {Type: String}
  Version: {Type: String}
  Environment: {Type: String}
  Runtime: {Type: String}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Clock:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: !Ref Runtime
      Handler: clock.handle
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: !Ref ArtifactsBucket, S3Key: !Ref SourceKey}
      Environment:
        Variables: {VERSION: !Ref Version, ENVIRONMENT: !Ref Environment}
Outputs:
  Function: {Value: !Ref Clock}
"""


@dataclass(frozen=True)
class Company:
    """One company.

    Args:
        organization: its accounts; `repository.url` is that of the folder.
        folder: its git repository.
        root_of: opens an account as its root.
        new_session: makes sessions for the embedded cloud.
        unit: the one that is promoted; its Python package is called `clock`.
    """

    organization: Organization
    folder: Path
    root_of: Callable[..., boto3.Session]
    new_session: Callable[..., boto3.Session]
    unit: str = "clock"

    def found(self) -> None:
        """Make the repository with one unit."""
        self.repository.begin()
        self.add_unit()

    def add_unit(self) -> None:
        """Add the unit to the repository, without a commit."""
        unit = self.folder / "projects" / self.unit
        (unit / "src" / "clock").mkdir(parents=True)
        (self.folder / "orchestrator.toml").write_text(_toml(self.organization))
        (unit / "pyproject.toml").write_text(_PROJECT.replace("{unit}", self.unit))
        (unit / "template.yaml").write_text(_TEMPLATE)
        (unit / "src" / "clock" / "__init__.py").write_text(_HANDLER)

    def organize(self, text: str) -> None:
        """Have an administrator record what `orchestrator.toml` is going to say, and write it."""
        file = load_organization(text)
        repository = file.repository.model_copy(update={"url": self.organization.repository.url})
        named = with_administrators(file, self.recorded.tooling.administrators)
        self.record(named.model_copy(update={"repository": repository}))
        (self.folder / "orchestrator.toml").write_text(text)

    @property
    def recorded(self) -> Organization:
        """The guardrails."""
        return records_of(self.tooling, now).current().organization

    def record(self, described: Organization) -> None:
        """Have an administrator record other guardrails."""
        records = records_of(self.tooling, now)
        version = drafted(described, records.current(), "a test", now())
        record(records, version, self.tooling.client("iam", config=CLIENT))

    def leave(self) -> None:
        """Stop all promotions, and remove all units from the repository: what was deployed stays."""
        for promotion in self.ledger.promotions.under_way():
            self.wiring.stepfunctions.stop_execution(executionArn=promotion.execution)
        until(lambda: self.ledger.promotions.under_way() == [] or None)
        shutil.rmtree(self.folder / "projects")
        self.commit("Leave")

    def change(self, file: str, text: str) -> str:
        """Write a file of the unit and commit; returns the commit's id."""
        (self.folder / "projects" / self.unit / file).write_text(text)
        return self.commit(f"Change {file}")

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit's id."""
        return self.repository.commit(message)

    @cached_property
    def repository(self) -> GitRepository:
        """Its git repository."""
        return GitRepository(self.folder)

    @cached_property
    def tooling(self) -> boto3.Session:
        """The tooling account's root."""
        return self.root_of(self.organization.tooling.account)

    @cached_property
    def wiring(self) -> Wiring:
        """The parts, with the permissions of the tooling account's root."""
        return Wiring(self.tooling, settings(self.organization))

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        return self.wiring.ledger

    @property
    def environments(self) -> list[str]:
        """The environments' names."""
        return self.organization.environment_names

    def put_event(self, detail: dict[str, Any]) -> None:
        """Put a merge event."""
        entry = {"Source": "orchestrator", "DetailType": "Merge", "Detail": json.dumps(detail)}
        self.tooling.client("events", config=CLIENT).put_events(Entries=[entry])  # type: ignore[list-item]

    def merge(self, commit: str) -> str:
        """Put the merge event of a commit, and wait until its promotion has started; returns the execution."""
        self.put_event({"branch": "main", "commit": commit})

        def started() -> str | None:
            start = self.ledger.branches.last_starts("main").get(self.unit)
            return start.execution if start and start.commit == commit else None

        return until(started)

    def follow(self, execution: str) -> Progress:
        """Wait for a promotion's end."""
        follower = Follower(self.wiring.stepfunctions, lambda _: None)
        return until(lambda: seen if (seen := follower.look(execution, self.environments)).ended else None)

    def decide(self, execution: str, decision: str) -> dict[str, Any]:
        """Wait until a promotion asks for prod, and start its gate as a person would in the console."""
        version = until(lambda: self.waits(execution))
        return self.start_gate({"release": version, "decision": decision, "plan": self.plan(), "reason": "tried"})

    def plan(self) -> str:
        """What a decision on prod names the plan by that was made last."""
        request = self.ledger.approvals.request(self.unit, "prod")
        return plan_prefix(request.shown) if request else ""

    def waits(self, execution: str) -> str | None:
        """The version that a promotion asks a decision on for prod, None when it does not."""
        request = self.ledger.approvals.request(self.unit, "prod")
        return request.version if request and request.execution == execution else None

    def start_gate(self, document: dict[str, Any]) -> dict[str, Any]:
        """Start the gate of prod, and describe how it ended."""
        arn = self.organization.state_machine_arn(f"{self.unit}-approve-prod")
        gate = self.wiring.stepfunctions.start_execution(stateMachineArn=arn, input=json.dumps(document))

        def ended() -> dict[str, Any] | None:
            described = dict(self.wiring.stepfunctions.describe_execution(executionArn=gate["executionArn"]))
            return described if described["status"] != "RUNNING" else None

        return until(ended)

    def resume(self, environment: str) -> None:
        """Lift the hold that a rollback left."""
        self.ledger.controls.lift_hold(self.unit, environment, "test")

    def function(
        self, environment: str, stack: str | None = None, output: str = "Function"
    ) -> "tuple[LambdaClient, str]":
        """The function that an output of the unit's stack names: a client of its account, and the name."""
        session = self.root_of(self.organization.environment(environment).targets[0].account)
        client = session.client("cloudformation", config=CLIENT)
        stacks = client.describe_stacks(StackName=stack or f"app-{self.unit}")["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}
        return session.client("lambda", config=CLIENT), outputs[output]

    def ask(self, environment: str, stack: str | None = None, output: str = "Function") -> dict[str, Any]:
        """Call the unit where it is deployed, in a stack of another name if one is given."""
        client, name = self.function(environment, stack, output)
        answer = client.invoke(FunctionName=name, Payload=b"{}")
        document: dict[str, Any] = json.loads(answer["Payload"].read())
        return document

    def command(
        self, cloud: LocalCloud, *arguments: str, folder: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line in the repository, or another folder, with the tooling account's root unless told."""
        process = cloud.running()
        assert process is not None
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": process.endpoint_url,
            "AWS_CA_BUNDLE": str(process.certificate),
            "AWS_ACCESS_KEY_ID": self.organization.tooling.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            **variables,
        }
        where = str(folder or self.folder)
        command = [sys.executable, "-m", "orchestrator.cli.main", "--repository", where, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def builder(self) -> BuilderWiring:
        """What a build worker works with: the builder's role, and its settings."""
        assume = Assumer(self.tooling.client("sts", config=CLIENT), self.new_session)
        role = RoleToAssume(self.organization.tooling_role_arn(BUILDER_ROLE), "test-worker")
        return BuilderWiring(assume(role, self.organization.tooling.region), settings(self.organization))

    @contextmanager
    def worker(self) -> Iterator["Builds"]:
        """A build worker with the builder's role, in a thread; yields what its builds are done by."""
        wiring = self.builder()
        cache = Cache(self.folder.parent / "cache")
        name = f"test-worker-{token_hex(4)}"

        def set_up(wanted: BuildInput) -> BuildSetup:
            built_by = BuiltBy("worker", name, wanted.execution.id)
            publication = wiring.publication(wanted, built_by, self.new_session)
            tools = Tools(find_uv_bin(), sys.executable, clean_environment(os.environ), cache, built_by)
            builder = Builder(wiring.repository, publication.store, publication.releases, tools)
            return BuildSetup(builder, publication.logs)

        stop = Event()
        builds = Builds(BuildTask(wiring.catalogs, wiring.merge_rule, set_up))
        worker = BuildWorker(wiring.stepfunctions, self.organization.build_activity_arn, builds, name=name)
        Thread(target=worker.run, args=(stop,), daemon=True).start()
        yield builds
        stop.set()


class Builds:
    """What a worker does with its tasks: it builds, unless a test puts something else in the place of that.

    Args:
        build: builds.
    """

    def __init__(self, build: BuildFunction) -> None:
        self._build = build
        self.instead: BuildFunction | None = None

    def __call__(self, task: dict[str, Any]) -> dict[str, Any]:
        """Do one task."""
        return (self.instead or self._build)(task)


def _toml(organization: Organization) -> str:
    tooling, platform, url = organization.tooling, organization.lambda_, str(organization.repository.url)
    repository = f'\n[repository]\nurl = "{url}"\n' if url.startswith("s3://") else ""
    environments = "".join(
        f'\n[[environments]]\nname = "{one.name}"\naccount = "{one.targets[0].account}"\n'
        f'region = "{one.targets[0].region}"\nrequires_approval = {str(one.requires_approval).lower()}\n'
        for one in organization.environments
    )
    return (
        f'[adopt]\nstacks = ["{ADOPTED}"]\n\n[tooling]\naccount = "{tooling.account}"\nregion = "{tooling.region}"\n\n'
        f'[lambda]\npython = "{platform.python}"\narchitecture = "{platform.architecture}"\n{repository}{environments}'
    )
