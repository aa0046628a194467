"""The roles that people and CI have, and what each of them may do.

Each policy is complete: who has one can carry out the commands that `docs/access.md` lists for it without another one.
Every policy denies answering task tokens: a token that somebody reads in a history must be of no use to them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.tooling.names import Names
from infra.tooling.people.scope import Scope, Statement, allow, announce_merges, deny, executions
from infra.tooling.statements import within
from orchestrator.errors import RequestError, UnknownNameError
from orchestrator.ledger.partitions import BRANCHES, TRAIN, written_by

_PREFIX = "orchestrator-"
NO_TOKENS = deny(["states:SendTaskSuccess", "states:SendTaskFailure", "states:SendTaskHeartbeat"], ["*"])
"""Denies answering what waits: promotions are answered by `decide`, builds by workers."""


@dataclass(frozen=True)
class AccessRole:
    """One role of people.

    Attributes:
        name: such as `operator`.
        description: what it is for, as people see it in IAM. IAM cannot change it: CloudFormation would have to replace
            the policy, which it refuses for one with a name.
        statements: what it may do.
        by_units: whether it can be limited to some units.
    """

    name: str
    description: str
    statements: Callable[[Scope], list[Statement]]
    by_units: bool = False

    @property
    def policy_name(self) -> str:
        """Name of the managed policy for all units."""
        return f"{_PREFIX}{self.name}"

    def policy(self, scope: Scope) -> dict[str, Any]:
        """The policy as a document."""
        return {"Version": "2012-10-17", "Statement": [*self.statements(scope), *NO_TOKENS]}


def _viewer(scope: Scope) -> list[Statement]:
    # What is looked at is that of all units: the ledger has partitions that all of them share.
    everything = Scope(scope.names)
    machines = [*everything.promotions, *everything.trains]
    names = scope.names
    return [
        *allow(["states:DescribeStateMachine", "states:ListExecutions"], machines),
        *allow(["states:DescribeExecution", "states:GetExecutionHistory"], executions(machines)),
        *allow(["dynamodb:GetItem", "dynamodb:Query"], [names.ledger, names.guardrails]),
        # What was published can be verified and compared by everybody, without trust in the orchestrator's Lambdas.
        *allow(["s3:GetObject"], [names.objects("projects/*"), names.objects("plans/*")]),
        # Without it, S3 answers that access to a missing object is denied.
        *allow(["s3:ListBucket"], [names.bucket, names.decisions_bucket]),
        # The decisions themselves: what the ledger lists is only an index.
        *allow(["s3:GetObject", "s3:GetObjectVersion"], [names.decisions]),
    ]


def _developer(scope: Scope) -> list[Statement]:
    functions = [scope.names.function(step) for step in ("drift", "preview")]
    return [
        *_viewer(scope),
        *allow(["states:StartExecution"], scope.promotions),
        *allow(["lambda:InvokeFunction"], functions),
        *announce_merges(scope),
    ]


def _operator(scope: Scope) -> list[Statement]:
    machines = [*scope.promotions, *scope.trains]
    return [
        *_developer(scope),
        *allow(["states:StartExecution"], scope.trains),
        *allow(["states:StopExecution", "states:RedriveExecution"], executions(machines)),
    ]


def _approver(scope: Scope) -> list[Statement]:
    return [
        *_viewer(scope),
        *allow(["states:StartExecution", "states:DescribeStateMachine", "states:ListExecutions"], scope.gates),
        # Whoever decides waits for what became of the decision.
        *allow(["states:DescribeExecution", "states:GetExecutionHistory"], executions(scope.gates)),
        *deny(["states:StartExecution"], scope.foreign_gates),
    ]


def _controller(scope: Scope) -> list[Statement]:
    return [
        *_viewer(scope),
        *allow(["dynamodb:PutItem"], [scope.names.ledger], dict(within(written_by("controller")))),
        *allow(["lambda:InvokeFunction"], [scope.names.function("retire")]),
        # Retiring a unit begins with a look at the branch that it is gone from.
        *announce_merges(scope),
    ]


def _ci(scope: Scope) -> list[Statement]:
    branch = BRANCHES.key(scope.names.organization.repository.branch)
    known = within([branch, TRAIN.pattern])
    return [
        *allow(["dynamodb:GetItem", "dynamodb:Query"], [scope.names.ledger], dict(known)),
        *allow(["dynamodb:GetItem", "dynamodb:Query"], [scope.names.guardrails]),
    ]


def _administrator(scope: Scope) -> list[Statement]:
    return [
        *_viewer(scope),
        *allow(["dynamodb:PutItem", "dynamodb:ConditionCheckItem"], [scope.names.guardrails]),
        # A folder's claim to a unit's name can be given up for it.
        *allow(["dynamodb:DeleteItem"], [scope.names.ledger], dict(within(written_by("administrator")))),
        # The trust policies of roles that approvers have say whether session names identify people.
        *allow(["iam:GetRole"], [scope.roles]),
    ]


ROLES = (
    AccessRole("viewer", "See what runs where, histories, plans and releases", _viewer),
    AccessRole(
        "developer", "View, start promotions, announce merges, ask for plans and drift", _developer, by_units=True
    ),
    AccessRole(
        "operator",
        "Start and watch promotions; approving needs states:StartExecution on the gates besides",
        _operator,
        by_units=True,
    ),
    AccessRole("approver", "View, and decide on what waits for approval", _approver, by_units=True),
    AccessRole(
        "controller",
        "Set and lift holds, freezes and quarantines, delete what is left of units that are gone",
        _controller,
    ),
    AccessRole("ci", "Read what decides which units a merge would promote", _ci),
    AccessRole("administrator", "View, and change the guardrails", _administrator),
)


def role_named(name: str) -> AccessRole:
    """Find a role.

    Raises:
        UnknownNameError: there is none of that name.
    """
    found = next((role for role in ROLES if role.name == name), None)
    if found is None:
        raise UnknownNameError("role", name, [role.name for role in ROLES])
    return found


def limited_policy(role: AccessRole, names: Names, units: str, environment: str | None) -> dict[str, Any]:
    """The policy of a role, limited to units whose names begin alike and to the gates of one environment.

    Raises:
        RequestError: the role cannot be limited like that.
    """
    if units and not role.by_units:
        limitable = ", ".join(one.name for one in ROLES if one.by_units)
        raise RequestError(f"The role {role.name} cannot be limited to units; these can: {limitable}.")
    if environment and role.name != "approver":
        raise RequestError(f"The role {role.name} cannot be limited to an environment: only approver can.")
    return role.policy(Scope(names, units, environment))
