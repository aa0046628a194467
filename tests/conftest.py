"""Options of the whole suite, and what its workers share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says something of the machine, which others may use as well.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add them."""
    parser.addoption("--kill-points", type=int, default=4, help="How often a Lambda is killed in the middle of a step.")
    parser.addoption("--load-units", type=int, default=2, help="How many units are merged at once.")
    parser.addoption("--load-merges", type=int, default=3, help="How many merges of one unit follow each other.")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share; each of them may come first, and two at the same time."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder
