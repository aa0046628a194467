"""The Lambda: prices an order, or says what is wrong with it."""

import logging
import os
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from orders.order import InvalidOrder, read_order
from orders.reference import new_reference

logger = logging.getLogger(__name__)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer an order."""
    try:
        order = read_order(event)
    except InvalidOrder as error:
        logger.info("Rejected: %s", error)
        return {"status": "rejected", "problems": error.problems, **deployed()}
    reference = new_reference(datetime.now(UTC))
    logger.info("Accepted %s with %d lines", reference, len(order.lines))
    return {
        "status": "accepted",
        "reference": reference,
        "currency": order.currency,
        "goods": f"{order.goods:.2f}",
        "shipping": f"{order.shipping:.2f}",
        "total": f"{order.total:.2f}",
        **deployed(),
    }


def deployed() -> dict[str, str]:
    """What runs where: the version of this code, and what the stack was told to deploy."""
    return {
        "version": version("orders"),
        "stack_version": os.environ["VERSION"],
        "environment": os.environ["ENVIRONMENT"],
    }
