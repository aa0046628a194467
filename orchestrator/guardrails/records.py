"""The recorded versions of the guardrails: a table that administrators alone write."""

from boto3.dynamodb.conditions import Attr

from orchestrator.errors import OrchestratorError
from orchestrator.guardrails.document import Guardrails
from orchestrator.ledger.table import Item, LedgerTable

_KEY, _VERSIONS = "GUARDRAILS", "VERSION#"


class GuardrailsMissingError(OrchestratorError):
    """No guardrails are recorded yet."""

    def __init__(self) -> None:
        super().__init__("No guardrails are recorded: run 'orchestrator bootstrap' as an administrator.")


class GuardrailRecords:
    """All versions, each written once."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def find(self) -> Guardrails | None:
        """The newest version, None when there is none."""
        return next(map(_read, self._table.query(_KEY, _VERSIONS, newest_first=True)), None)

    def current(self) -> Guardrails:
        """The newest version.

        Raises:
            GuardrailsMissingError: there is none.
        """
        found = self.find()
        if found is None:
            raise GuardrailsMissingError
        return found

    def history(self) -> list[Guardrails]:
        """All versions, the newest first."""
        return list(map(_read, self._table.query(_KEY, _VERSIONS, newest_first=True)))

    def record(self, guardrails: Guardrails) -> bool:
        """Write a version; False when somebody else has recorded one of that number."""
        item = {
            "pk": _KEY,
            "sk": f"{_VERSIONS}{guardrails.version:06d}",
            "document": guardrails.model_dump_json(by_alias=True),
        }
        return self._table.put(item, Attr("pk").not_exists())


def _read(item: Item) -> Guardrails:
    return Guardrails.model_validate_json(str(item["document"]))
