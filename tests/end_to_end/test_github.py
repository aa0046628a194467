"""A push to GitHub, from its signed delivery to the promotion that it starts, through the installed Lambdas."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
import urllib3

from orchestrator.aws.session import CLIENT
from orchestrator.bootstrap.install import Bootstrap
from orchestrator.bootstrap.synth import synthesize
from orchestrator.config.environment import Target
from orchestrator.config.infrastructure import TOOLING_STACK, WEBHOOK_SECRET, WEBHOOK_URL
from orchestrator.config.organization import Organization
from orchestrator.local.cloud import LocalCloud
from tests.end_to_end.company import Company
from tests.github.deliveries import github_headers, push
from tests.github.server import TOKEN, GitHubServer
from tests.waiting import until


@dataclass(frozen=True)
class Site:
    """The installed webhook, as GitHub reaches it.

    Attributes:
        company: whose it is.
        url: what GitHub was told.
        endpoint: where the embedded cloud is.
        certificate: what it proves itself with.
        secret: what deliveries are signed with.
    """

    company: Company
    url: str
    endpoint: str
    certificate: Path
    secret: str

    def deliver(self, payload: object, secret: str | None = None) -> tuple[int, str]:
        """Deliver something as GitHub does; returns status and message of the answer.

        Names of function URLs lead nowhere on this machine: the cloud finds the function by the name that is asked for.
        """
        body = json.dumps(payload).encode()
        headers = {**github_headers(body, secret=secret or self.secret), "Host": str(urlsplit(self.url).hostname)}
        pool = urllib3.PoolManager(ca_certs=str(self.certificate), assert_hostname="127.0.0.1")
        answer = pool.request("POST", f"{self.endpoint}/", body=body, headers=headers)
        return answer.status, json.loads(answer.data)["message"] if answer.data else ""


@pytest.fixture(scope="module")
def github(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubServer]:
    """A GitHub with the certificate that the Lambdas of the embedded cloud trust."""
    process = cloud.running()
    assert process is not None
    folder = tmp_path_factory.mktemp("shop")
    server = GitHubServer(folder, process.certificate, process.certificate.with_name("key.pem"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def site(
    cloud: LocalCloud,
    github: GitHubServer,
    new_organization: Callable[[str], Organization],
    bootstrap_of: Callable[[Organization], Bootstrap],
    root_of: Callable[..., boto3.Session],
    new_session: Callable[..., boto3.Session],
) -> Site:
    """A company of one account whose repository is on GitHub, with everything installed."""
    usual = new_organization(github.url)
    account, region = usual.tooling.account, usual.tooling.region
    dev = usual.environment("dev").model_copy(update={"targets": (Target(account=account, region=region),)})
    organization = usual.model_copy(update={"environments": (dev,)})
    prepared = bootstrap_of(usual)
    templates = synthesize(organization, validate=False)
    list(Bootstrap(organization, prepared.sessions, templates, bundle=prepared.bundle).install())
    company = Company(organization, github.objects.folder, root_of, new_session)
    company.found()
    with (company.folder / "orchestrator.toml").open("a") as file:
        file.write(f'\n[repository]\nurl = "{github.url}"\n')
    secrets = company.tooling.client("secretsmanager", config=CLIENT)
    secrets.create_secret(Name=organization.repository.secret, SecretString=json.dumps({"token": TOKEN}))
    current = json.loads(secrets.get_secret_value(SecretId=WEBHOOK_SECRET)["SecretString"])["current"]
    cloudformation = company.tooling.client("cloudformation", config=CLIENT)
    (stack,) = cloudformation.describe_stacks(StackName=TOOLING_STACK)["Stacks"]
    (url,) = [one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == WEBHOOK_URL]
    process = cloud.running()
    assert process is not None
    return Site(company, url, process.endpoint_url, process.certificate, current)


def test_a_push_starts_the_promotion_of_what_it_changed(site: Site, github: GitHubServer) -> None:
    """The webhook checks and tells, `on_merge` asks GitHub what there is; neither tells anybody a secret."""
    commit = site.company.commit("Begin")
    delivery = push(time.time(), after=commit)
    status, message = site.deliver(delivery)
    assert (status, message) == (202, f"main moved to {commit}.")
    start = until(lambda: site.company.ledger.branches.last_starts("main").get("clock"))
    assert start.commit == commit
    (noted,) = site.company.ledger.pushes.of(["clock"])
    assert (noted.pushed_by, noted.commit, noted.digest) == ("github:octocat", commit, start.digest)
    described = site.company.wiring.stepfunctions.describe_execution(executionArn=start.execution)
    assert json.loads(described["input"]) == {"branch": "main", "commit": commit, "digest": start.digest}
    assert {one.headers["authorization"] for one in github.asked} == {f"Bearer {TOKEN}"}
    assert site.deliver(delivery) == (202, "Nothing follows: this delivery was seen before.")
    logs = site.company.tooling.client("logs", config=CLIENT)
    for step in ("webhook", "on-merge"):
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/orchestrator-{step}")["events"]
        said = "".join(one["message"] for one in found)
        assert "START" in said
        assert TOKEN not in said
        assert site.secret not in said


def test_a_delivery_that_somebody_else_has_signed_leads_to_nothing(site: Site) -> None:
    """And the answer is empty."""
    assert site.deliver(push(time.time()), secret="a-guess-of-somebody-else") == (401, "")


def test_people_are_told_what_to_enter_in_github(site: Site) -> None:
    """The address of the function, and where the secret is; never the secret."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": site.endpoint,
        "AWS_CA_BUNDLE": str(site.certificate),
        "AWS_ACCESS_KEY_ID": site.company.organization.tooling.account,
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    command = [sys.executable, "-m", "orchestrator.cli.main", "webhook"]
    done = subprocess.run(
        command, env=environment, cwd=site.company.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"Payload URL       {site.url}" in done.stdout
    assert "/acme/shop/settings/hooks/new" in done.stdout
    assert WEBHOOK_SECRET in done.stdout
    assert site.secret not in done.stdout
