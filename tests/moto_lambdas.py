"""The orchestrator's real handlers behind the Lambda calls of moto's Step Functions and of tests."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from importlib.util import find_spec, module_from_spec
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from orchestrator.config.infrastructure import LEDGER_TABLE
from orchestrator.ledger.partitions import read_by, written_by
from orchestrator.local.conditions import leading_keys

Fault = Callable[[Any, object], Any]
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")


@dataclass(frozen=True)
class Touch:
    """A step reads or writes a partition of the ledger."""

    step: str
    partition: str
    writes: bool

    @property
    def is_granted(self) -> bool:
        """Whether the table of partitions says that it may."""
        granted = written_by(self.step) if self.writes else read_by(self.step)
        return any(fnmatchcase(self.partition, pattern) for pattern in granted)


class Lambdas:
    """The orchestrator's functions: each is started cold once, with the environment variables of that moment."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[[Any, object], Any]] = {}
        self.faults: dict[str, list[Fault]] = {}
        """By step, what goes wrong with its next calls, in place of the handler."""
        self.touched: set[Touch] = set()
        """What steps read and wrote in the ledger."""

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
        return self._handlers.get(step) or self._handlers.setdefault(step, self._cold_start(step))

    def _cold_start(self, step: str) -> Callable[[Any, object], Any]:
        spec = find_spec(f"lambdas.{step}")
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        # Handlers make a session of their own, which no other session's events reach.
        module.wiring.session.events.register("before-call.dynamodb", partial(self._note_touch, step))
        handler: Callable[[Any, object], Any] = module.handler
        return handler

    def _note_touch(self, step: str, *, params: dict[str, Any], model: Any, **_arguments: object) -> None:
        """Note which partitions of the ledger a step's call to DynamoDB is about."""
        request = json.loads(params["body"] or "{}")
        if LEDGER_TABLE in json.dumps(request):
            writes = model.name in WRITES
            self.touched |= {Touch(step, key, writes=writes) for key in leading_keys(request)}
