"""When a merge arrives, or it is time: find what the branch calls for, and ask for what is missing."""

import json
from typing import Any

from lambdas.edge import logger, respond
from orchestrator.errors import OrchestratorError
from orchestrator.ledger.table import LedgerBusyError
from orchestrator.steps.merge_event import BranchDeletedError, MergeEvent, parse_event
from orchestrator.steps.on_merge import MergeResult, OvertakenError
from orchestrator.steps.starts import StartsError
from orchestrator.wiring.branches import BranchWiring
from state_machines.unit_stack import unit_stack


class UnseenPushError(OrchestratorError):
    """The branch does not contain what was pushed: its host shows an older state of it, or the event is made up."""


wiring = BranchWiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Act on an event. One that can never succeed is put aside with the reason, and not tried again."""
    parsed: MergeEvent | None = None
    try:
        parsed = parse_event(event)
        return respond(MergeEvent, parsed.model_dump(), _look)
    except (StartsError, LedgerBusyError, UnseenPushError):
        # Lambda tries an asynchronous event twice more, and puts it aside after that.
        raise
    except OvertakenError as error:
        return MergeResult(commit="", problems=(str(error),)).model_dump(mode="json")
    except BranchDeletedError as error:
        wiring.report("orchestrator: branch deleted", str(error))
        return MergeResult(commit="", problems=(str(error),)).model_dump(mode="json")
    except OrchestratorError as error:
        logger.error(json.dumps({"event": "put aside", "reason": str(error)}))
        wiring.put_aside(event, str(error))
        if parsed:
            _report(parsed, "orchestrator: nothing of a merge is promoted", str(error))
        return MergeResult(commit="", problems=(str(error),)).model_dump(mode="json")


def _look(event: MergeEvent) -> MergeResult:
    result = wiring.on_merge(unit_stack)(event)
    if result.problems:
        _report(event, "orchestrator: units that cannot be promoted", "\n\n".join(result.problems))
    if result.is_unseen:
        raise UnseenPushError(result.message)
    return result


def _report(event: MergeEvent, subject: str, text: str) -> None:
    """Tell people what is wrong with a merge; the schedule would say the same again and again."""
    if event.detail.commit:
        wiring.report(subject, text)
