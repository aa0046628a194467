from decimal import Decimal

import pytest
from billing_rules import Category, Money, Party, UnknownCountry, is_reverse_charge, vat_amounts, vat_rate

SELLER = Party("DE")


def euros(amount):
    return Money.of(amount, "EUR")


@pytest.mark.parametrize(
    ("category", "buyer", "rate"),
    [
        (Category.STANDARD, Party("DE"), "19"),
        (Category.REDUCED, Party("DE"), "7"),
        (Category.STANDARD, Party("DE", "DE123456789"), "19"),
        (Category.STANDARD, Party("FR"), "20"),
        (Category.REDUCED, Party("FR"), "5.5"),
        (Category.STANDARD, Party("FR", "FR12345678901"), "0"),
    ],
)
def test_the_rate_is_that_of_the_buyers_country_and_none_for_a_business_abroad(category, buyer, rate):
    assert vat_rate(category, SELLER, buyer) == Decimal(rate)


def test_only_a_business_abroad_pays_the_tax_itself():
    assert is_reverse_charge(SELLER, Party("NL", "NL123456789B01"))
    assert not is_reverse_charge(SELLER, Party("NL"))
    assert not is_reverse_charge(SELLER, Party("DE", "DE123456789"))


def test_a_country_without_rates_is_named_also_for_a_business():
    with pytest.raises(UnknownCountry, match="no VAT rate for 'XX'; there are rates for AT"):
        vat_rate(Category.STANDARD, SELLER, Party("XX", "XX1"))


def test_tax_is_taken_from_the_sum_of_each_rate():
    """Three times 0.19 of tax on 0.99, line by line, would be one cent more than 19 percent of 2.97."""
    lines = [(euros("0.99"), Decimal(19))] * 3 + [(euros("10"), Decimal(7))]
    standard, reduced = vat_amounts(lines)
    assert (standard.rate, standard.net, standard.vat) == (Decimal(19), euros("2.97"), euros("0.56"))
    assert (reduced.rate, reduced.net, reduced.vat) == (Decimal(7), euros("10.00"), euros("0.70"))


def test_nothing_sold_makes_no_tax():
    assert vat_amounts([]) == []
