"""Start promotion: bring units' state machines up to date and start their promotions, as the queue names them."""

import json
from typing import Any

from pydantic import ValidationError

from lambdas.edge import logger
from orchestrator.steps.starts import StartMessage
from orchestrator.wiring.branches import BranchWiring
from state_machines.unit_stack import retired_stack, unit_stack

wiring = BranchWiring.from_environment()
# A message that failed comes again after this many seconds, a little later each time.
_AGAIN_SECONDS = 20


def handler(event: Any, _context: object) -> Any:
    """Work on a batch of messages; those that failed are named, and come again until the queue puts them aside."""
    held = wiring.starts.hold({record["messageId"]: record["receiptHandle"] for record in event["Records"]})
    records = [record for record in event["Records"] if record["messageId"] in held]
    messages = {record["messageId"]: _parse(record["body"]) for record in records}
    try:
        problems = _work([message for message in messages.values() if message])
    except Exception:
        # What a failed call leaves in the queue would come again only when a whole batch had had time.
        for record in records:
            _again(record)
        raise
    failed = [
        (record, problem)
        for record in records
        if (problem := problems.get(messages[record["messageId"]], "") or _garbage(messages[record["messageId"]]))
    ]
    for record, problem in failed:
        logger.error(json.dumps({"event": "error", "message": record["body"], "reason": problem}))
        _again(record)
    given_up = [f"{record['body']}: {problem}" for record, problem in failed if _tried(record) >= wiring.start_tries]
    if given_up:
        wiring.report("orchestrator: promotion not started", "\n\n".join(given_up))
    undone = {record["messageId"] for record, _ in failed} | ({*_ids(event)} - held)
    return {"batchItemFailures": [{"itemIdentifier": one} for one in _ids(event) if one in undone]}


def _ids(event: Any) -> list[str]:
    return [str(record["messageId"]) for record in event["Records"]]


def _work(messages: list[StartMessage]) -> dict[StartMessage | None, str]:
    """Do what is called for, branch by branch; returns what went wrong."""
    problems: dict[StartMessage | None, str] = {}
    for branch in dict.fromkeys(message.branch for message in messages):
        units = dict.fromkeys(message.unit for message in messages if message.branch == branch)
        done = wiring.start_promotion(unit_stack, retired_stack)(branch, list(units))
        logger.info(json.dumps({"event": "done", "step": "PromotionStarter", "started": dict(done.executions)}))
        problems |= {StartMessage(branch=branch, unit=unit): problem for unit, problem in done.failures.items()}
    return problems


def _again(record: Any) -> None:
    wiring.starts.try_again(record["receiptHandle"], _AGAIN_SECONDS * _tried(record))


def _parse(body: str) -> StartMessage | None:
    try:
        return StartMessage.model_validate_json(body)
    except ValidationError:
        return None


def _garbage(message: StartMessage | None) -> str:
    return "" if message else "It names no unit of a branch."


def _tried(record: Any) -> int:
    return int(record["attributes"]["ApproximateReceiveCount"])
