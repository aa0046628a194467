"""The CDK app: stacks for artifacts, guardrails, decisions, tooling, builds and trains, and one for each target."""

from pathlib import Path

import aws_cdk as cdk

from infra.artifacts import ArtifactsStack
from infra.builds.stack import BuildsStack
from infra.decisions import DecisionsStack
from infra.guardrails import GuardrailsStack
from infra.target import TargetStack
from infra.tooling.stack import ToolingStack
from infra.trains.gates import TrainGatesStack
from infra.trains.stack import TrainsStack
from orchestrator.config.infrastructure import (
    ARTIFACTS_STACK,
    BUILDS_STACK,
    DECISIONS_STACK,
    GUARDRAILS_STACK,
    TOOLING_STACK,
    TRAIN_GATES_STACK,
    TRAINS_STACK,
)
from orchestrator.config.organization import Organization
from orchestrator.config.stacks import stacked_targets, target_template


def synthesize(organization: Organization, out: Path) -> None:
    """Write the template of every stack as `<stack>.template.json`."""
    app = cdk.App(analytics_reporting=False, outdir=str(out))
    tooling = cdk.Environment(account=organization.tooling.account, region=organization.tooling.region)
    ArtifactsStack(app, ARTIFACTS_STACK, organization, env=tooling)
    GuardrailsStack(app, GUARDRAILS_STACK, organization, env=tooling)
    DecisionsStack(app, DECISIONS_STACK, organization, env=tooling)
    ToolingStack(app, TOOLING_STACK, organization, env=tooling)
    BuildsStack(app, BUILDS_STACK, organization, env=tooling)
    TrainsStack(app, TRAINS_STACK, organization, env=tooling)
    TrainGatesStack(app, TRAIN_GATES_STACK, organization, env=tooling)
    for target in stacked_targets(organization):
        env = cdk.Environment(account=target.account, region=target.region)
        TargetStack(app, target_template(target), organization, target, env=env)
    app.synth()
