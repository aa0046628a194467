"""An invoice: what was sold to whom, what it comes to, and when it falls due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing_rules import Category, Money, Party, VatAmount, is_reverse_charge, vat_amounts, vat_rate


@dataclass(frozen=True)
class Line:
    """A number of one article; the price is without tax."""

    description: str
    quantity: int
    unit_price: Money
    category: Category

    @property
    def net(self) -> Money:
        """What the line comes to, without tax."""
        return self.unit_price * self.quantity


@dataclass(frozen=True)
class Invoice:
    """What a buyer has to pay."""

    number: str
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]

    @property
    def net(self) -> Money:
        """What all lines come to, without tax."""
        return Money.sum((line.net for line in self.lines), self.currency)

    @property
    def vat(self) -> list[VatAmount]:
        """The tax by rate."""
        return vat_amounts((line.net, self._rate(line)) for line in self.lines)

    @property
    def gross(self) -> Money:
        """What the buyer pays."""
        return Money.sum((self.net, *(amount.vat for amount in self.vat)), self.currency)

    def _rate(self, line: Line) -> Decimal:
        return vat_rate(line.category, self.seller, self.buyer)

    def to_document(self, issued: date, payment_days: int) -> dict[str, Any]:
        """The invoice as it is handed out on a day."""
        return {
            "number": self.number,
            "issued": issued.isoformat(),
            "due": (issued + timedelta(days=payment_days)).isoformat(),
            "net": str(self.net),
            "vat": [{"rate": f"{one.rate}%", "net": str(one.net), "vat": str(one.vat)} for one in self.vat],
            "gross": str(self.gross),
            "reverse_charge": is_reverse_charge(self.seller, self.buyer),
        }


def read_invoice(document: Mapping[str, Any]) -> Invoice:
    """Read what to invoice out of JSON, with prices as strings.

    Raises:
        KeyError: something is missing.
        ValueError: a currency, country or category is not known.
    """
    currency = document["currency"]
    return Invoice(
        document["number"],
        currency,
        _party(document["seller"]),
        _party(document["buyer"]),
        tuple(_line(line, currency) for line in document["lines"]),
    )


def _party(party: Mapping[str, Any]) -> Party:
    return Party(party["country"], party.get("vat_number"))


def _line(line: Mapping[str, Any], currency: str) -> Line:
    price = Money.of(line["unit_price"], currency)
    return Line(line["description"], line["quantity"], price, Category(line["category"]))
