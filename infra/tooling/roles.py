"""The roles that are passed to services, and the one that build workers take."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.tooling.names import Names
from infra.tooling.people.managed import managed_policies
from infra.tooling.permissions import PROMOTION_STEPS
from infra.tooling.source import find_units, publisher_policy
from infra.tooling.statements import Statements, allow
from orchestrator.config.infrastructure import BUILDER_ROLE, GATE_ROLE, PROMOTION_ROLE, UNIT_STACK_ROLE


def service_roles(scope: Construct, names: Names) -> None:
    """Make all of them."""
    account = names.organization.tooling.account
    states = service("states.amazonaws.com", account)
    role(scope, PROMOTION_ROLE, states, _promotion(names), "What promotions run with")
    role(scope, GATE_ROLE, states, [_invoke(names, ("decide",))], "What gates run with")
    cloudformation = service("cloudformation.amazonaws.com", account)
    role(scope, UNIT_STACK_ROLE, cloudformation, _unit_stack(names), "What CloudFormation makes state machines with")
    role(scope, BUILDER_ROLE, iam.AccountPrincipal(account), _builder(names), "What build workers work with")
    managed_policies(scope, names)
    publisher_policy(scope, names)


def role(scope: Construct, name: str, principal: iam.IPrincipal, statements: Statements, description: str) -> iam.Role:
    """A role with one inline policy."""
    return iam.Role(
        scope,
        "".join(part.capitalize() for part in f"{name}-role".split("-")),
        role_name=name,
        assumed_by=principal,
        description=description,
        inline_policies={name: iam.PolicyDocument(statements=statements)},
    )


def service(name: str, account: str) -> iam.IPrincipal:
    """A service, working for this account only."""
    return iam.ServicePrincipal(name, conditions={"StringEquals": {"aws:SourceAccount": account}})


def _invoke(names: Names, steps: tuple[str, ...]) -> iam.PolicyStatement:
    return allow(["lambda:InvokeFunction"], [names.function(step) for step in steps])


def _promotion(names: Names) -> Statements:
    """Call the steps; on CodeBuild, also start builds of the one project, wait for them and stop them."""
    steps = _invoke(names, PROMOTION_STEPS)
    if names.organization.build.runner != "codebuild":
        return [steps]
    builds = [f"codebuild:{action}" for action in ("StartBuild", "StopBuild", "BatchGetBuilds")]
    waiting = [f"events:{action}" for action in ("PutTargets", "PutRule", "DescribeRule")]
    return [steps, allow(builds, [names.organization.build_project_arn]), allow(waiting, [names.build_events])]


def _unit_stack(names: Names) -> Statements:
    """Touch units' state machines, and pass the two roles they run with: a merge never creates IAM."""
    machines = [
        "CreateStateMachine",
        "UpdateStateMachine",
        "DeleteStateMachine",
        "DescribeStateMachine",
        "ListStateMachineVersions",
        "ListTagsForResource",
        "TagResource",
        "UntagResource",
    ]
    passed = [names.organization.tooling_role_arn(name) for name in (PROMOTION_ROLE, GATE_ROLE)]
    return [
        allow([f"states:{action}" for action in machines], [names.promotions, names.gates]),
        allow(["iam:PassRole"], passed, {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}),
    ]


def _builder(names: Names) -> Statements:
    activity = names.organization.build_activity_arn
    answers = ["SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"]
    return [
        allow(["states:GetActivityTask"], [activity]),
        # No resource can be named for these: a worker answers with the token that it was given.
        allow([f"states:{action}" for action in answers], ["*"]),
        *build_releases(names),
    ]


def build_releases(names: Names) -> Statements:
    """What every build needs, wherever it runs: sources, and sessions that publish. It writes nothing by itself."""
    return [_invoke(names, ("begin_publish",)), *find_units(names)]
