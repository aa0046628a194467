from datetime import date

import pytest
from invoices.invoice import read_invoice

ISSUED = date(2026, 1, 31)


def test_an_invoice_shows_net_tax_by_rate_gross_and_the_day_it_falls_due(request_document):
    assert read_invoice(request_document).to_document(ISSUED, 30) == {
        "number": "2026-0042",
        "issued": "2026-01-31",
        "due": "2026-03-02",
        "net": "110.65 EUR",
        "vat": [
            {"rate": "19%", "net": "100.00 EUR", "vat": "19.00 EUR"},
            {"rate": "7%", "net": "10.65 EUR", "vat": "0.75 EUR"},
        ],
        "gross": "130.40 EUR",
        "reverse_charge": False,
    }


def test_a_business_abroad_is_charged_no_tax(request_document):
    request_document["buyer"] = {"country": "FR", "vat_number": "FR12345678901"}
    invoice = read_invoice(request_document).to_document(ISSUED, 30)
    assert invoice["gross"] == invoice["net"]
    assert invoice["reverse_charge"] is True


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("currency", "EURO", "'EURO' is not a known currency"),
        ("buyer", {"country": "XX"}, "no VAT rate for 'XX'"),
        (
            "lines",
            [{"description": "?", "quantity": 1, "unit_price": "1", "category": "none"}],
            "'none' is not a valid",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name(request_document, key, value, message):
    with pytest.raises(ValueError, match=message):
        read_invoice({**request_document, key: value}).to_document(ISSUED, 30)
