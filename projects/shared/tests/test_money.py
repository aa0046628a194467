from decimal import Decimal

import pytest
from billing_rules import CurrencyMismatch, Money, UnknownCurrency


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("12.5", "EUR", "12.50 EUR"),
        ("0.005", "EUR", "0.01 EUR"),
        ("-0.005", "EUR", "-0.01 EUR"),
        ("1.0049", "EUR", "1.00 EUR"),
        ("1234.5", "JPY", "1235 JPY"),
        ("0.0005", "KWD", "0.001 KWD"),
        (3, "USD", "3.00 USD"),
    ],
)
def test_an_amount_is_rounded_to_its_currencys_minor_unit(amount, currency, shown):
    assert str(Money.of(amount, currency)) == shown


def test_a_float_is_refused_with_what_to_write():
    with pytest.raises(TypeError, match=r"write '0\.1'"):
        Money.of(0.1, "EUR")


def test_an_unknown_currency_is_refused_with_the_known_ones():
    with pytest.raises(UnknownCurrency, match="'EURO' is not a known currency; known are CHF, .*EUR"):
        Money.of("1", "EURO")


def test_amounts_of_one_currency_add_up():
    prices = [Money.of("0.10", "EUR"), Money.of("0.20", "EUR")]
    assert Money.sum(prices, "EUR") == Money.of("0.30", "EUR")
    assert Money.sum([], "JPY") == Money.of(0, "JPY")


def test_amounts_of_two_currencies_do_not():
    with pytest.raises(CurrencyMismatch, match="EUR and USD cannot be added"):
        Money.of("1", "EUR") + Money.of("1", "USD")


def test_a_share_is_rounded_once():
    assert Money.of("99.99", "EUR").percent(Decimal("5.5")) == Money.of("5.50", "EUR")
