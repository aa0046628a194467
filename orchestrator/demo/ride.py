"""The demonstration's train: two units that must change together, merged, and taken to prod with one approval."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_not_result, stop_after_delay, wait_fixed

from orchestrator.cli.context import Context
from orchestrator.cli.output import say
from orchestrator.cli.tables import console
from orchestrator.cli.train import decide, find_train
from orchestrator.cli.train_view import pending_plans, show_train, shown_plans
from orchestrator.decisions.document import train_subject
from orchestrator.demo.host import push
from orchestrator.errors import OrchestratorError
from orchestrator.frozen import dataclass
from orchestrator.ledger.trains import Train
from orchestrator.steps.gate_input import TrainGateInput
from orchestrator.trains.names import train_of

Found = TypeVar("Found")

_LOOK_SECONDS, _SECONDS = 0.25, 300.0
_GATED = "prod"


class NoTrainError(OrchestratorError):
    """The train did not start, or did not come as far as the story tells."""


@dataclass(frozen=True)
class Ride:
    """One train, from the merge to its end.

    Args:
        here: the demonstration's repository.
        approve: asks whether a train may go to prod.
    """

    here: Context
    approve: Callable[[str], bool]

    def __call__(self, commit: str, units: set[str]) -> Train:
        """Push, decide where prod waits for it, and show what became of whom.

        Raises:
            NoTrainError: something took too long.
        """
        branch = self.here.organization.repository.branch
        push(self.here, branch, commit)
        with console.status("the state machines of both are looked at, and a train is started"):
            name = self._until(lambda: self._started(branch, commit, units), "No train was started")
        say(f"  the train {name} carries {', '.join(sorted(units))}")
        with console.status(f"{name} goes through dev, test and staging"):
            self._until(lambda: self._waits(name) or self._ended(name), f"{name} did not come to {_GATED}")
        if self._waits(name):
            decision = "approve" if self.approve(f"the train {name}") else "reject"
            plan = shown_plans(pending_plans(self.here, find_train(self.here, name), _GATED))
            asked = {"train": name, "decision": decision, "plan": plan, "reason": "demonstration"}
            given = TrainGateInput.model_validate(asked)
            say(f"  {decide(self.here, name, _GATED, given)}")
        with console.status(f"{name} goes to {_GATED}"):
            ended = self._until(lambda: self._ended(name), f"{name} did not end")
        show_train(self.here, ended)
        return ended

    def _started(self, branch: str, commit: str, units: set[str]) -> str | None:
        starts = self.here.wiring.ledger.branches.last_starts(branch)
        found = {starts[unit].execution for unit in units if unit in starts and starts[unit].commit == commit}
        return train_of(found.pop()) if len(found) == 1 else None

    def _waits(self, name: str) -> Train | None:
        request = self.here.wiring.ledger.approvals.request(train_subject(name), _GATED)
        return self.here.wiring.ledger.trains.train(name) if request and request.status == "PENDING" else None

    def _ended(self, name: str) -> Train | None:
        found = self.here.wiring.ledger.trains.train(name)
        return found if found and found.ended_at else None

    @staticmethod
    def _until(look: Callable[[], Found | None], otherwise: str) -> Found:
        waiting = Retrying(
            retry=retry_if_not_result(bool),
            wait=wait_fixed(_LOOK_SECONDS),
            stop=stop_after_delay(_SECONDS),
            retry_error_callback=lambda _: None,
        )
        found = waiting(look)
        if found is None:
            raise NoTrainError(f"{otherwise} within {_SECONDS:.0f} s.")
        return found
