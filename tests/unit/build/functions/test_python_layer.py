"""Layers of Python packages that a template builds."""

from typing import Any

import pytest

from orchestrator.build.cache import Cache
from orchestrator.errors import ConfigurationError
from tests.unit.build.functions.workbench import Workbench, files_of

LAYER: dict[str, Any] = {"metadata": {"BuildMethod": "python3.13", "BuildArchitecture": "arm64"}, "is_layer": True}


def test_a_layer_has_what_its_list_names_for_its_platform_and_its_own_files(bench: Workbench) -> None:
    """The lock is published; another machine makes the same bytes. Charset-normalizer has compiled wheels."""
    bench.write("code/requirements.txt", "charset-normalizer>=3\n")
    bench.write("code/money.py", "EUR = 1\n")
    first = bench.build(**LAYER)
    names = files_of(first).keys()
    assert {"python/money.py", "python/requirements.txt", "python/charset_normalizer/__init__.py"} <= names
    assert any("cpython-313-aarch64-linux-gnu" in name for name in names)
    assert first.lock is not None
    bench.cache = Cache(bench.folder / "another-machine")
    second = bench.build(**LAYER)
    assert second.path.read_bytes() == first.path.read_bytes()
    assert second.lock == first.lock


def test_a_layer_without_a_list_is_its_files(bench: Workbench) -> None:
    """Nothing is asked for."""
    bench.write("code/money.py", "EUR = 1\n")
    assert files_of(bench.build(**LAYER)) == {"python/money.py": "EUR = 1\n"}


def test_what_is_no_package_of_an_index_is_refused(bench: Workbench) -> None:
    """As in every list of requirements."""
    bench.write("code/requirements.txt", "-e ./money\n")
    with pytest.raises(ConfigurationError, match=r"code/requirements\.txt"):
        bench.build(**LAYER)
