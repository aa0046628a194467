"""The tooling account's artifacts bucket, in a stack of its own: the code of the Lambdas must lie in it first."""

import aws_cdk as cdk
from constructs import Construct

from infra.bucket import artifacts_bucket
from orchestrator.config.organization import Organization


class ArtifactsStack(cdk.Stack):
    """The bucket that releases are published to."""

    def __init__(self, scope: Construct, name: str, organization: Organization, *, env: cdk.Environment) -> None:
        super().__init__(
            scope,
            name,
            env=env,
            synthesizer=cdk.BootstraplessSynthesizer(),
            description="Promotion orchestrator: releases and the code of its Lambdas",
        )
        artifacts_bucket(self, organization.tooling.bucket)
