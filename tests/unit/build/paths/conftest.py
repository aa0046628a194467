"""A unit in a folder, whose template is finished as a build finishes it."""

from pathlib import Path

import pytest

from tests.unit.build.paths.unit_folder import UnitFolder


@pytest.fixture
def unit(tmp_path: Path) -> UnitFolder:
    """A unit with nothing but what a test writes."""
    return UnitFolder(tmp_path)
