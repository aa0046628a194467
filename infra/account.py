"""ARNs of one account that is deployed to, in each of its regions, limited to the names of units' stacks."""

from dataclasses import dataclass

from orchestrator.config.environment import Target
from orchestrator.config.organization import Organization

_TRANSFORMS = ("Serverless-2016-10-31", "LanguageExtensions", "Include")


@dataclass(frozen=True)
class Account:
    """One account with all of its targets: roles belong to an account, whatever the region.

    Args:
        organization: its environments.
        number: the account's.
        only: patterns of the only names that count; all names of units when left out.
    """

    organization: Organization
    number: str
    only: tuple[str, ...] = ()

    @property
    def targets(self) -> list[Target]:
        """The account's regions that are deployed to."""
        return [target for target in self.organization.targets if target.account == self.number]

    def arns(self, service: str, *resources: str) -> list[str]:
        """Resources in each of the account's regions."""
        return [
            f"arn:aws:{service}:{target.region}:{self.number}:{resource}"
            for target in self.targets
            for resource in resources
        ]

    def named(self, service: str, *kinds: str) -> list[str]:
        """Resources whose names begin with the units' prefix or an adopted stack's; a kind comes before the name."""
        return self.arns(service, *(f"{kind}{name}" for kind in kinds for name in self.names))

    @property
    def names(self) -> list[str]:
        """Names of what stacks hold: CloudFormation lets them begin with the stack's, and a `-`."""
        if self.only:
            return list(self.only)
        adopted = (stack if stack.endswith("*") else f"{stack}-*" for stack in self.organization.adopt.stacks)
        return [f"{self.organization.stack_prefix}*", *adopted]

    @property
    def layers(self) -> list[str]:
        """Layers of units: builds name the one that they add after the stack itself."""
        adopt = () if self.only else self.organization.adopt.stacks
        named = (stack for stack in adopt if not stack.endswith("*"))
        adopted = self.arns("lambda", *(f"layer:{stack}" for stack in named))
        layers = [*self.named("lambda", "layer:"), *adopted]
        # Of a layer's versions, some calls name one.
        return [*layers, *(f"{layer}:*" for layer in adopted)]

    @property
    def nested_stacks(self) -> list[str]:
        """Stacks that those of units nest: CloudFormation lets their names begin with the outer stack's."""
        return self.arns("cloudformation", *(f"stack/{name}/*" for name in self.names))

    @property
    def stacks(self) -> list[str]:
        """The stacks of units: all with the prefix, and exactly those that are adopted; a stack's id follows."""
        names = [f"{self.organization.stack_prefix}*", *self.organization.adopt.stacks]
        return self.arns("cloudformation", *(f"stack/{name}/*" for name in names))

    def role_arn(self, name: str) -> str:
        """A role of the account."""
        return f"arn:aws:iam::{self.number}:role/{name}"

    @property
    def roles(self) -> list[str]:
        """The roles that units may have."""
        return [self.role_arn(name) for name in self.names]

    @property
    def buckets(self) -> list[str]:
        """The account's artifacts buckets."""
        return [f"arn:aws:s3:::{target.bucket}" for target in self.targets]

    @property
    def releases(self) -> list[str]:
        """The releases in them."""
        return [f"{bucket}/projects/*" for bucket in self.buckets]

    @property
    def transforms(self) -> list[str]:
        """The macros that templates of units may name; they belong to AWS."""
        return [
            f"arn:aws:cloudformation:{target.region}:aws:transform/{name}"
            for target in self.targets
            for name in _TRANSFORMS
        ]
