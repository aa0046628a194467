"""Money: an exact amount of one currency, always in whole minor units such as cents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# Digits after the decimal point, as in ISO 4217.
_DIGITS = {
    "CHF": 2,
    "CZK": 2,
    "DKK": 2,
    "EUR": 2,
    "GBP": 2,
    "JPY": 0,
    "KWD": 3,
    "NOK": 2,
    "PLN": 2,
    "SEK": 2,
    "USD": 2,
}


class UnknownCurrency(ValueError):
    """A currency that there are no rules for."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"{currency!r} is not a known currency; known are {', '.join(_DIGITS)}.")


class CurrencyMismatch(ValueError):
    """Two amounts that cannot be added without an exchange rate."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second} cannot be added.")


@dataclass(frozen=True)
class Money:
    """An amount, rounded to minor units when it is made: half a cent goes away from zero.

    A float is no amount: 0.1 has no exact value. Write '0.10'.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in _DIGITS:
            raise UnknownCurrency(self.currency)
        minor_unit = Decimal(1).scaleb(-_DIGITS[self.currency])
        # The class is frozen, and this is still part of its making.
        object.__setattr__(self, "amount", Decimal(self.amount).quantize(minor_unit, ROUND_HALF_UP))

    @classmethod
    def of(cls, amount: str | int, currency: str) -> Money:
        """Read an amount as JSON documents carry it."""
        if isinstance(amount, float):
            raise TypeError(f"{amount!r} is a float, which has no exact value: write {str(amount)!r}.")
        return cls(Decimal(amount), currency)

    @classmethod
    def sum(cls, amounts: Iterable[Money], currency: str) -> Money:
        """Add amounts up; none make zero."""
        return sum(amounts, cls(Decimal(0), currency))

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(self.amount * factor, self.currency)

    def percent(self, rate: Decimal) -> Money:
        """A share of the amount, such as its tax."""
        return self * (rate / 100)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
