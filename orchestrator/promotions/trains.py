"""Goes on with a train that did not arrive, and stops one that must not go on."""

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from orchestrator.aws.executions import Executions, describe_execution, stop_execution
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Train
from orchestrator.promotions.start import Starter
from orchestrator.trains.names import ARRIVED, retry_name, retry_names

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

# Ends that no Fail state decided on: a step failed, or somebody stopped it.
_DECIDED = ("FAILED", "ROLLED_BACK", "INCOMPLETE", "HELD", "QUARANTINED", "REJECTED", "TIMED_OUT")

# What a train that carries another one on does not say as that one did: it names releases, and no merge starts it.
_REPLACED = ("branch", "commit", "digests", "retry_of", "units", "from")


@dataclass(frozen=True)
class TrainRecovery:
    """Retries and stops trains.

    Args:
        ledger: knows how far a train came.
        stepfunctions: Step Functions of the tooling account.
        starter: starts a train anew.
    """

    ledger: Ledger
    stepfunctions: "SFNClient"
    starter: Starter

    def retry(self, train: Train) -> str:
        """Go on with a train.

        A step that failed unexpectedly is carried out again, where the execution can be redriven. Otherwise a new
        train carries the same releases on, from the first environment that not all of them have passed.

        Returns:
            The execution that goes on: the same one, or a new one.

        Raises:
            RequestError: it runs, or has arrived, or so does one that carries it on.
        """
        self._check_not_carried_on(train)
        described = describe_execution(self.stepfunctions, train.execution) or {}
        if described.get("status") == "RUNNING":
            raise RequestError(f"{train.name} is under way: there is nothing to retry.")
        if described.get("status") == "SUCCEEDED":
            how = f"ended as {train.outcome.lower()}" if train.outcome else "has ended well"
            raise RequestError(
                f"{train.name} {how}: there is nothing to retry. To promote its releases once more, start "
                "another train with them."
            )
        decided = described.get("error") in _DECIDED or described.get("status") == "ABORTED"
        if described.get("redriveStatus") == "REDRIVABLE" and not decided:
            self.stepfunctions.redrive_execution(executionArn=train.execution)
            return train.execution
        machine = train.execution.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
        return self.starter.start_named(machine, retry_name(train.name, self._taken), self._request(train))

    def abort(self, train: Train, reason: str) -> Iterator[str]:
        """Stop a train and all that moves its members; yields what was stopped.

        Raises:
            RequestError: it has ended.
        """
        if not Executions(self.stepfunctions).is_alive(train.execution):
            raise RequestError(f"{train.name} has ended already.")
        moving = [train.execution]
        # First the train, so that it starts nothing more.
        for execution in moving:
            if stop_execution(self.stepfunctions, execution, reason):
                yield execution
            if execution == train.execution:
                stages = self.ledger.trains.stages(train.name).values()
                moving += [part.moves for one in stages for part in one.parts.values() if part.moves]

    def _check_not_carried_on(self, train: Train) -> None:
        found = (self.ledger.trains.train(name) for name in retry_names(train.name))
        for other in takewhile(bool, found):
            is_alive = other is not None and Executions(self.stepfunctions).is_alive(other.execution)
            if other and other.name != train.name and (is_alive or other.outcome == ARRIVED):
                how = "is under way" if is_alive else "has arrived"
                raise RequestError(f"{train.name} was carried on already: {other.name} {how}.")

    def _taken(self, name: str) -> bool:
        return self.ledger.trains.train(name) is not None

    def _request(self, train: Train) -> dict[str, Any]:
        """What carries a train on: its releases, from where it came to an end."""
        if not train.environments or (train.request.get("digests") and set(train.versions) != set(train.members)):
            # It did not even begin, or not all was built: what was is found by its digest.
            asked = {key: value for key, value in train.request.items() if key != "branch"}
            return {"retry_of": train.name, **asked} if "digests" in asked else asked
        stages = self.ledger.trains.stages(train.name)
        left = [name for name in train.environments if name not in stages or not _passed(stages[name].outcomes)]
        kept = {key: value for key, value in train.request.items() if key not in _REPLACED}
        units = [f"{unit}@{version}" for unit, version in train.versions.items()]
        return {**kept, "units": units, "from": left[0] if left else train.environments[-1]}


def _passed(outcomes: dict[str, Any]) -> bool:
    return bool(outcomes) and all(outcome == "PROMOTED" for outcome in outcomes.values())
