"""The orchestrator's real handlers behind the Lambda calls of moto's Step Functions and of tests."""

import io
import json
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

Fault = Callable[[Any, object], Any]


class Lambdas:
    """The orchestrator's functions: each is started cold once, with the environment variables of that moment."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[[Any, object], Any]] = {}
        self.faults: dict[str, list[Fault]] = {}
        """By step, what goes wrong with its next calls, in place of the handler."""

    def __call__(self, params: dict[str, Any], **_arguments: object) -> tuple[SimpleNamespace, dict[str, Any]]:
        """Answer a call as the service would: with the handler's result, or with its error as a document."""
        function = unquote(params["url_path"]).split("/functions/")[1].split("/")[0].rsplit(":", 1)[-1]
        step = function.removeprefix("orchestrator-").replace("-", "_")
        faults = self.faults.get(step)
        handler = faults.pop(0) if faults else self.handler(step)
        answer: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": "$LATEST"}
        try:
            document = handler(json.loads(params["body"]), None)
        except Exception as error:  # noqa: BLE001  # As the service does: whatever a function raises becomes a document.
            document = {"errorMessage": str(error), "errorType": getattr(error, "error_type", type(error).__name__)}
            answer["FunctionError"] = "Unhandled"
        answer["Payload"] = io.BytesIO(json.dumps(document).encode())
        return SimpleNamespace(status_code=200), answer

    def handler(self, step: str) -> Callable[[Any, object], Any]:
        """What carries a step out."""
        return self._handlers.get(step) or self._handlers.setdefault(step, _cold_start(step))


def _cold_start(step: str) -> Callable[[Any, object], Any]:
    spec = find_spec(f"lambdas.{step}")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Callable[[Any, object], Any] = module.handler
    return handler
