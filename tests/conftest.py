"""Options of the whole suite, and what its workers share."""

import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import settings

from tests.scheduling import ByWhatIsShared, rank

# How long an example takes says something of the machine, which others may use as well.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


class KeptModels(JSONFileLoader):
    """Reads the services' models that come with botocore once in a process, and not once in each session."""

    _kept: ClassVar[dict[str, Any]] = {}
    _known: ClassVar[dict[str, bool]] = {}

    def exists(self, file_path: str) -> bool:
        """Whether there is such a model; each new session asks for those of all services."""
        if file_path not in self._known:
            self._known[file_path] = super().exists(file_path)
        return self._known[file_path]

    def load_file(self, file_path: str) -> Any:
        """Read a model, or say what was read before."""
        if file_path not in self._kept:
            self._kept[file_path] = super().load_file(file_path)
        return self._kept[file_path]


# A quarter of the processor time of all tests on moto would go into reading them again.
Loader.FILE_LOADER_CLASS = KeptModels


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring them into order."""
    items.sort(key=rank)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose tool chain this machine has not, unless all of them are required."""
    marker = item.get_closest_marker("toolchain")
    missing = [name for name in (marker.args if marker else ()) if shutil.which(name) is None]
    if missing:
        said = f"this machine has no {', '.join(missing)}: apt-get install golang-go make"
        (pytest.fail if item.config.getoption("--require-toolchains") else pytest.skip)(said)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByWhatIsShared | None:
    """Schedule them, unless another way was asked for."""
    return ByWhatIsShared(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add them."""
    parser.addoption("--require-toolchains", action="store_true", help="Fail where a tool chain is missing.")
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
