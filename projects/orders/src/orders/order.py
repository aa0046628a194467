"""An order: its lines, what is wrong with them, and what they come to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

CURRENCIES = ("EUR", "GBP", "USD")
SHIPPING = Decimal("4.90")
FREE_SHIPPING_FROM = Decimal("50.00")


class InvalidOrder(ValueError):
    """An order that cannot be priced; says everything that is wrong, not the first thing only."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Line:
    """A number of one article."""

    sku: str
    quantity: int
    unit_price: Decimal

    @property
    def total(self) -> Decimal:
        """What the line comes to."""
        return self.quantity * self.unit_price


@dataclass(frozen=True)
class Order:
    """What a customer wants."""

    currency: str
    lines: tuple[Line, ...]

    @property
    def goods(self) -> Decimal:
        """What the lines come to."""
        return sum((line.total for line in self.lines), Decimal("0.00"))

    @property
    def shipping(self) -> Decimal:
        """What it costs to send, nothing for a large order."""
        return Decimal("0.00") if self.goods >= FREE_SHIPPING_FROM else SHIPPING

    @property
    def total(self) -> Decimal:
        """What the customer pays."""
        return self.goods + self.shipping


def read_order(document: Mapping[str, Any]) -> Order:
    """Read an order out of `{"currency", "lines": [{"sku", "quantity", "unit_price"}]}`; prices are strings.

    Raises:
        InvalidOrder: something is missing or makes no sense.
    """
    lines = document.get("lines") or []
    problems = list(_order_problems(document))
    for at, line in enumerate(lines):
        problems += _line_problems(at, line)
    if problems:
        raise InvalidOrder(problems)
    return Order(document["currency"], tuple(_line(line) for line in lines))


def _line(line: Mapping[str, Any]) -> Line:
    return Line(line["sku"], line["quantity"], Decimal(line["unit_price"]))


def _order_problems(document: Mapping[str, Any]) -> Iterator[str]:
    if document.get("currency") not in CURRENCIES:
        yield f"currency must be one of {', '.join(CURRENCIES)}"
    if not document.get("lines"):
        yield "lines must hold at least one line"


def _line_problems(at: int, line: Mapping[str, Any]) -> Iterator[str]:
    if not line.get("sku"):
        yield f"lines[{at}].sku is missing"
    if type(line.get("quantity")) is not int or line["quantity"] < 1:
        yield f"lines[{at}].quantity must be a whole number of at least 1"
    if not _is_price(line.get("unit_price")):
        yield f"lines[{at}].unit_price must be a string such as '9.90'"


def _is_price(text: Any) -> bool:
    if not isinstance(text, str):
        return False
    try:
        price = Decimal(text)
    except InvalidOperation:
        return False
    return price.is_finite() and price >= 0 and price == round(price, 2)
