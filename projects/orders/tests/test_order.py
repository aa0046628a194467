from decimal import Decimal

import pytest
from orders.order import InvalidOrder, read_order


def line(**changes):
    return {"sku": "TEA-01", "quantity": 2, "unit_price": "9.90", **changes}


def test_an_order_comes_to_its_lines_and_the_shipping():
    order = read_order({"currency": "EUR", "lines": [line(), line(sku="CUP-07", quantity=1, unit_price="3.50")]})
    assert (order.goods, order.shipping, order.total) == (Decimal("23.30"), Decimal("4.90"), Decimal("28.20"))


@pytest.mark.parametrize(("price", "shipping"), [("49.99", "4.90"), ("50.00", "0.00")])
def test_a_large_order_is_sent_for_free(price, shipping):
    order = read_order({"currency": "EUR", "lines": [line(quantity=1, unit_price=price)]})
    assert order.shipping == Decimal(shipping)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sku": ""}, "lines[0].sku is missing"),
        ({"quantity": 0}, "lines[0].quantity must be a whole number of at least 1"),
        ({"quantity": "2"}, "lines[0].quantity must be a whole number of at least 1"),
        ({"quantity": True}, "lines[0].quantity must be a whole number of at least 1"),
        ({"unit_price": 9.9}, "lines[0].unit_price must be a string such as '9.90'"),
        ({"unit_price": "-1"}, "lines[0].unit_price must be a string such as '9.90'"),
        ({"unit_price": "0.999"}, "lines[0].unit_price must be a string such as '9.90'"),
        ({"unit_price": "NaN"}, "lines[0].unit_price must be a string such as '9.90'"),
        ({"unit_price": "ten"}, "lines[0].unit_price must be a string such as '9.90'"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(changes, problem):
    with pytest.raises(InvalidOrder) as caught:
        read_order({"currency": "EUR", "lines": [line(**changes)]})
    assert caught.value.problems == [problem]


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidOrder) as caught:
        read_order({"currency": "XXX", "lines": [line(), {}]})
    assert caught.value.problems == [
        "currency must be one of EUR, GBP, USD",
        "lines[1].sku is missing",
        "lines[1].quantity must be a whole number of at least 1",
        "lines[1].unit_price must be a string such as '9.90'",
    ]
