"""The recorded versions of the guardrails, and released names: a table that administrators alone write."""

from datetime import datetime

from boto3.dynamodb.conditions import Attr
from pydantic import Field

from orchestrator.config.base import Settings
from orchestrator.errors import OrchestratorError
from orchestrator.guardrails.document import Guardrails
from orchestrator.ledger.table import Item, LedgerTable, stamp

_KEY, _VERSIONS, _RELEASED = "GUARDRAILS", "VERSION#", "RELEASED#"


class ReleasedName(Settings):
    """A unit's name that an administrator took from the folder that owned it.

    Attributes:
        stacks: those that other units may claim since, each as account, region and name.
    """

    name: str
    folder: str
    stacks: tuple[str, ...]
    released_by: str = Field(description="The proven ARN of the administrator.")
    released_at: datetime


class GuardrailsMissingError(OrchestratorError):
    """No guardrails are recorded yet."""

    def __init__(self) -> None:
        super().__init__("No guardrails are recorded: run 'orchestrator bootstrap' as an administrator.")


class GuardrailRecords:
    """All versions, each written once, and who released which names."""

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

    def released_names(self) -> list[ReleasedName]:
        """All names that were released, the last one first."""
        items = self._table.query(_KEY, _RELEASED, newest_first=True)
        return [ReleasedName.model_validate_json(str(item["document"])) for item in items]

    def record_released(self, released: ReleasedName) -> None:
        """Write down that a name is released."""
        key = f"{_RELEASED}{stamp(released.released_at)}#{released.name}"
        self._table.put({"pk": _KEY, "sk": key, "document": released.model_dump_json()})


def _read(item: Item) -> Guardrails:
    return Guardrails.model_validate_json(str(item["document"]))
