"""References of orders: short enough to read out, unique without a database, and in order of time."""

from datetime import datetime

from ulid import ULID


def new_reference(placed_at: datetime) -> str:
    """A reference for an order that was placed at that time."""
    return f"ORD-{ULID.from_datetime(placed_at)}"
