"""A build machine with a registry of npm of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.build.cache import Cache
from tests.npm_registry import NpmRegistry, npm_registry
from tests.unit.build.functions.workbench import Workbench


@pytest.fixture
def registry() -> Iterator[NpmRegistry]:
    """A registry on this machine."""
    with npm_registry() as made:
        yield made


@pytest.fixture
def bench(tmp_path: Path, registry: NpmRegistry) -> Workbench:
    """A machine that asks it alone, and keeps nothing from other tests."""
    settings = {"NPM_CONFIG_REGISTRY": registry.address, "NPM_CONFIG_USERCONFIG": str(tmp_path / "npmrc")}
    return Workbench(tmp_path, settings, Cache(tmp_path / "cache"))
