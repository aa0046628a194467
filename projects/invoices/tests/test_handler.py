from datetime import date, timedelta

from invoices.handler import handle


def test_the_answer_is_the_invoice_and_what_runs_where(request_document, deployed):
    answer = handle(request_document, None)
    assert answer["gross"] == "130.40 EUR"
    assert date.fromisoformat(answer["due"]) - date.fromisoformat(answer["issued"]) == timedelta(days=14)
    assert {key: answer[key] for key in deployed} == deployed
