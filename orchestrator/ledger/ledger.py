"""The ledger as one object, made of a table and a clock."""

from typing import TYPE_CHECKING

from orchestrator.ledger.approvals import ApprovalRecords
from orchestrator.ledger.branches import BranchRecords
from orchestrator.ledger.controls import ControlRecords
from orchestrator.ledger.deliveries import DeliveryRecords
from orchestrator.ledger.environments import EnvironmentRecords
from orchestrator.ledger.promotions import PromotionRecords
from orchestrator.ledger.releases import ReleaseRecords
from orchestrator.ledger.table import Clock, LedgerTable
from orchestrator.ledger.trains import TrainRecords

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class Ledger:
    """Everything the orchestrator remembers."""

    def __init__(self, table: "Table", clock: Clock) -> None:
        records = LedgerTable(table, clock)
        self.releases = ReleaseRecords(records)
        self.environments = EnvironmentRecords(records)
        self.branches = BranchRecords(records)
        self.promotions = PromotionRecords(records)
        self.approvals = ApprovalRecords(records)
        self.controls = ControlRecords(records)
        self.deliveries = DeliveryRecords(records)
        self.trains = TrainRecords(records)
