"""What all static stacks have in common."""

import aws_cdk as cdk
from constructs import Construct


class StaticStack(cdk.Stack):
    """A stack that deploys without `cdk bootstrap`.

    Args:
        scope: the app.
        name: the stack's.
        description: what it holds, as people see it in their account.
        env: the account and region.
    """

    def __init__(self, scope: Construct, name: str, description: str, *, env: cdk.Environment) -> None:
        super().__init__(
            scope,
            name,
            env=env,
            synthesizer=cdk.BootstraplessSynthesizer(),
            description=f"Promotion orchestrator: {description}",
        )
