"""The report: a day's orders, summed up by currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Order:
    """What the report needs of an order."""

    reference: str
    currency: str
    total: Decimal


def read_order(document: dict[str, Any]) -> Order:
    """Read an order as the shop writes it: `{"reference", "currency", "total", ...}`."""
    return Order(document["reference"], document["currency"], Decimal(document["total"]))


def make_report(day: str, orders: Iterable[Order]) -> dict[str, Any]:
    """Sum up the orders of a day; one that is there twice, because it was delivered twice, counts once."""
    by_currency: dict[str, list[Order]] = defaultdict(list)
    for order in {order.reference: order for order in orders}.values():
        by_currency[order.currency].append(order)
    return {"day": day, "currencies": {name: _sums(by_currency[name]) for name in sorted(by_currency)}}


def _sums(orders: list[Order]) -> dict[str, Any]:
    total = sum((order.total for order in orders), Decimal(0))
    return {
        "orders": len(orders),
        "total": f"{total:.2f}",
        "average": f"{total / len(orders):.2f}",
        "largest": max(orders, key=lambda order: order.total).reference,
    }
