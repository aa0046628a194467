"""A gate of prod with the real Decide, ledger and CloudTrail look-up, and one promotion that waits at it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import boto3

from orchestrator.config.organization import Organization
from orchestrator.decisions.document import request_id
from orchestrator.guardrails.rules import Tightening
from orchestrator.identity.policy import Authors
from orchestrator.identity.proof import Proven
from orchestrator.identity.trail import Trail
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.tokens import TokenRecords
from orchestrator.steps.contract import StepResult
from orchestrator.steps.decide import Decider
from orchestrator.steps.gate_input import DecideInput, plan_prefix
from tests.ledger_table import make_decisions_bucket, make_ledger_table, make_tokens_table
from tests.moto_site import started_event
from tests.recorded import recorded

TOOLING = "1" * 12
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLAN = "0a1b2c3d4e5f" + "0" * 52
_STATES = f"arn:aws:states:eu-west-1:{TOOLING}:execution"
PROMOTION = f"{_STATES}:promote-clock:waits"
SINGLE_SIGN_ON = f"arn:aws:sts::{TOOLING}:assumed-role/AWSReservedSSO_Release_0123456789abcdef"


def user(name: str) -> str:
    """An IAM user of the tooling account."""
    return f"arn:aws:iam::{TOOLING}:user/{name}"


def session(role: str, name: str, account: str = TOOLING) -> str:
    """A session of a role, under a name that whoever assumes it has chosen."""
    return f"arn:aws:sts::{account}:assumed-role/{role}/{name}"


@dataclass
class CloudTrail:
    """Answers `LookupEvents` with what was recorded."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def get_paginator(self, _operation: str) -> "CloudTrail":
        """There is one page."""
        return self

    def paginate(self, **_arguments: object) -> Iterator[dict[str, Any]]:
        """All events, whatever is asked for."""
        yield {"Events": [{"CloudTrailEvent": json.dumps(event)} for event in self.events]}


class StepFunctions:
    """Keeps what promotions are answered."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []

    def send_task_success(self, **answer: str) -> None:
        """Answer one."""
        self.answers.append(json.loads(answer["output"]))


def waiting(ledger: Ledger, **differing: Any) -> ApprovalRequest:
    """Let a promotion wait for a decision."""
    entry = {"unit": "clock", "version": "0.2.0", "manifest_sha256": "m", "plan_hash": PLAN}
    entry |= {name: value for name, value in differing.items() if name in entry}
    request = ApprovalRequest.model_validate(
        {
            "id": request_id("t"),
            **entry,
            "entries": [entry],
            "environment": "prod",
            "execution": PROMOTION,
            "order": "2026",
            "started_at": NOW.isoformat(),
            **differing,
        }
    )
    assert ledger.approvals.record_request(request)
    return request


class Gate:
    """The gate. Its guardrails are as given.

    Args:
        people: the table `[people]`.
        prod: more of prod's settings.
    """

    def __init__(self, people: dict[str, list[str]] | None = None, **prod: Any) -> None:
        environment = {"name": "prod", "account": "5" * 12, "region": "eu-west-1", "requires_approval": True, **prod}
        tooling = {"account": TOOLING, "region": "eu-west-1"}
        document = {"tooling": tooling, "environments": [environment], "people": people or {}}
        guardrails = recorded(Organization.model_validate(document))
        own = boto3.Session(region_name="eu-west-1")
        self.ledger = Ledger(make_ledger_table(own), lambda: NOW)
        tokens, decisions = TokenRecords(make_tokens_table(own), lambda: NOW), make_decisions_bucket(own)
        tokens.keep(request_id("t"), "t")
        self.cloudtrail, self.stepfunctions = CloudTrail(), StepFunctions()
        self._numbers = count(1)
        # Each plays a little of what it stands for.
        stepfunctions: Any = self.stepfunctions
        cloudtrail: Any = self.cloudtrail
        verify: Any = self._verify
        trail = Trail(cloudtrail)
        self.decider = Decider(
            self.ledger,
            decisions,
            tokens,
            stepfunctions,
            verify,
            trail,
            lambda: NOW,
            lambda: guardrails,
            lambda _: Authors(complete=True),
        )

    def _verify(self, proof: str, _decision: dict[str, Any]) -> Proven:
        """A proof is the ARN of whoever signed it: STS is not asked."""
        return Proven(proof, f"{proof} {next(self._numbers)}")

    def wait(self, **differing: Any) -> ApprovalRequest:
        """Let a promotion wait, which somebody started by hand."""
        return waiting(self.ledger, **differing)

    def decide(self, who: str | None, decision: str = "approve", **differing: Any) -> StepResult:
        """Decide with a proof of who does; without one, CloudTrail is asked."""
        given = {
            "release": "0.2.0",
            "decision": decision,
            "plan": plan_prefix(PLAN),
            "reason": "tried",
            **({"proof": who} if who else {}),
            **differing,
        }
        gate = f"{_STATES}:clock-approve-prod:gate-{next(self._numbers)}"
        return self.by_gate(gate, given)

    def by_gate(self, gate: str, given: Any) -> StepResult:
        """Decide in one execution of the gate."""
        step = {"unit": "clock", "environment": "prod", "gate": gate, "started_at": NOW, "decision": given}
        return self.decider(DecideInput.model_validate({**step, "merged": Tightening()}))

    def started(self, execution: str, who: str, **differing: Any) -> None:
        """Let CloudTrail record a start."""
        self.cloudtrail.events.append({**started_event(execution, who), **differing})
