"""What CodeBuild would run: the buildspec's commands of the installed project, in a clean shell, with its role alone.

The embedded cloud has no `codebuild:startBuild.sync`. So the test does what CodeBuild does: it unpacks the project's
source, sets the documented variables, serves the role's credentials, runs the commands, and describes the build to
whoever asks. The promotion hands its build to the activity instead, where the test finds it.
"""

import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from venv import EnvBuilder

import boto3
import pytest
import yaml

from orchestrator.aws.session import CLIENT, Assumer, RoleToAssume
from orchestrator.bootstrap.install import Bootstrap
from orchestrator.bootstrap.synth import synthesize
from orchestrator.config.infrastructure import (
    BUILD_PROJECT,
    CODEBUILD_ROLE,
    PROMOTION_ROLE,
    TOOLING_STACK,
    function_name,
)
from orchestrator.config.organization import Build, Lambda, Organization
from orchestrator.config.repository import Repository
from orchestrator.config.unit import Unit, UnitSettings
from orchestrator.local.cloud import LocalCloud
from orchestrator.releases import layout
from orchestrator.releases.built_by import BuiltBy
from orchestrator.releases.manifest import Manifest
from orchestrator.steps.build_request import EXECUTION_ID, EXECUTION_NAME, NETWORK, NONCE, REQUEST, STARTED_AT, UNIT
from orchestrator.steps.contract import Execution
from state_machines.build import PREPARE, build_states
from tests.bundles import bundle_of_builds
from tests.end_to_end.company import Company

BUILD = f"{BUILD_PROJECT}:40b92e01"
_HOST = "models.example.com"
_BROKEN = '[build-system]\nrequires = []\nbuild-backend = "nothing"\n\n[project]\nname = "clock"\nversion = "1.0.0"\n'


@dataclass(frozen=True)
class Site:
    """The installed project, and a folder to play CodeBuild in."""

    company: Company
    project: dict[str, Any]
    source: Path
    environment: dict[str, str]
    build: dict[str, Any]
    """What CodeBuild says of the build."""

    def asked(self, commit: str) -> dict[str, str]:
        """Start a promotion of a commit; returns the variables that it gives its build."""
        wiring, organization = self.company.wiring, self.company.organization
        machine = organization.state_machine_arn("promote-clock")
        document = json.dumps({"commit": commit})
        wiring.stepfunctions.start_execution(stateMachineArn=machine, input=document)
        polled = wiring.stepfunctions.get_activity_task(activityArn=organization.build_activity_arn)
        task = json.loads(polled["input"])
        return {
            UNIT: task["unit"],
            REQUEST: json.dumps(task["request"]),
            EXECUTION_ID: task["execution"]["id"],
            EXECUTION_NAME: task["execution"]["name"],
            STARTED_AT: task["execution"]["started_at"],
            NONCE: task["nonce"],
            NETWORK: json.dumps(task["network"]),
        }

    def run(self, asked: dict[str, str], **described: Any) -> "subprocess.CompletedProcess[str]":
        """Run the buildspec as CodeBuild would for a promotion; how it is described may differ from the truth."""
        variables = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in asked.items()]
        self.build.update(
            {
                "id": BUILD,
                "projectName": BUILD_PROJECT,
                "buildStatus": "IN_PROGRESS",
                "initiator": f"{PROMOTION_ROLE}/aBcDeFg",
                "environment": {"environmentVariables": variables},
                **described,
            }
        )
        given = {one["Name"]: one["Value"] for one in self.project["Environment"]["EnvironmentVariables"]}
        commands = yaml.safe_load(self.project["Source"]["BuildSpec"])["phases"]["build"]["commands"]
        # One shell for all commands, and the first that fails ends the phase.
        command = ["/bin/sh", "-c", "\n".join(["set -e", *commands])]
        return subprocess.run(
            command,
            env={**self.environment, **given, **asked},
            cwd=self.source,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture(scope="module")
def company(
    shared: Path,
    tmp_path_factory: pytest.TempPathFactory,
    new_organization: Callable[[str], Organization],
    bootstrap_of: Callable[[Organization], Bootstrap],
    root_of: Callable[..., boto3.Session],
    new_session: Callable[..., boto3.Session],
) -> Iterator[Company]:
    """A company that builds on CodeBuild, with the project installed; its repository is what its CI has published.

    Its guardrails open a host to the code of units. They are put back, for others use the installation as well.
    """
    folder = tmp_path_factory.mktemp("repository")
    usual = new_organization(folder.as_uri())
    source = Repository(url=f"s3://{usual.tooling.bucket}/source")
    organization = usual.model_copy(update={"build": Build(runner="codebuild", network=(_HOST,)), "repository": source})
    prepared = bootstrap_of(usual)
    templates = synthesize(organization, validate=False)

    def builder(_: Lambda, into: Path) -> None:
        shutil.copyfile(bundle_of_builds(shared), into)

    bootstrap = Bootstrap(organization, prepared.sessions, templates, bundle=prepared.bundle, builder=builder)
    done = [one.what for one in bootstrap.install()]
    assert any(what.startswith("code of the builds") for what in done)
    made = Company(organization, folder, root_of, new_session)
    made.found()
    with (folder / "orchestrator.toml").open("a") as file:
        file.write(f'\n[build]\nnetwork = ["{_HOST}"]\n')
    # The file still lacks who builds: it is refused when it is merged, and no promotion starts but those of the tests.
    before = made.recorded
    made.record(before.model_copy(update={"build": Build(runner="codebuild", network=(_HOST,))}))
    yield made
    made.record(before)


@pytest.fixture(scope="module")
def template(company: Company) -> dict[str, Any]:
    """The tooling stack's template, as it was installed."""
    client = company.tooling.client("cloudformation", config=CLIENT)
    body: Any = client.get_template(StackName=TOOLING_STACK)["TemplateBody"]
    found: dict[str, Any] = body if isinstance(body, dict) else json.loads(body)
    return found


@pytest.fixture(scope="module")
def credentials(company: Company, template: dict[str, Any], new_session: Callable[..., boto3.Session]) -> Iterator[str]:
    """Serves credentials with the project's permissions as a container's are served; the address.

    The project's role trusts CodeBuild alone, so a role with the same permissions stands in for it.
    """
    (role,) = [
        one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::IAM::Role" and one["Properties"]["RoleName"] == CODEBUILD_ROLE
    ]
    account = company.organization.tooling.account
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    iam = company.tooling.client("iam", config=CLIENT)
    iam.create_role(
        RoleName="stand-in", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    policy = json.dumps(role["Policies"][0]["PolicyDocument"])
    iam.put_role_policy(RoleName="stand-in", PolicyName="stand-in", PolicyDocument=policy)
    assume = Assumer(company.tooling.client("sts", config=CLIENT), new_session)
    session = assume(
        RoleToAssume(f"arn:aws:iam::{account}:role/stand-in", "build"), company.organization.tooling.region
    )
    given = session.get_credentials()
    assert given is not None
    document = {
        "AccessKeyId": given.access_key,
        "SecretAccessKey": given.secret_key,
        "Token": given.token,
        "Expiration": (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }

    with answering(document) as address:
        yield address


@contextmanager
def answering(document: dict[str, Any]) -> Iterator[str]:
    """Answer every request with a document, as it is by then; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        """Answers."""

        def do_GET(self) -> None:  # The library's name.
            """Answer."""
            content = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:  # The same.
            """Answer."""
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def build(company: Company) -> Iterator[dict[str, Any]]:
    """What CodeBuild says of a build, to the function that asks it."""
    described: dict[str, Any] = {}
    functions = company.tooling.client("lambda", config=CLIENT)
    name = function_name("begin_publish")
    known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    with answering({"builds": [described]}) as address:
        variables = {**known, "AWS_ENDPOINT_URL_CODEBUILD": address}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        yield described


def make_machine(company: Company) -> None:
    """Make the promotion, as far as its build; workers' way of asking stands in for CodeBuild's."""
    unit = Unit(name="clock", folder="projects/clock", version="1.0.0", settings=UnitSettings())
    workers = company.organization.model_copy(update={"build": Build()})
    states = {**build_states(unit, workers, then="Done"), "Done": {"Type": "Succeed"}}
    company.wiring.stepfunctions.create_state_machine(
        name=unit.state_machine_name,
        definition=json.dumps({"StartAt": PREPARE, "States": states}),
        roleArn=company.organization.tooling_role_arn(PROMOTION_ROLE),
    )


@pytest.fixture(scope="module")
def site(
    company: Company,
    template: dict[str, Any],
    credentials: str,
    build: dict[str, Any],
    cloud: LocalCloud,
    tmp_path_factory: pytest.TempPathFactory,
) -> Site:
    """The project's source, unpacked, and the variables that CodeBuild sets."""
    make_machine(company)
    (project,) = [
        one["Properties"] for one in template["Resources"].values() if one["Type"] == "AWS::CodeBuild::Project"
    ]
    parameters = company.tooling.client("cloudformation", config=CLIENT).describe_stacks(StackName=TOOLING_STACK)
    given = {one["ParameterKey"]: one["ParameterValue"] for one in parameters["Stacks"][0]["Parameters"]}
    folder = tmp_path_factory.mktemp("codebuild")
    with zipfile.ZipFile(io.BytesIO(company.wiring.store.get(given["BuilderKey"]))) as archive:
        archive.extractall(folder / "src")
    (folder / "home").mkdir()
    # The image's Python of that version. It knows no library at all: those that happen to be installed beside this
    # machine's own would stand in for what the bundle lacks.
    EnvBuilder(symlinks=True).create(folder / "image")
    process, region = cloud.running(), company.organization.tooling.region
    assert process is not None
    index = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_"))}
    environment = {
        **index,
        "PATH": f"{folder / 'image' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "CODEBUILD_BUILD_ID": BUILD,
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": "states/promote-clock",
        "CODEBUILD_SRC_DIR": str(folder / "src"),
        # In place of CodeBuild's own endpoint for credentials, and of AWS.
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": credentials,
        "AWS_ENDPOINT_URL": process.endpoint_url,
        "AWS_CA_BUNDLE": str(process.certificate),
        "NO_PROXY": "127.0.0.1",
    }
    return Site(company, project, folder / "src", environment, build)


def published(company: Company, cloud: LocalCloud, commit: str) -> str:
    """Publish a commit, as the company's CI does."""
    done = company.command(cloud, "publish-source", "--commit", commit)
    assert done.returncode == 0, done.stdout + done.stderr
    return commit


def execution(asked: dict[str, str]) -> Execution:
    """The promotion that asked for a build."""
    return Execution(id=asked[EXECUTION_ID], name=asked[EXECUTION_NAME], started_at=datetime.now(UTC))


def test_the_buildspec_builds_and_publishes_with_the_projects_permissions(site: Site, cloud: LocalCloud) -> None:
    """With nothing installed but Python and git."""
    asked = site.asked(published(site.company, cloud, site.company.commit("Add the clock")))
    done = site.run(asked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "clock@1.0.0 was built from" in done.stdout
    wiring = site.company.wiring
    release = wiring.ledger.releases.release("clock", "1.0.0")
    manifest = Manifest.from_json(wiring.store.get(release.manifest), release.manifest)
    assert manifest.builder == BuiltBy("codebuild", BUILD, asked[EXECUTION_ID])
    # In privileged mode, a container may make the network namespace that this took.
    assert manifest.network == (_HOST,)
    assert site.project["Environment"]["PrivilegedMode"] is True
    assert b"build wheel and sdist" in wiring.store.get(layout.build_log_key("clock", asked[EXECUTION_NAME]))
    assert wiring.ledger.promotions.failed_build("clock", execution(asked)) is None


def test_a_unit_that_cannot_be_built_fails_the_build_and_says_why(site: Site, cloud: LocalCloud) -> None:
    """Where the end of the promotion looks for it: in the ledger."""
    asked = site.asked(published(site.company, cloud, site.company.change("pyproject.toml", _BROKEN)))
    done = site.run(asked)
    assert done.returncode == 1
    assert "Build of clock failed at 'build wheel and sdist'" in done.stderr
    failure = site.company.wiring.ledger.promotions.failed_build("clock", execution(asked))
    assert failure is not None
    assert failure.error == "BuildError"
    assert "Build of clock failed at 'build wheel and sdist'" in failure.cause
    log = layout.build_log_key("clock", asked[EXECUTION_NAME])
    assert f"The whole log is s3://{site.company.organization.tooling.bucket}/{log}" in failure.cause


def test_a_build_that_somebody_started_by_hand_publishes_nothing(site: Site, cloud: LocalCloud) -> None:
    """Even with the variables of a promotion that waits for its build."""
    asked = site.asked(published(site.company, cloud, site.company.commit("Again")))
    done = site.run(asked, initiator="developer/somebody")
    assert done.returncode == 1
    assert "was started by developer/somebody, not by a promotion" in " ".join(done.stderr.split())
