"""The managed policies of people: every command can be carried out with the policy that `docs/access.md` names."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.tooling.names import Names
from infra.tooling.people.policies import ROLES, AccessRole, limited_policy, role_named
from infra.tooling.people.scope import Scope
from orchestrator.bootstrap.guardrails import drafted, record, records_of
from orchestrator.bootstrap.synth import LARGEST_MANAGED_POLICY
from orchestrator.cli.commands import MODULES, load
from orchestrator.cli.context import Context
from orchestrator.config.infrastructure import GUARDRAILS_TABLE
from orchestrator.errors import OrchestratorError, RequestError, UnknownNameError
from orchestrator.ledger.controls import EVERY, Freeze, Quarantine
from orchestrator.ledger.environments import Running
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.partitions import CLAIMS, FREEZES
from orchestrator.ledger.trains import Train
from orchestrator.ownership.claims import Claim
from orchestrator.releases import layout
from orchestrator.releases.manifest import Manifest
from orchestrator.source.demand import RETIRED
from orchestrator.steps.contract import Execution
from tests.infra.recorded import Call, RecordingContext
from tests.infra.simulator import Answer, Request, simulate
from tests.ledger_table import make_ledger_table
from tests.unit.cli.test_on_moto import Account, under_way

_PAGE = Path("docs/access.md")
_ROW = re.compile(r"\| `([a-z -]+)`([a-z ]*) \| `orchestrator-([a-z]+)` \| (.+) \|")
_TOOLING = "123456789012"
_WHERE = f"eu-west-1:{_TOOLING}"
_NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
# By command and what the page says beside it, calls of it.
_CALLS: dict[tuple[str, str], list[list[str]]] = {
    ("affected", ""): [[]],
    ("units", ""): [[]],
    ("guardrails show", ""): [[]],
    ("guardrails diff", ""): [[]],
    ("guardrails history", ""): [[]],
    ("guardrails export", ""): [[]],
    ("guardrails apply", ""): [["--yes"]],
    ("guardrails release", ""): [["orders", "--yes"]],
    ("status", ""): [[]],
    ("history", ""): [["orders"]],
    ("diff", ""): [["orders", "0.1.0", "0.2.0"]],
    ("verify", ""): [["orders@0.1.0"]],
    ("verify", " of an environment"): [["orders@0.1.0", "dev"]],
    ("train status", ""): [["billing-1"], ["billing-1", "--output", "json"]],
    ("train history", ""): [[]],
    ("merge", ""): [[]],
    ("promote", ""): [["orders"], ["orders", "--version", "0.1.0"]],
    ("rollback", ""): [["orders", "dev", "--reason", "a test"]],
    ("plan", ""): [["orders", "dev", "--version", "0.1.0"], ["orders", "dev"]],
    ("drift", ""): [[]],
    ("retry", ""): [["merge-1"], [f"arn:aws:states:{_WHERE}:execution:promote-orders:merge-1"]],
    ("abort", ""): [["orders"], ["merge-1"]],
    ("train start", ""): [["orders@0.1.0", "--to", "dev"]],
    ("train retry", ""): [["billing-1"]],
    ("train abort", ""): [["billing-1"]],
    ("approve", ""): [["orders", "prod", "--release", "0.1.0", "--yes"]],
    ("reject", ""): [["orders", "prod", "--release", "0.1.0"]],
    ("train approve", ""): [["billing-1", "prod", "--yes"]],
    ("train reject", ""): [["billing-1", "prod"]],
    ("freeze", ""): [["prod", "--until", "2099-01-01T00:00Z", "--reason", "a test"]],
    ("unfreeze", ""): [[], ["prod"]],
    ("quarantine", ""): [["orders@0.1.0", "--reason", "a test"], ["orders@0.2.0", "--lift"]],
    ("resume", ""): [["orders", "dev"]],
    ("retire", ""): [["gone"], ["retired", "--delete", "--yes"]],
}


class World(Account):
    """An account in which a bit of everything happened."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        file = folder / "orchestrator.toml"
        text = file.read_text().replace('name = "prod"\n', 'name = "prod"\nrequires_approval = true\n')
        administrators = f'administrators = ["arn:aws:iam::{_TOOLING}:role/administrator"]'
        file.write_text(text.replace("[tooling]\n", f"[tooling]\n{administrators}\n"))
        self.git.commit("Ask for approval")
        ledger = self.install()
        under_way(ledger, "orders")
        self._guardrails()
        self._machines()
        self._releases(ledger)
        self._controls(ledger)
        ledger.trains.begin(_TRAIN)
        ledger.claims.write([Claim("orders", "projects/orders")], "main", ledger.branches.begin("main"))
        ledger.branches.record_definition("main", "gone", "some")
        ledger.branches.record_definition("main", "retired", RETIRED)

    def _guardrails(self) -> None:
        """Record guardrails that differ from the file."""
        session = boto3.Session(region_name="eu-west-1")
        make_ledger_table(session, GUARDRAILS_TABLE)
        organization = Context(self.git.folder).organization
        recorded = organization.model_copy(update={"environments": organization.environments[:1]})
        version = drafted(recorded, None, f"arn:aws:iam::{_TOOLING}:role/some", _NOW)
        record(records_of(session, lambda: _NOW), version, session.client("iam"))

    @staticmethod
    def _machines() -> None:
        client = boto3.client("stepfunctions", region_name="eu-west-1")
        for name in ("orchestrator-train", "orders-approve-prod", "train-approve-prod"):
            client.create_state_machine(name=name, definition="{}", roleArn=f"arn:aws:iam::{_TOOLING}:role/some")
        bucket = f"orchestrator-artifacts-{_TOOLING}-eu-west-1"
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=bucket)

    @staticmethod
    def _releases(ledger: Ledger) -> None:
        for version in ("0.1.0", "0.2.0"):
            _released(ledger, version)
        where = f"arn:aws:states:{_WHERE}:execution:promote-orders:merge-0"
        for version in ("0.1.0", "0.2.0"):
            running = Running(
                unit="orders", environment="dev", version=version, status="HEALTHY", good=("0.1.0", "0.2.0")
            )
            ledger.environments.record(running, Execution(id=where, name="merge-0", started_at=_NOW))

    @staticmethod
    def _controls(ledger: Ledger) -> None:
        until = datetime(2099, 1, 1, tzinfo=UTC)
        ledger.controls.set_freeze(Freeze(environment=EVERY, unit=EVERY, until=until, reason="A test.", by="kim"))
        ledger.controls.set_quarantine(Quarantine(unit="orders", version="0.2.0", reason="A test.", by="kim"))

    def record(self, command: str, arguments: list[str]) -> list[Call]:
        """Carry a command out as far as it goes; returns what it asked AWS for."""
        context = RecordingContext(
            Context(self.git.folder), {"lambda.Invoke": invoked, "sfn.DescribeExecution": decided}
        )
        name, *below = command.split()
        with suppress(OrchestratorError, SystemExit):
            load(name).main([*below, *arguments], obj=context, standalone_mode=False)
        return context.calls


_TRAIN = Train(
    name="billing-1",
    execution=f"arn:aws:states:{_WHERE}:execution:orchestrator-train:billing-1",
    started_at=_NOW,
    members=("orders",),
)


_ANSWERS: dict[str, dict[str, Any]] = {
    "drift": {"version": None},
    "preview": {"status": "IN_PROGRESS", "message": "It takes long."},
    "retire": {"status": "DELETED"},
}


def _released(ledger: Ledger, version: str) -> None:
    """Note a release whose files are where releases are."""

    def file(name: str) -> dict[str, Any]:
        return {"key": layout.template_key("orders", version) + name, "sha256": "0" * 64, "size": 1}

    facts = dict.fromkeys(("commit", "author", "python", "architecture"), "x")
    manifest = Manifest.model_validate(
        {
            **facts,
            **{name: file(name) for name in ("wheel", "sdist", "template", "sbom")},
            "unit": "orders",
            "version": version,
            "digest": version,
            "committed_at": _NOW,
            "inputs": [],
            "builder": "local",
            "tools": {},
            "requirements": [],
            "settings": {},
            "layers": [],
        }
    )
    ledger.releases.record_release(layout.manifest_key("orders", version), manifest, "0" * 64)


def invoked(params: dict[str, Any], **_arguments: object) -> tuple[SimpleNamespace, dict[str, Any]]:
    """What Lambdas answer."""
    (answer,) = [one for name, one in _ANSWERS.items() if f"orchestrator-{name}" in params["url_path"]]
    return SimpleNamespace(status_code=200), {"Payload": io.BytesIO(json.dumps(answer).encode())}


def decided(params: dict[str, Any], **_arguments: object) -> tuple[SimpleNamespace, dict[str, Any]] | None:
    """How a gate ended."""
    if "-approve-" not in json.loads(params["body"])["executionArn"]:
        return None
    return SimpleNamespace(status_code=200), {"status": "SUCCEEDED", "output": json.dumps({"message": "Done."})}


@dataclass(frozen=True)
class Documented:
    """A row of the table: a command, more words on it, the role whose policy is named, and the calls."""

    command: str
    more: str
    role: str
    calls: frozenset[str]

    def sample(self, action: str) -> Call:
        """A call of the command, with what it is about."""
        if self.command.startswith("guardrails ") and action not in ("dynamodb:GetItem", "dynamodb:DeleteItem"):
            return Call(action, _GUARDRAILS, {"dynamodb:LeadingKeys": ["GUARDRAILS"]})
        resource = _SAMPLES.get(action) or self._states(action)
        if self.command == "retire":
            resource = resource.replace("orchestrator-drift", "orchestrator-retire")
        return Call(action, resource, _CONTEXTS.get(action, {}))

    def _states(self, action: str) -> str:
        train, decides = self.command.startswith("train "), self.role == "approver"
        machine = ("train" if train else "orders") + "-approve-prod"
        if not decides:
            machine = "orchestrator-train" if train else "promote-orders"
        kind = "stateMachine" if action in ("states:StartExecution", "states:DescribeStateMachine") else "execution"
        return f"arn:aws:states:{_WHERE}:{kind}:{machine}{':some' if kind == 'execution' else ''}"

    def __str__(self) -> str:
        return f"{self.command}{self.more}"


_GUARDRAILS = f"arn:aws:dynamodb:{_WHERE}:table/{GUARDRAILS_TABLE}"
_LEDGER = f"arn:aws:dynamodb:{_WHERE}:table/orchestrator-ledger"
_BUCKET = f"arn:aws:s3:::orchestrator-artifacts-{_TOOLING}-eu-west-1"
_SAMPLES = {
    "dynamodb:GetItem": _LEDGER,
    "dynamodb:Query": _LEDGER,
    "dynamodb:PutItem": _LEDGER,
    "dynamodb:DeleteItem": _LEDGER,
    "s3:GetObject": f"{_BUCKET}/plans/orders/some/prod.json",
    "s3:ListBucket": _BUCKET,
    "events:PutEvents": f"arn:aws:events:{_WHERE}:event-bus/default",
    "lambda:InvokeFunction": f"arn:aws:lambda:{_WHERE}:function:orchestrator-drift",
}
_CONTEXTS = {
    "dynamodb:GetItem": {"dynamodb:LeadingKeys": ["TRAIN#billing-1"]},
    "dynamodb:Query": {"dynamodb:LeadingKeys": ["BRANCH#main"]},
    "dynamodb:PutItem": {"dynamodb:LeadingKeys": [FREEZES.key()]},
    "dynamodb:DeleteItem": {"dynamodb:LeadingKeys": [CLAIMS.key()]},
    "events:PutEvents": {"events:source": ["orchestrator"], "events:detail-type": ["Merge"]},
}


def documented() -> list[Documented]:
    """The table of the page."""
    rows = (match.groups() for match in map(_ROW.fullmatch, _PAGE.read_text().splitlines()) if match)
    return [
        Documented(command, more, role, frozenset(re.findall("`([^`]+)`", calls)))
        for command, more, role, calls in rows
    ]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world in which commands are carried out."""
    with mock_aws():
        yield World(tmp_path_factory.mktemp("repository"))


def ask(policy: dict[str, Any], calls: list[Call]) -> list[Answer]:
    """Evaluate calls against a policy."""
    who = f"arn:aws:iam::{_TOOLING}:role/people"
    return simulate(Request(one.action, one.resource, (policy,), one.context, who) for one in calls)


@pytest.fixture(scope="module")
def names(example: World) -> Names:
    """The names of the installation."""
    return Names(Context(example.git.folder).organization)


@pytest.fixture(scope="module")
def carried_out(example: World) -> dict[Documented, list[Call]]:
    """By row of the table, what its command asked AWS for."""
    return {
        row: [call for arguments in _CALLS[row.command, row.more] for call in example.record(row.command, arguments)]
        for row in documented()
    }


@pytest.mark.parametrize("row", documented(), ids=str)
def test_a_command_asks_for_what_the_page_says(row: Documented, carried_out: dict[Documented, list[Call]]) -> None:
    """And for nothing else."""
    assert carried_out[row]
    assert {call.action for call in carried_out[row]} <= row.calls


def test_the_policy_that_the_page_names_allows_all_that_a_command_asks_for(
    carried_out: dict[Documented, list[Call]], names: Names
) -> None:
    """Every call that it made, and every call that is documented."""
    for role in ROLES:
        rows = [row for row in carried_out if row.role == role.name]
        calls = [call for row in rows for call in (*carried_out[row], *map(row.sample, sorted(row.calls)))]
        answers = zip(calls, ask(role.policy(Scope(names)), calls), strict=True)
        assert not [f"{call}: {answer.reason}" for call, answer in answers if not answer.allowed], role.name


def test_a_command_of_another_role_is_not_for_viewers(names: Names) -> None:
    """Else the page would name a larger policy than it takes."""
    rows = [row for row in documented() if row.role not in ("viewer", "ci")]
    asked = [(row, row.sample(action)) for row in rows for action in row.calls]
    answers = ask(role_named("viewer").policy(Scope(names)), [call for _, call in asked])
    refused = {row for (row, _), answer in zip(asked, answers, strict=True) if not answer.allowed}
    assert refused == set(rows)


def test_the_page_tells_of_every_command() -> None:
    """In its table or in the text beside it."""
    text = _PAGE.read_text()
    told = {row.command.split()[0] for row in documented()}
    assert set(_CALLS) == {(row.command, row.more) for row in documented()}
    assert not [name for name in MODULES if name not in told and f"`{name}`" not in text]


def test_the_page_tells_of_every_role() -> None:
    """With the name of its managed policy."""
    text = _PAGE.read_text()
    assert all(f"| `{role.policy_name}` |" in text for role in ROLES)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_policy_fits_and_denies_answering_what_waits(role: AccessRole, names: Names) -> None:
    """IAM takes only so many characters."""
    policy = role.policy(Scope(names))
    assert len(json.dumps(policy, separators=(",", ":"))) <= LARGEST_MANAGED_POLICY
    answers = ask(policy, [Call(f"states:SendTask{what}", "*") for what in ("Success", "Failure", "Heartbeat")])
    assert all(one.denied_by_statement for one in answers)


def start(machine: str) -> Call:
    """A start of a state machine."""
    return Call("states:StartExecution", f"arn:aws:states:{_WHERE}:stateMachine:{machine}")


@pytest.mark.parametrize(
    ("role", "units", "environment", "may", "may_not"),
    [
        ("operator", "billing-", None, ["promote-billing-tax"], ["promote-orders", "orchestrator-train"]),
        ("developer", "billing-", None, ["promote-billing-tax"], ["promote-orders", "billing-tax-approve-prod"]),
        (
            "approver",
            "billing-",
            "prod",
            ["billing-tax-approve-prod"],
            ["billing-tax-approve-dev", "orders-approve-prod", "train-approve-prod", "promote-billing-tax"],
        ),
        ("approver", "", "prod", ["orders-approve-prod", "train-approve-prod"], ["orders-approve-dev"]),
        # The gates of trains are not those of the units whose names begin like theirs.
        ("approver", "t", None, ["tax-approve-prod"], ["train-approve-prod", "orders-approve-prod"]),
    ],
)
def test_a_role_is_limited_to_some_units(
    role: str, units: str, environment: str | None, may: list[str], may_not: list[str], names: Names
) -> None:
    """In what it starts."""
    policy = limited_policy(role_named(role), names, units, environment)
    answers = ask(policy, [start(one) for one in (*may, *may_not)])
    assert [one.allowed for one in answers] == [True] * len(may) + [False] * len(may_not)


def test_the_command_prints_a_policy(example: World, capsys: pytest.CaptureFixture[str], names: Names) -> None:
    """As IAM takes it."""
    example.run("access", "operator", "--units", "billing-")
    printed = json.loads(capsys.readouterr().out)
    assert printed == limited_policy(role_named("operator"), names, "billing-", None)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (["chief"], UnknownNameError, "There is no role 'chief'. Known: viewer, developer"),
        (["viewer", "--units", "billing-"], RequestError, "viewer cannot be limited to units; these can: developer"),
        (["operator", "--units", "*"], RequestError, "is not the beginning of a unit's name"),
        (["operator", "--environment", "prod"], RequestError, "only approver can"),
        (["approver", "--environment", "moon"], UnknownNameError, "There is no environment 'moon'"),
    ],
)
def test_what_cannot_be_limited_is_refused(
    arguments: list[str], error: type[OrchestratorError], said: str, example: World
) -> None:
    """With what is valid."""
    with pytest.raises(error, match=re.escape(said)):
        example.run("access", *arguments)
