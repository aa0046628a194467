"""The tooling account's artifacts bucket, in a stack of its own: the code of the Lambdas must lie in it first."""

import aws_cdk as cdk
from constructs import Construct

from infra.bucket import artifacts_bucket
from infra.snapshots import keep_snapshots
from infra.stack import StaticStack
from orchestrator.config.organization import Organization


class ArtifactsStack(StaticStack):
    """The bucket that releases are published to."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(scope, name, "releases and the code of its Lambdas", env=env)
        keep_snapshots(artifacts_bucket(self, organization.tooling.bucket), organization)
