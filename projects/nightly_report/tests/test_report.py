from nightly_report.report import make_report, read_order


def order(reference, total, currency="EUR"):
    return read_order({"reference": reference, "currency": currency, "total": total, "status": "accepted"})


def test_orders_are_summed_up_by_currency():
    orders = [order("ORD-1", "24.70"), order("ORD-2", "100.00"), order("ORD-3", "9.99", "USD")]
    assert make_report("2026-01-31", orders) == {
        "day": "2026-01-31",
        "currencies": {
            "EUR": {"orders": 2, "total": "124.70", "average": "62.35", "largest": "ORD-2"},
            "USD": {"orders": 1, "total": "9.99", "average": "9.99", "largest": "ORD-3"},
        },
    }


def test_an_order_that_was_delivered_twice_counts_once():
    report = make_report("2026-01-31", [order("ORD-1", "24.70"), order("ORD-1", "24.70")])
    assert report["currencies"]["EUR"]["orders"] == 1


def test_a_day_without_orders_has_an_empty_report():
    assert make_report("2026-01-31", []) == {"day": "2026-01-31", "currencies": {}}
