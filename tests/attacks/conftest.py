"""The machine that attacks are made on."""

import os
import sys
from pathlib import Path

import pytest
import uv

from orchestrator.build.build import Tools
from orchestrator.build.cache import Cache
from orchestrator.build.environment import clean_environment
from tests.attacks.hostile_unit import HostileUnit


@pytest.fixture(scope="session")
def build_machine(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    """A machine that builds with the real uv, and a cache for all of these tests."""
    kept = Cache(tmp_path_factory.mktemp("cache"))
    return Tools(uv.find_uv_bin(), sys.executable, clean_environment(os.environ), kept)


@pytest.fixture
def hostile_unit(build_machine: Tools, tmp_path: Path) -> HostileUnit:
    """A unit that means harm."""
    return HostileUnit(build_machine, tmp_path)
