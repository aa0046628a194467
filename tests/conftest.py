"""Options of the whole suite."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add them."""
    parser.addoption("--kill-points", type=int, default=4, help="How often a Lambda is killed in the middle of a step.")
    parser.addoption("--load-units", type=int, default=2, help="How many units are merged at once.")
    parser.addoption("--load-merges", type=int, default=3, help="How many merges of one unit follow each other.")
