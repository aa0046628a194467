"""Stacks as they were before a unit took them over: kept when that begins, given back when none of its releases works.

Each is kept in its own account, under the hash of its content, which the ledger notes.
"""

import json
from collections.abc import Iterator, Sequence

from orchestrator.aws.stack import Stack
from orchestrator.aws.stack_state import StackState
from orchestrator.aws.target import TargetAccount
from orchestrator.aws.template import Template
from orchestrator.errors import DeploymentError
from orchestrator.frozen import dataclass
from orchestrator.releases import layout
from orchestrator.releases.sha256 import sha256_of
from orchestrator.releases.store import ArtifactStore
from orchestrator.steps.adoption import UNIT_TAG, tags_of
from orchestrator.steps.contract import Document, StepInput
from orchestrator.steps.deployment import ReleaseFiles, execution_digest, parameters, template_source

# What CloudFormation shows in the place of a value that is not to be seen.
_HIDDEN = "****"


class StackBefore(Document):
    """A stack as it was.

    Attributes:
        id: its ARN: another stack of the same name is another one.
        template: as it was written.
        parameters: their values; CloudFormation shows asterisks for hidden ones.
        tags: all of them.
    """

    id: str
    template: str
    parameters: dict[str, str]
    tags: dict[str, str]

    @property
    def hidden(self) -> list[str]:
        """The parameters whose values CloudFormation shows nobody."""
        return sorted(name for name, value in self.parameters.items() if value == _HIDDEN)

    def as_template(self, store: ArtifactStore, unit: str) -> Template:
        """What gives it back; hidden parameters keep the value that they have."""
        text = self.template.encode()
        return Template(
            **template_source(store, layout.taken_over_key(unit, sha256_of(text)), text),
            parameters={name: value for name, value in self.parameters.items() if value != _HIDDEN},
            kept=tuple(self.hidden),
            tags=self.tags,
        )


@dataclass(frozen=True)
class TakenOver:
    """Keeps stacks as they are, and gives them back.

    Args:
        files: opens the targets' own buckets.
    """

    files: ReleaseFiles

    def keep(self, account: TargetAccount, step: StepInput) -> str | None:
        """Keep a stack of a target as it is; returns the hash of that, None where the unit has or makes it."""
        stack = account.stack(step.stack_name, step.environment)
        state = stack.state()
        if state is None or not state.exists or state.tags.get(UNIT_TAG) == step.release.unit:
            return None
        content = _described(stack, state).model_dump_json().encode()
        digest = sha256_of(content)
        self.files.store_of(account).put_new(layout.taken_over_key(step.release.unit, digest), content)
        return digest

    def kept(self, account: TargetAccount, step: StepInput, digest: str | None) -> StackBefore | None:
        """What was kept of a stack; None when nothing was, or the stack is another one.

        Raises:
            ArtifactError: it is missing, or was altered.
        """
        state = account.stack(step.stack_name, step.environment).state() if digest else None
        if state is None or digest is None:
            return None
        key = layout.taken_over_key(step.release.unit, digest)
        found = StackBefore.model_validate_json(self.files.store_of(account).get(key, sha256=digest))
        return found if found.id == state.id else None

    def propose(self, before: StackBefore, account: TargetAccount, step: StepInput) -> str:
        """Make the change set that gives a stack back; returns its ARN.

        Raises:
            DeploymentError: a hidden parameter went with the release's template.
        """
        stack = account.stack(step.stack_name, step.environment)
        state = stack.state()
        gone = [name for name in before.hidden if state is None or name not in state.parameters]
        if gone:
            raise DeploymentError(
                f"The stack {stack.name} in {stack.where} cannot be returned to what it was: {step.release.name} "
                f"lacks the parameter {', '.join(gone)}, and CloudFormation shows nobody its value. The template and "
                "the other parameters are in the account's artifacts bucket, below "
                f"projects/{step.release.unit}/taken-over: deploy them by hand."
            )
        template = before.as_template(self.files.store_of(account), step.release.unit)
        name = f"as-it-was-{execution_digest(step.execution)}"
        return stack.propose(name, template)

    def left(self, step: StepInput, found: Sequence[tuple[TargetAccount, StackBefore]]) -> Iterator[str]:
        """What could not be given back, a sentence for each kind."""
        names = {name for _, before in found for name in before.hidden}
        # What nothing gave another value still has the one that it had.
        given = parameters(self.files.manifest(step.release), names, found[0][0].target, step.environment.name)
        if given:
            yield f"CloudFormation shows nobody what its parameters {', '.join(sorted(given))} were: set them by hand."
        new = [str(one) for one in step.environment.targets if one not in [account.target for account, _ in found]]
        if new:
            yield f"In {', '.join(new)} there was none: what is there is left as it is for inspection."


def _described(stack: Stack, state: StackState) -> StackBefore:
    template = stack.template()
    text = template if isinstance(template, str) else json.dumps(template)
    return StackBefore(id=state.id, template=text, parameters=state.parameters, tags=tags_of(state))
