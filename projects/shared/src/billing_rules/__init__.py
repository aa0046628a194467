"""Money and VAT, the same in every unit that bills."""

from billing_rules.money import CurrencyMismatch, Money, UnknownCurrency
from billing_rules.vat import (
    Category,
    Party,
    UnknownCountry,
    VatAmount,
    is_reverse_charge,
    vat_amounts,
    vat_rate,
)

__all__ = [
    "Category",
    "CurrencyMismatch",
    "Money",
    "Party",
    "UnknownCountry",
    "UnknownCurrency",
    "VatAmount",
    "is_reverse_charge",
    "vat_amounts",
    "vat_rate",
]
