"""When a merge arrives: start the promotions of the units it affects."""

import json
from typing import Any

from lambdas.edge import logger, respond
from orchestrator.errors import OrchestratorError
from orchestrator.steps.on_merge import MergeEvent, MergeFailedError, MergeResult, parse_event
from orchestrator.wiring import Wiring
from state_machines.unit_stack import unit_stack

wiring = Wiring.from_environment()


def handler(event: Any, _context: object) -> Any:
    """Act on a merge event. One that can never succeed is put aside with the reason, and not tried again."""
    try:
        parsed = parse_event(event)
        return respond(MergeEvent, parsed.model_dump(), _start)
    except MergeFailedError:
        # Lambda tries an asynchronous event twice more, and puts it aside after that.
        raise
    except OrchestratorError as error:
        logger.error(json.dumps({"event": "put aside", "reason": str(error)}))
        wiring.put_aside(event, str(error))
        return MergeResult(commit="", problems=(str(error),)).model_dump(mode="json")


def _start(event: MergeEvent) -> MergeResult:
    result = wiring.on_merge(unit_stack)(event)
    problems = [*result.problems, *result.failures]
    if problems:
        wiring.report("orchestrator: merge not fully started", "\n\n".join(problems))
    if result.failures:
        raise MergeFailedError("\n".join(result.failures))
    return result
