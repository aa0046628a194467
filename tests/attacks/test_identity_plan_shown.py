"""Attacks on what an approver sees: a decision on a plan that was never shown, or that was made again since."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials
from click.testing import CliRunner
from moto import mock_aws

from orchestrator.cli.main import app
from orchestrator.config.infrastructure import LEDGER_TABLE
from orchestrator.decisions.document import Entry, bound_to
from orchestrator.errors import AccessError, ArtifactError, RequestError
from orchestrator.identity.proof import HEADER, hash_of, sign
from orchestrator.ledger.ledger import Ledger
from orchestrator.releases import layout
from orchestrator.steps.contract import Status
from orchestrator.steps.gate_input import GateInput, decision_of, plan_prefix
from orchestrator.steps.plan_document import Plan
from tests.attacks.gate import PLAN, Gate, user, waiting
from tests.aws_answers import Answers, refuse
from tests.git_repository import GitRepository
from tests.ledger_table import make_ledger_table

ALICE = user("alice")
MEMBERS = [
    Entry(unit="calendar", version="1.0.0", manifest_sha256="m1", plan_hash="p1"),
    Entry(unit="clock", version="2.0.0", manifest_sha256="m2", plan_hash="p2"),
]


@pytest.fixture(autouse=True)
def _moto() -> Iterator[None]:
    config: Any = {"stepfunctions": {"execute_state_machine": True}}
    with mock_aws(config=config):
        yield


@pytest.mark.parametrize("decision", ["approve", "reject"])
@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("", "does not name the plan that was shown"),
        (PLAN[:11], "The input of a gate must look like"),
        ("%", "The input of a gate must look like"),
        ("f" * 12, "was made again since it was shown"),
        (PLAN[:12] + "f", "was made again since it was shown"),
        (PLAN + "0", "The input of a gate must look like"),
    ],
)
def test_a_decision_on_another_plan_is_refused(decision: str, plan: str, said: str) -> None:
    """A promotion is planned again when anything moved; who approves must have seen that plan."""
    gate = Gate()
    gate.wait()
    refused = gate.decide(ALICE, decision, plan=plan)
    assert (refused.status, said in refused.message) == (Status.REFUSED, True)
    assert gate.decide(ALICE, decision, plan=PLAN[:20]).status in (Status.APPROVED, Status.REJECTED)


def test_a_refused_decision_says_how_to_look_and_not_what_to_write() -> None:
    """Who has not seen the plan does not learn its hash from the refusal."""
    gate = Gate()
    gate.wait()
    refused = gate.decide(ALICE, plan="f" * 12)
    assert "orchestrator approve clock prod --release 0.2.0" in refused.message
    assert PLAN[:12] not in refused.message


def test_a_proof_is_bound_to_the_plan() -> None:
    """It counts for no plan but the one that was shown when it was signed."""
    given = GateInput(release="0.2.0", decision="approve", plan=PLAN[:12])
    other = given.model_copy(update={"plan": "f" * 12})
    sts = boto3.client("sts", region_name="eu-west-1")
    signed = decision_of("clock", "prod", given)
    assert hash_of(signed) != hash_of(decision_of("clock", "prod", other))
    assert HEADER in sign(Credentials("AKIDEXAMPLE", "secret"), sts, signed)


@pytest.mark.parametrize("place", list(Entry.model_fields))
def test_a_train_is_decided_on_as_its_members_and_their_plans(place: str) -> None:
    """Another unit, version, manifest or plan of any member is another decision; their order is not."""
    other = [MEMBERS[0].model_copy(update={place: "x"}), MEMBERS[1]]
    assert bound_to(other)[1] != bound_to(MEMBERS)[1]
    assert bound_to(reversed(MEMBERS)) == bound_to(MEMBERS)


class Desk:
    """Somebody at the command line, with a promotion of orders that waits for prod."""

    def __init__(self, repository: GitRepository) -> None:
        repository.begin()
        folder = repository.folder
        (folder / "projects/orders").mkdir(parents=True)
        (folder / "projects/orders/template.yaml").write_text("Resources: {}\n")
        tooling = '[tooling]\naccount = "123456789012"\nregion = "eu-west-1"\n'
        prod = '[[environments]]\nname = "prod"\naccount = "555555555555"\nregion = "eu-west-1"\n'
        (folder / "orchestrator.toml").write_text(f"{tooling}{prod}requires_approval = true\n")
        repository.commit("Begin")
        self.folder = folder
        session = boto3.Session(region_name="eu-west-1")
        self.ledger = Ledger(make_ledger_table(session, LEDGER_TABLE), lambda: datetime.now(UTC))
        self.s3, self.bucket = session.client("s3"), "orchestrator-artifacts-123456789012-eu-west-1"
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.key = layout.plan_key("orders", "run-1", "prod")
        self.plan = Plan(
            release="orders@0.1.0",
            environment="prod",
            replaces=None,
            targets=(),
            requirements_added=(),
            requirements_removed=(),
            commits=(),
        )
        self.s3.put_object(Bucket=self.bucket, Key=self.key, Body=self.plan.model_dump_json().encode())
        execution = "arn:aws:states:eu-west-1:123456789012:execution:promote-orders:run-1"
        waiting(self.ledger, unit="orders", version="0.1.0", plan_hash=self.plan.hash, execution=execution)
        self.machines = session.client("stepfunctions")
        definition = json.dumps(
            {"StartAt": "Decide", "States": {"Decide": {"Type": "Pass", "Result": DECIDED, "End": True}}}
        )
        role = "arn:aws:iam::123456789012:role/gate"
        self.machines.create_state_machine(name="orders-approve-prod", definition=definition, roleArn=role)

    def run(self, *arguments: str) -> str:
        """Run a command without a terminal; returns what it shows."""
        result = CliRunner().invoke(app, ["--repository", str(self.folder), *arguments], standalone_mode=False)
        if result.exception:
            raise result.exception
        return result.output

    def decisions(self) -> list[dict[str, str]]:
        """What the gate was started with."""
        arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:orders-approve-prod"
        found = self.machines.list_executions(stateMachineArn=arn)["executions"]
        return [
            json.loads(self.machines.describe_execution(executionArn=one["executionArn"])["input"]) for one in found
        ]


DECIDED = {"message": "It is decided."}
APPROVE = ("approve", "orders", "prod", "--release", "0.1.0")


@pytest.fixture
def answers() -> Iterator[Answers]:
    """What AWS answers instead of moto."""
    made = Answers()
    with made.in_place():
        yield made


@pytest.fixture
def desk(answers: Answers, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Somebody at the command line."""
    assert answers.given == []
    return Desk(GitRepository(tmp_path_factory.mktemp("desk")))


def test_nothing_is_approved_where_nobody_can_be_asked(desk: Desk) -> None:
    """A script without a terminal approved a plan that nobody saw."""
    with pytest.raises(RequestError, match=r"there is no terminal to ask at\. Read the plan, then run: .* --yes"):
        desk.run(*APPROVE)
    assert desk.decisions() == []


def test_a_plan_that_may_not_be_read_is_not_approved(desk: Desk, answers: Answers) -> None:
    """It was a note, and the approval counted."""
    answers.next["s3.GetObject"] = [refuse("AccessDenied", "Not yours.", 403)]
    with pytest.raises(AccessError, match="cannot be shown to you, so you cannot decide on it"):
        desk.run(*APPROVE, "--yes")
    answers.next["dynamodb.GetItem"] = [refuse("AccessDeniedException", "Not yours.")]
    with pytest.raises(AccessError, match="cannot be shown to you, so you cannot decide on it"):
        desk.run(*APPROVE, "--yes")
    assert desk.decisions() == []


def test_a_plan_that_was_altered_is_not_approved(desk: Desk) -> None:
    """What is shown is what was planned."""
    altered = desk.plan.model_copy(update={"commits": ("abc Harmless (Ada)",)})
    desk.s3.put_object(Bucket=desk.bucket, Key=desk.key, Body=altered.model_dump_json().encode())
    with pytest.raises(ArtifactError, match="is not the plan that was made"):
        desk.run(*APPROVE, "--yes")
    assert desk.decisions() == []


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_what_was_shown_is_what_is_signed(desk: Desk, decision: str) -> None:
    """The gate is started with the plan's hash, as shown."""
    shown = desk.run(decision, *APPROVE[1:], *(["--yes"] if decision == "approve" else []))
    assert DECIDED["message"] in shown
    assert (desk.plan.summary in shown) is (decision == "approve")
    (given,) = desk.decisions()
    assert (given["decision"], given["plan"]) == (decision, plan_prefix(desk.plan.hash))
