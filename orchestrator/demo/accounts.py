"""Looks into the accounts from outside the orchestrator: calls the deployed Lambdas as each account's root would."""

import json
from typing import Any

import boto3

from orchestrator.aws.session import CLIENT
from orchestrator.config.organization import Organization
from orchestrator.frozen import dataclass


@dataclass(frozen=True)
class Probe:
    """How to call a unit.

    Attributes:
        output: the stack output with the function's name.
        payload: what it is called with.
    """

    output: str
    payload: dict[str, Any]

    def with_payload(self, **more: Any) -> "Probe":
        """The same, called with something besides."""
        return Probe(self.output, {**self.payload, **more})


_LINE = {"sku": "TEA-01", "quantity": 2, "unit_price": "9.90"}
PROBES = {
    "orders": Probe("PriceOrderFunction", {"currency": "EUR", "lines": [_LINE]}),
    "invoices": Probe(
        "IssueInvoiceFunction",
        {
            "number": "DEMO-1",
            "currency": "EUR",
            "seller": {"country": "DE"},
            "buyer": {"country": "DE"},
            "lines": [{"description": "Tea", "quantity": 1, "unit_price": "10.00", "category": "standard"}],
        },
    ),
    "nightly_report": Probe("StartReportFunction", {"dry_run": True}),
}


@dataclass(frozen=True)
class Accounts:
    """The accounts of the demonstration.

    Args:
        organization: which account each environment is.
    """

    organization: Organization

    def call(self, unit: str, environment: str, probe: Probe) -> dict[str, Any]:
        """Call a unit where it is deployed, and return its answer."""
        session = boto3.Session(profile_name=environment)
        stack = f"{self.organization.stack_prefix}{unit.replace('_', '-')}"
        described = session.client("cloudformation", config=CLIENT).describe_stacks(StackName=stack)["Stacks"][0]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in described["Outputs"]}
        answer = session.client("lambda", config=CLIENT).invoke(
            FunctionName=outputs[probe.output], Payload=json.dumps(probe.payload)
        )
        document: dict[str, Any] = json.loads(answer["Payload"].read())
        return document
