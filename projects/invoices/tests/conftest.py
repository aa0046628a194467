import pytest


@pytest.fixture
def request_document():
    """A sale within one country, at both rates."""
    return {
        "number": "2026-0042",
        "currency": "EUR",
        "seller": {"country": "DE"},
        "buyer": {"country": "DE"},
        "lines": [
            {"description": "Teapot", "quantity": 2, "unit_price": "50.00", "category": "standard"},
            {"description": "Tea", "quantity": 1, "unit_price": "10.65", "category": "reduced"},
        ],
    }


@pytest.fixture
def deployed(monkeypatch, tmp_path):
    """Lambda's surroundings: the wheel's metadata on the path, and the variables that the template sets."""
    metadata = tmp_path / "invoices-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.3\nName: invoices\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("VERSION", "0.1.0")
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("PAYMENT_DAYS", "14")
    return {"version": "0.1.0", "stack_version": "0.1.0", "environment": "test"}
