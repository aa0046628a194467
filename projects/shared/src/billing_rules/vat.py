"""Value added tax within the European Union: which rate applies to a sale, and how much it comes to."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing_rules.money import Money


class Category(StrEnum):
    """What kind of goods a line sells, which decides on its rate."""

    STANDARD = "standard"
    REDUCED = "reduced"


# In percent, by country: standard and reduced. Where a country has several reduced rates, the one for food.
_RATES = {
    "AT": ("20", "10"),
    "BE": ("21", "6"),
    "DE": ("19", "7"),
    "ES": ("21", "10"),
    "FR": ("20", "5.5"),
    "IT": ("22", "10"),
    "LU": ("17", "3"),
    "NL": ("21", "9"),
}


class UnknownCountry(ValueError):
    """A country that there are no rates for."""

    def __init__(self, country: str) -> None:
        super().__init__(f"There is no VAT rate for {country!r}; there are rates for {', '.join(_RATES)}.")


@dataclass(frozen=True)
class Party:
    """A seller or a buyer; a buyer with a VAT number is a business."""

    country: str
    vat_number: str | None = None


@dataclass(frozen=True)
class VatAmount:
    """The tax on everything that has the same rate, which is in percent."""

    rate: Decimal
    net: Money
    vat: Money


def is_reverse_charge(seller: Party, buyer: Party) -> bool:
    """Whether the buyer pays the tax: a business in another country does."""
    return buyer.vat_number is not None and buyer.country != seller.country


def vat_rate(category: Category, seller: Party, buyer: Party) -> Decimal:
    """The rate in percent: that of the buyer's country, because goods are taxed where they are used."""
    if buyer.country not in _RATES:
        raise UnknownCountry(buyer.country)
    if is_reverse_charge(seller, buyer):
        return Decimal(0)
    standard, reduced = _RATES[buyer.country]
    return Decimal(standard if category is Category.STANDARD else reduced)


def vat_amounts(lines: Iterable[tuple[Money, Decimal]]) -> list[VatAmount]:
    """The tax by rate, the highest first.

    It is taken once from the sum of each rate: rounded line by line, the cents would not add up.
    """
    nets: dict[Decimal, list[Money]] = defaultdict(list)
    for net, rate in lines:
        nets[rate].append(net)
    return [_vat_amount(rate, nets[rate]) for rate in sorted(nets, reverse=True)]


def _vat_amount(rate: Decimal, nets: list[Money]) -> VatAmount:
    net = Money.sum(nets, nets[0].currency)
    return VatAmount(rate, net, net.percent(rate))
