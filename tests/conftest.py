"""Options of the whole suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add them."""
    parser.addoption("--kill-points", type=int, default=6, help="How often a Lambda is killed in the middle of a step.")
