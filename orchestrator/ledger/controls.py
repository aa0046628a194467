"""What keeps promotions back: holds of a unit's environment, freezes of environments, releases in quarantine.

Each kind has a partition of its own, which people may be allowed to write; nothing else of the ledger is theirs.
Whatever is lifted stays as a record until it is set anew.
"""

from datetime import datetime

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from orchestrator.ledger.partitions import FREEZES, HOLDS, QUARANTINES, Partition
from orchestrator.ledger.table import Item, LedgerTable, stamp

EVERY = "*"


class Control(BaseModel):
    """What all of them have: why, by whom and since when, and who lifted it."""

    model_config = ConfigDict(frozen=True)

    reason: str
    by: str = ""
    since: str = ""
    lifted_at: str | None = None
    lifted_by: str | None = None

    @property
    def in_force(self) -> bool:
        """Whether it still holds."""
        return self.lifted_at is None


class Hold(Control):
    """An environment of a unit, pinned: automatic promotions stop before it.

    Attributes:
        version: the release that led to it: it failed there, a train took it back, or somebody went back from it.
        order: the promotion that led to it, comparable with others' order.
        train: the train that this promotion moved a member of, None when it was none.
    """

    unit: str
    environment: str
    version: str
    order: str = ""
    train: str | None = None


class Freeze(Control):
    """An environment (or all) closed for a unit (or all), until a moment."""

    environment: str = EVERY
    unit: str = EVERY
    until: datetime

    def closes(self, unit: str, environment: str, now: datetime) -> bool:
        """Whether it keeps a unit out of an environment at a moment."""
        matches = self.environment in (EVERY, environment) and self.unit in (EVERY, unit)
        return matches and self.in_force and now < self.until


class Quarantine(Control):
    """A release that is barred everywhere."""

    unit: str
    version: str


class ControlRecords:
    """All of them."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def hold(self, unit: str, environment: str) -> Hold | None:
        """The hold on a unit's environment, None when there is none in force."""
        item = self._table.get(HOLDS.key(), f"{unit}#{environment}")
        found = Hold.model_validate(_fields(item, Hold)) if item else None
        return found if found and found.in_force else None

    def holds(self) -> list[Hold]:
        """All holds in force."""
        found = (Hold.model_validate(_fields(item, Hold)) for item in self._table.query(HOLDS.key()))
        return [one for one in found if one.in_force]

    def set_hold(self, hold: Hold) -> None:
        """Pin an environment of a unit."""
        self._set(HOLDS, f"{hold.unit}#{hold.environment}", hold)

    def lift_hold(self, unit: str, environment: str, by: str) -> bool:
        """Free an environment of a unit; False when there was no hold on it."""
        return self._lift(HOLDS, f"{unit}#{environment}", by)

    def freezes(self) -> list[Freeze]:
        """All freezes that were not lifted and are not over."""
        found = (Freeze.model_validate(_fields(item, Freeze)) for item in self._table.query(FREEZES.key()))
        return [one for one in found if one.in_force and stamp(one.until) > self._table.now()]

    def set_freeze(self, freeze: Freeze) -> None:
        """Close an environment."""
        self._set(FREEZES, f"{freeze.environment}#{freeze.unit}", freeze)

    def lift_freeze(self, environment: str, unit: str, by: str) -> bool:
        """Open an environment again; False when it was not closed in just this way."""
        return self._lift(FREEZES, f"{environment}#{unit}", by)

    def quarantine(self, unit: str, version: str) -> Quarantine | None:
        """The quarantine of a release, None when it is in none."""
        item = self._table.get(QUARANTINES.key(), f"{unit}#{version}")
        found = Quarantine.model_validate(_fields(item, Quarantine)) if item else None
        return found if found and found.in_force else None

    def quarantines(self) -> list[Quarantine]:
        """All releases in quarantine."""
        found = (Quarantine.model_validate(_fields(item, Quarantine)) for item in self._table.query(QUARANTINES.key()))
        return [one for one in found if one.in_force]

    def set_quarantine(self, quarantine: Quarantine) -> None:
        """Bar a release."""
        self._set(QUARANTINES, f"{quarantine.unit}#{quarantine.version}", quarantine)

    def lift_quarantine(self, unit: str, version: str, by: str) -> bool:
        """Allow a release again; False when it was not barred."""
        return self._lift(QUARANTINES, f"{unit}#{version}", by)

    def _set(self, kind: Partition, key: str, control: Control) -> None:
        document = control.model_dump(mode="json")
        self._table.put({"pk": kind.key(), "sk": key, **document, "since": self._table.now()})

    def _lift(self, kind: Partition, key: str, by: str) -> bool:
        item = self._table.get(kind.key(), key)
        if item is None:
            return False
        lifted = {**item, "lifted_at": self._table.now(), "lifted_by": by}
        return self._table.put(lifted, Attr("pk").exists() & Attr("lifted_at").not_exists())


def _fields(item: Item, model: type[Control]) -> Item:
    return {name: item[name] for name in model.model_fields if name in item}
