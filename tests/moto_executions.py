"""Executions in moto: one that was started is there for others only when its thread knows what it carries out.

Moto asks every execution whether it waits for a token, and fails where one has not got that far.
"""

from threading import Lock
from typing import Any

from botocore.session import Session
from moto.core.models import botocore_stubber
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from tests.waiting import until

_OPERATIONS = ("StartExecution", "SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat")


def begin_before_others_look(session: Session, account: str, region: str) -> None:
    """Let a session's calls that start or answer executions come one at a time, and each start wait for its thread."""
    one_at_a_time = Lock()

    def begun() -> bool | None:
        executions = stepfunctions_parser_backends[account][region]._get_executions()  # noqa: SLF001  # Nothing else tells.
        return all(one.exec_worker and one.exec_worker.env for one in executions) or None

    def answer(event_name: str, request: Any, **_arguments: object) -> Any:
        with one_at_a_time:
            response = botocore_stubber(event_name, request)
            until(begun)
        return response

    for operation in _OPERATIONS:
        session.get_component("event_emitter").register_first(f"before-send.sfn.{operation}", answer)
