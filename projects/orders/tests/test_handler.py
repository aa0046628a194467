import re

from orders.handler import handle

LINE = {"sku": "TEA-01", "quantity": 2, "unit_price": "9.90"}


def test_an_order_is_accepted_with_a_reference_and_its_price(deployed):
    answer = handle({"currency": "EUR", "lines": [LINE]}, None)
    assert re.fullmatch(r"ORD-[0-9A-Z]{26}", answer.pop("reference"))
    assert answer == {
        "status": "accepted",
        "currency": "EUR",
        "goods": "19.80",
        "shipping": "4.90",
        "total": "24.70",
        **deployed,
    }


def test_an_order_without_lines_is_rejected_with_the_reason(deployed):
    answer = handle({"currency": "EUR", "lines": []}, None)
    assert answer == {"status": "rejected", "problems": ["lines must hold at least one line"], **deployed}
