"""How a CloudFormation stack stands."""

from pydantic import BaseModel, ConfigDict

# A create that failed leaves a stack without resources, which can only be deleted.
_ONLY_DELETABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
_NEVER_DEPLOYED = ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
_HEALTHY = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


class StackState(BaseModel):
    """What DescribeStacks says."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: str
    reason: str = ""
    change_set_id: str = ""
    outputs: dict[str, str] = {}
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}

    @property
    def exists(self) -> bool:
        """Whether it was ever deployed: a stack under review was not."""
        return self.status not in _NEVER_DEPLOYED

    @property
    def busy(self) -> bool:
        """Whether an operation is under way."""
        return self.status.endswith("_IN_PROGRESS") and self.exists

    @property
    def left_over(self) -> bool:
        """Whether an operation failed so that something must be done before it can be changed again."""
        return self.only_deletable or self.status == "UPDATE_ROLLBACK_FAILED"

    @property
    def only_deletable(self) -> bool:
        """Whether it can only be deleted."""
        return self.status in _ONLY_DELETABLE

    @property
    def healthy(self) -> bool:
        """Whether the last operation ended as it was meant to."""
        return self.status in _HEALTHY
