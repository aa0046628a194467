import pytest


@pytest.fixture
def deployed(monkeypatch, tmp_path):
    """Lambda's surroundings: the wheel's metadata on the path, and the variables that the template sets."""
    metadata = tmp_path / "orders-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.3\nName: orders\nVersion: 0.1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("VERSION", "0.1.0")
    monkeypatch.setenv("ENVIRONMENT", "dev")
    return {"version": "0.1.0", "stack_version": "0.1.0", "environment": "dev"}
