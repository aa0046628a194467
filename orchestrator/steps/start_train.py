"""Start the train that a merge called for, once the state machines of all its members are up to date.

Whoever brings the last one up to date starts it. Its name follows from what was called for, so messages that are
doubled, late or out of order start one train.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.aws.errors import error_code
from orchestrator.aws.executions import execution_arn, start_execution
from orchestrator.decisions.document import train_subject
from orchestrator.errors import RequestError
from orchestrator.frozen import dataclass
from orchestrator.ledger.branches import BranchRecords
from orchestrator.ledger.starts import StartRecords
from orchestrator.source.affected import LastStart
from orchestrator.source.demand import Demand, Standing, Together
from orchestrator.trains.bom import TrainRequest
from orchestrator.trains.names import TRAIN_MACHINE, merged_train_name

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class TrainStarter:
    """Starts the trains of merges.

    Args:
        branches: know how the members stand.
        starts: keep what is started, noted before it is.
        stepfunctions: starts executions.
        state_machine_arn: the ARN of a state machine of the tooling account, given its name.
    """

    branches: BranchRecords
    starts: StartRecords
    stepfunctions: "SFNClient"
    state_machine_arn: Callable[[str], str]

    def __call__(self, branch: str, together: Together) -> dict[str, str]:
        """Start it, unless a member is not ready yet, or something else is called for by now.

        Returns:
            By member, the train's execution; nothing when it was not started.

        Raises:
            RequestError: there is no state machine of trains.
        """
        demands = due_together(together, self.branches.standings(branch, together.digests))
        if not demands:
            return {}
        execution = self._start(branch, together)
        self.branches.record_starts(
            branch,
            {unit: LastStart(one.digest, one.inputs, together.commit, execution) for unit, one in demands.items()},
        )
        return dict.fromkeys(demands, execution)

    def _start(self, branch: str, together: Together) -> str:
        what = {"branch": branch, "commit": together.commit, "digests": together.digests, **together.settings}
        request = TrainRequest.model_validate(what).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        name = merged_train_name(together.train, together.commit, together.run)
        machine = self.state_machine_arn(TRAIN_MACHINE)
        self.starts.note(train_subject(name), execution_arn(machine, name), request)
        try:
            return start_execution(self.stepfunctions, machine, name, request)
        except ClientError as error:
            if error_code(error) != "StateMachineDoesNotExist":
                raise
            raise RequestError(
                f"The train {together.train} cannot be started: there is no state machine {TRAIN_MACHINE}. Run "
                "'orchestrator bootstrap'."
            ) from error


def due_together(together: Together, standings: Mapping[str, Standing]) -> dict[str, Demand]:
    """What is called for in each member, if that is this train, not started yet, and all of them are ready for it."""
    demands = {unit: one.demand for unit, one in standings.items() if one.demand and one.demand.together == together}
    is_ready = demands.keys() == together.digests.keys() and all(
        standings[unit].definition == one.definition for unit, one in demands.items()
    )
    is_due = any(not standings[unit].has_started(one) for unit, one in demands.items())
    return demands if is_ready and is_due else {}
