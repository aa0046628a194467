"""The edge that all handlers share: events become models, results become JSON, errors become readable."""

import json
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from orchestrator import __version__
from orchestrator.config.invalid import told
from orchestrator.errors import OrchestratorError, RequestError
from orchestrator.guardrails.document import Guardrails
from orchestrator.guardrails.lookup import context_of

Input = TypeVar("Input", bound=BaseModel)

logger = logging.getLogger("orchestrator")
logger.setLevel(logging.INFO)


def respond(
    model: type[Input], event: Any, act: Callable[[Input], BaseModel | None], guardrails: Guardrails | None = None
) -> Any:
    """Call one function with a parsed event, and log in one line what came of it.

    The event itself is not logged: it may carry a task token.

    Args:
        model: the event's.
        event: what the function was called with.
        act: the function.
        guardrails: where the environment is looked up that the event names.
    """
    try:
        result = act(_read(model, event, guardrails))
    except OrchestratorError as error:
        _log("error", step=act, message=str(error), kind=type(error).__name__)
        raise
    document = result.model_dump(mode="json", by_alias=True) if result is not None else None
    _log("done", step=act, **{key: value for key, value in (document or {}).items() if key in ("status", "message")})
    return document


def _read(model: type[Input], event: Any, guardrails: Guardrails | None) -> Input:
    """Read an event. Pydantic's own error would show what is in it, in the function's log."""
    try:
        return model.model_validate(event, context=context_of(guardrails))
    except ValidationError as error:
        raise RequestError(
            f"This is not what the function takes: {told(error)}. It is of orchestrator {__version__}, as must be the "
            "state machine or the command line that calls it; 'orchestrator bootstrap' brings it up to date."
        ) from None


def _log(what: str, step: object, **values: Any) -> None:
    logger.info(json.dumps({"event": what, "step": type(step).__name__, **values}))
