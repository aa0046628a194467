"""Commands that look before they start something, on an account in moto."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from orchestrator.cli.main import app, main
from orchestrator.config.infrastructure import GUARDRAILS_TABLE, LEDGER_TABLE
from orchestrator.config.load import load_organization
from orchestrator.errors import RequestError
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.promotions import Promotion
from orchestrator.ownership.claims import Claim
from orchestrator.releases.manifest import Manifest
from orchestrator.steps.contract import Execution
from tests.aws_answers import Answers, refuse
from tests.git_repository import GitRepository
from tests.ledger_table import make_ledger_table
from tests.unit.build.fakes import ORGANIZATION, PYPROJECT, TEMPLATE

_NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Account:
    """The tooling account with a ledger, and a repository with the unit `orders`."""

    def __init__(self, folder: Path) -> None:
        self.git = GitRepository(folder)
        self.git.begin()
        files = {
            "orchestrator.toml": ORGANIZATION.replace("111111111111", "123456789012"),
            "projects/orders/pyproject.toml": PYPROJECT,
            "projects/orders/template.yaml": TEMPLATE,
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        self.git.commit("Begin")

    def install(self) -> Ledger:
        """Make the ledger."""
        table = make_ledger_table(boto3.Session(region_name="eu-west-1"), LEDGER_TABLE)
        return Ledger(table, lambda: _NOW)

    def run(self, *arguments: str) -> None:
        """Run a command."""
        app(args=["--repository", str(self.git.folder), *arguments], standalone_mode=False)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    """An account in which nothing is installed."""
    with mock_aws():
        yield Account(tmp_path)


def released(ledger: Ledger, version: str) -> None:
    """Note a release."""
    artifact = {"key": "k", "sha256": "0" * 64, "size": 1}
    facts = dict.fromkeys(("digest", "commit", "author", "python", "architecture"), "x")
    manifest = Manifest.model_validate(
        {
            **facts,
            **dict.fromkeys(("wheel", "sdist", "template", "sbom"), artifact),
            "unit": "orders",
            "version": version,
            "committed_at": _NOW,
            "inputs": [],
            "builder": "local",
            "tools": {},
            "requirements": [],
            "settings": {},
            "layers": [],
        }
    )
    ledger.releases.record_release("manifest", manifest, "0" * 64)


@pytest.mark.parametrize("command", [["merge"], ["status"], ["worker"], ["promote", "orders"], ["history", "orders"]])
def test_before_bootstrap_each_command_says_so_in_one_sentence(
    command: list[str], account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """And starts nothing that nobody would hear of."""
    with pytest.raises(SystemExit) as ended:
        main(["--repository", str(account.git.folder), *command])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "error: The orchestrator is not installed here, or not all of it: run 'orchestrator bootstrap'."
    )
    assert said.count("\n") == 1


def test_a_refusal_of_permissions_says_where_the_policy_is_named(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """People attach a managed policy, not an action."""
    account.install()
    refusing = Answers(always={"dynamodb.PutItem": refuse("AccessDeniedException", "not authorized to perform")})
    freeze = ("freeze", "prod", "--until", "2100-01-01T00:00:00Z", "--reason", "Sale.")
    with refusing.in_place(), pytest.raises(SystemExit) as ended:
        main(["--repository", str(account.git.folder), *freeze])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: AWS refused: ")
    assert "docs/access.md names the managed policy" in said


def test_a_released_name_tells_by_whom(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever released it, by what STS says of them; another folder may have the name from then on."""
    ledger, session = account.install(), boto3.Session(region_name="eu-west-1")
    make_ledger_table(session, GUARDRAILS_TABLE)
    claim = Claim("orders", "projects/orders", frozenset({"222222222222/eu-west-1/app-orders"}))
    ledger.claims.write([claim], "main", ledger.branches.begin("main"))
    account.run("guardrails", "release", "orders", "--yes")
    assert ledger.claims.of_unit("orders") is None
    capsys.readouterr()
    account.run("guardrails", "history", "--output", "json")
    (told,) = json.loads(capsys.readouterr().out)["released_names"]
    who = session.client("sts").get_caller_identity()["Arn"]
    assert (told["name"], told["folder"], told["stacks"]) == ("orders", "projects/orders", [*claim.stacks])
    assert (told["released_by"], told["released_at"][:4].isdigit()) == (who, True)
    account.run("guardrails", "history")
    assert "released the name orders of projects/orders" in " ".join(capsys.readouterr().out.split())


def test_a_release_that_has_not_passed_the_environments_before_is_not_even_started(account: Account) -> None:
    """The promotion's first step would refuse it, with exit code 1 and a failed execution."""
    released(account.install(), "0.1.0")
    with pytest.raises(RequestError, match=r"orders@0\.1\.0 cannot begin at prod: it has not passed dev") as raised:
        account.run("promote", "orders", "--version", "0.1.0", "--from", "prod")
    assert raised.value.exit_code == 2


def test_a_commit_that_was_never_built_begins_at_the_beginning(account: Account) -> None:
    """It cannot have passed anything."""
    account.install()
    with pytest.raises(RequestError, match=r"cannot begin at prod: it was never built, so it has passed nothing"):
        account.run("promote", "orders", "--from", "prod")


@pytest.mark.parametrize(("status", "said"), [("RUNNING", "is under way"), ("SUCCEEDED", "has succeeded")])
def test_what_was_retried_is_not_retried_again(status: str, said: str, account: Account) -> None:
    """The newer execution is named."""
    ledger = account.install()
    for name, request in (("merge-1", {}), ("retry-2", {"retry_of": "merge-1"})):
        arn = f"arn:aws:states:eu-west-1:123456789012:execution:promote-orders:{name}"
        started = _NOW + timedelta(minutes=len(request))
        execution = Execution(id=arn, name=name, started_at=started)
        order = execution.order.split("#")[0]
        begun = Promotion(unit="orders", execution=arn, name=name, started_at=order, request=request)
        ledger.promotions.record_begin(begun, execution)
        if request and status == "SUCCEEDED":
            ledger.promotions.record_end(begun.model_copy(update={"status": status, "ended_at": "z"}), execution)
    with pytest.raises(RequestError, match=f"merge-1 was retried already: retry-2 {said}"):
        account.run("retry", "merge-1")


def under_way(ledger: Ledger, unit: str) -> str:
    """Start an execution, and note it as a promotion of a unit; returns its ARN."""
    machines = boto3.client("stepfunctions", region_name="eu-west-1")
    role = "arn:aws:iam::123456789012:role/orchestrator-promotion"
    made = machines.create_state_machine(name=f"promote-{unit}", definition="{}", roleArn=role)
    arn = machines.start_execution(stateMachineArn=made["stateMachineArn"], name="merge-1")["executionArn"]
    execution = Execution(id=arn, name="merge-1", started_at=_NOW)
    begun = Promotion(unit=unit, execution=arn, name="merge-1", started_at=execution.order.split("#")[0], request={})
    ledger.promotions.record_begin(begun, execution)
    return arn


@pytest.mark.parametrize("named_by", ["unit", "name", "arn"])
@pytest.mark.parametrize("unit", ["orders", "gone"])
def test_what_is_under_way_can_be_aborted(named_by: str, unit: str, account: Account) -> None:
    """Also of a unit whose folder is gone: what is left of it cannot be deleted before."""
    arn = under_way(account.install(), unit)
    account.run("abort", {"unit": unit, "name": "merge-1", "arn": arn}[named_by])
    described = boto3.client("stepfunctions", region_name="eu-west-1").describe_execution(executionArn=arn)
    assert described["status"] == "ABORTED"
    with pytest.raises(RequestError, match=r"No promotion of|has ended already"):
        account.run("abort", {"unit": unit, "name": arn, "arn": arn}[named_by])


def test_history_tells_who_deleted_what_was_left_of_a_unit(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ledger keeps it, so that somebody can read it."""
    ledger = account.install()
    under_way(ledger, "gone")
    ledger.branches.forget("main", "gone", "arn:aws:iam::123456789012:user/kim")
    account.run("history", "gone")
    assert "Deleted at 2026-11-24T12:00:00" in (said := capsys.readouterr().out)
    assert "by arn:aws:iam::123456789012:user/kim" in said
    account.run("history", "gone", "--output", "json")
    (deleted,) = json.loads(capsys.readouterr().out)["deletions"]
    assert deleted["by"] == "arn:aws:iam::123456789012:user/kim"


def test_a_release_that_is_not_what_it_should_be_is_not_headed_as_verified(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who reads the heading and the last line reads the verdict."""
    released(account.install(), "0.1.0")
    bucket = load_organization((account.git.folder / "orchestrator.toml").read_bytes()).tooling.bucket
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=bucket)
    with pytest.raises(SystemExit) as ended:
        main(["--repository", str(account.git.folder), "verify", "orders@0.1.0"])
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert said.startswith("What was looked at of orders@0.1.0\n")
    assert f"aws s3api list-object-versions --bucket {bucket} --prefix manifest" in said
    assert said.endswith("orders@0.1.0 differs in: manifest.\n")
