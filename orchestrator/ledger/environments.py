"""What runs where, which releases are known to be good there, and who is deploying right now."""

from collections.abc import Callable

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from orchestrator.ledger.partitions import ENVIRONMENTS, GOOD, LOCKS
from orchestrator.ledger.table import Item, LedgerTable
from orchestrator.steps.contract import Execution

_GOOD_KEPT = 20


class Running(BaseModel):
    """What the ledger knows of one unit in one environment.

    Attributes:
        version: the release that was deployed last, None when none ever was.
        status: DEPLOYING, DEPLOYED (not yet smoke tested), HEALTHY, FAILED, ROLLED_BACK, or INTERRUPTED: its
            promotion ended in the middle, and nobody verified what is there.
        order: the promotion that changed it last, comparable with other promotions' order.
        good: the releases that passed their smoke tests here, oldest first, at most 20.
        good_stack: the stack in which they did; empty where that was not noted yet.
        taken_over: by target, the SHA-256 of what is kept of a stack that was there before the unit took it over.
        updated_at: when it last changed, ISO 8601.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    environment: str
    version: str | None = None
    status: str = "NONE"
    order: str = ""
    execution: str = ""
    good: tuple[str, ...] = ()
    good_stack: str = ""
    taken_over: dict[str, str] = {}
    updated_at: str = ""

    @property
    def last_known_good(self) -> str | None:
        """The newest release that passed its smoke tests here."""
        return self.good[-1] if self.good else None

    def has_worked(self, version: str, stack: str) -> bool:
        """Whether a release passed its smoke tests here, and in just that stack."""
        return version in self.good and self.good_stack == stack

    def seen_from(self, stack: str) -> "Running":
        """The same, without good releases where those worked in another stack."""
        return self if self.good_stack in ("", stack) else self.model_copy(update={"good": ()})

    def known_good_before(self, version: str, barred: Callable[[str], bool] = lambda _: False) -> str | None:
        """The newest good release other than the given one and those that are barred: where a rollback leads."""
        return next((one for one in reversed(self.good) if one != version and not barred(one)), None)


class EnvironmentRecords:
    """The state of every unit in every environment, and its lock."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table

    def running(self, unit: str, environment: str) -> Running:
        """What runs in an environment; an empty record when nothing ever did."""
        item = self._table.get(ENVIRONMENTS.key(environment), unit) or {"unit": unit, "environment": environment}
        return _running(item, self._table.get(GOOD.key(environment), unit))

    def all_running(self, environment: str) -> list[Running]:
        """What runs in an environment, for all units."""
        good = {str(item["sk"]): item for item in self._table.query(GOOD.key(environment))}
        found = self._table.query(ENVIRONMENTS.key(environment))
        return [_running(item, good.get(str(item["sk"]))) for item in found]

    def record(self, running: Running, execution: Execution) -> bool:
        """Write the state an execution brought about; False when a newer promotion was there first.

        Which releases are good, and where, is no part of it: `record_good` says that.
        """
        item = {
            "pk": ENVIRONMENTS.key(running.environment),
            "sk": running.unit,
            **running.model_dump(exclude={"good", "good_stack"}),
            "order": execution.order,
            "execution": execution.id,
            "updated_at": self._table.now(),
        }
        return self._table.put(item, Attr("pk").not_exists() | Attr("order").lte(execution.order))

    def record_good(self, running: Running, stack: str, execution: Execution) -> bool:
        """Note that the release that runs passed its smoke tests; False when a newer promotion's did before.

        Those that worked in another stack are forgotten: nothing says that they would work in this one.
        """
        key = {"pk": GOOD.key(running.environment), "sk": running.unit}
        item = self._table.get(key["pk"], key["sk"]) or {}
        before = item.get("good", ()) if item.get("good_stack", stack) == stack else ()
        good = [one for one in before if one != running.version][-_GOOD_KEPT + 1 :]
        new = {**key, "good": [*good, running.version], "good_stack": stack, "order": execution.order}
        return self._table.put(new, Attr("pk").not_exists() | Attr("order").lte(execution.order))

    def forget(self, unit: str, environment: str) -> None:
        """Note that nothing of a unit runs in an environment any more."""
        self._table.delete(GOOD.key(environment), unit)
        self._table.delete(ENVIRONMENTS.key(environment), unit)

    def note_interrupted(self, unit: str, execution: Execution) -> None:
        """Note of the deployments that an execution began, and whose locks it holds, that they were not verified."""
        for environment in self._held(unit, execution.id):
            self.interrupt(unit, environment, execution)

    def interrupt(self, unit: str, environment: str, execution: Execution) -> None:
        """Note of a deployment that it was not verified, if an execution began it and nothing came after it."""
        running = self.running(unit, environment)
        if running.execution == execution.id and running.status in ("DEPLOYING", "DEPLOYED"):
            self.record(running.model_copy(update={"status": "INTERRUPTED"}), execution)

    def take_lock(self, unit: str, environment: str, execution: Execution) -> Execution | None:
        """Take the lock of a unit's environment.

        Returns:
            None when it is now held by the execution, or the holder that keeps it.
        """
        pk, sk = LOCKS.key(unit), environment
        item = {"pk": pk, "sk": sk, **execution.model_dump(mode="json"), "taken_at": self._table.now()}
        while not self._table.put(item, Attr("pk").not_exists() | Attr("id").eq(execution.id)):
            held = self._table.get(pk, sk)
            if held:
                return Execution.model_validate({name: held.get(name) for name in Execution.model_fields})
        return None

    def free_lock(self, unit: str, environment: str, execution_id: str) -> bool:
        """Free a lock; False when the execution did not hold it."""
        return self._table.delete(LOCKS.key(unit), environment, Attr("id").eq(execution_id))

    def free_locks(self, unit: str, execution_id: str) -> list[str]:
        """Free all locks an execution holds, and name the environments they were for."""
        held = self._held(unit, execution_id)
        return [environment for environment in held if self.free_lock(unit, environment, execution_id)]

    def _held(self, unit: str, execution_id: str) -> list[str]:
        return [str(item["sk"]) for item in self._table.query(LOCKS.key(unit)) if item["id"] == execution_id]


def _running(item: Item, good: Item | None) -> Running:
    known = {name: item[name] for name in Running.model_fields if name in item}
    worked = {name: (good or {}).get(name, nothing) for name, nothing in (("good", ()), ("good_stack", ""))}
    return Running.model_validate({**known, **worked})
