"""When GitHub tells of a push: put the merge event. It is called by anybody, through a function URL."""

import json
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from lambdas.edge import logger
from orchestrator.errors import OrchestratorError
from orchestrator.source.github.delivery import Verdict
from orchestrator.steps.webhook import WebhookRequest
from orchestrator.wiring.webhook import WebhookWiring

wiring = WebhookWiring.from_environment()


def handler(event: Any, _context: object) -> dict[str, Any]:
    """Answer a request. What goes wrong here is logged, and GitHub shows that something did, but not what."""
    try:
        request = WebhookRequest.model_validate(event)
        verdict = wiring.webhook(request)
    except ValidationError:
        return _answer(Verdict(HTTPStatus.BAD_REQUEST, ""))
    except (OrchestratorError, ClientError, BotoCoreError) as error:
        logger.error(json.dumps({"event": "webhook failed", "message": str(error), "kind": type(error).__name__}))
        return _answer(Verdict(HTTPStatus.INTERNAL_SERVER_ERROR, ""))
    told = {"event": "webhook", "status": verdict.status, "message": verdict.message}
    logger.info(json.dumps({**told, "delivery": request.header("x-github-delivery")[:64]}))
    return _answer(verdict)


def _answer(verdict: Verdict) -> dict[str, Any]:
    body = json.dumps({"message": verdict.message}) if verdict.message else ""
    return {"statusCode": int(verdict.status), "headers": {"content-type": "application/json"}, "body": body}
