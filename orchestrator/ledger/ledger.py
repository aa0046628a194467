"""The ledger as one object, made of a table and a clock.

Its parts are imported when they are asked for: no step needs all of them.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.ledger.table import Clock, LedgerTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

    from orchestrator.ledger.approvals import ApprovalRecords
    from orchestrator.ledger.branches import BranchRecords
    from orchestrator.ledger.builds import BuildRecords
    from orchestrator.ledger.claims import ClaimRecords
    from orchestrator.ledger.controls import ControlRecords
    from orchestrator.ledger.deliveries import DeliveryRecords
    from orchestrator.ledger.environments import EnvironmentRecords
    from orchestrator.ledger.merges import MergeRecords
    from orchestrator.ledger.promotions import PromotionRecords
    from orchestrator.ledger.pushes import PushRecords
    from orchestrator.ledger.releases import ReleaseRecords
    from orchestrator.ledger.retirements import RetirementRecords
    from orchestrator.ledger.starts import StartRecords
    from orchestrator.ledger.trains import TrainRecords


class Ledger:
    """Everything the orchestrator remembers."""

    def __init__(self, table: "Table", clock: Clock) -> None:
        self._records = LedgerTable(table, clock)

    @cached_property
    def releases(self) -> "ReleaseRecords":
        """What was built."""
        from orchestrator.ledger.releases import ReleaseRecords

        return ReleaseRecords(self._records)

    @cached_property
    def builds(self) -> "BuildRecords":
        """What may be published at this moment."""
        from orchestrator.ledger.builds import BuildRecords

        return BuildRecords(self._records)

    @cached_property
    def environments(self) -> "EnvironmentRecords":
        """What runs where, and who is at work there."""
        from orchestrator.ledger.environments import EnvironmentRecords

        return EnvironmentRecords(self._records)

    @cached_property
    def branches(self) -> "BranchRecords":
        """What each branch calls for."""
        from orchestrator.ledger.branches import BranchRecords

        return BranchRecords(self._records)

    @cached_property
    def claims(self) -> "ClaimRecords":
        """Which folders own the names of units and stacks."""
        from orchestrator.ledger.claims import ClaimRecords

        return ClaimRecords(self._records)

    @cached_property
    def pushes(self) -> "PushRecords":
        """Who pushed what."""
        from orchestrator.ledger.pushes import PushRecords

        return PushRecords(self._records)

    @cached_property
    def merges(self) -> "MergeRecords":
        """Which releases are of merged commits."""
        from orchestrator.ledger.merges import MergeRecords

        return MergeRecords(self._records)

    @cached_property
    def promotions(self) -> "PromotionRecords":
        """Executions of units' state machines."""
        from orchestrator.ledger.promotions import PromotionRecords

        return PromotionRecords(self._records)

    @cached_property
    def approvals(self) -> "ApprovalRecords":
        """What was asked, and what was decided."""
        from orchestrator.ledger.approvals import ApprovalRecords

        return ApprovalRecords(self._records)

    @cached_property
    def controls(self) -> "ControlRecords":
        """Freezes, holds and quarantines."""
        from orchestrator.ledger.controls import ControlRecords

        return ControlRecords(self._records)

    @cached_property
    def deliveries(self) -> "DeliveryRecords":
        """Which deliveries of a webhook were taken."""
        from orchestrator.ledger.deliveries import DeliveryRecords

        return DeliveryRecords(self._records)

    @cached_property
    def retirements(self) -> "RetirementRecords":
        """Who agreed that stacks are deleted."""
        from orchestrator.ledger.retirements import RetirementRecords

        return RetirementRecords(self._records)

    @cached_property
    def starts(self) -> "StartRecords":
        """What merges started."""
        from orchestrator.ledger.starts import StartRecords

        return StartRecords(self._records)

    @cached_property
    def trains(self) -> "TrainRecords":
        """Trains, and what became of their members."""
        from orchestrator.ledger.trains import TrainRecords

        return TrainRecords(self._records)
