"""The Lambda: makes an invoice as of today."""

import os
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from invoices.invoice import read_invoice


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer with the invoice; what is wrong with the event ends in an error, which the caller sees."""
    today = datetime.now(UTC).date()
    invoice = read_invoice(event).to_document(today, int(os.environ["PAYMENT_DAYS"]))
    return {**invoice, **deployed()}


def deployed() -> dict[str, str]:
    """What runs where: the version of this code, and what the stack was told to deploy."""
    return {
        "version": version("invoices"),
        "stack_version": os.environ["VERSION"],
        "environment": os.environ["ENVIRONMENT"],
    }
