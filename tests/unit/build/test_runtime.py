"""What a Lambda runtime can load."""

import pytest

from orchestrator.build.runtime import marker_environment, platform_tag, wheel_tags
from orchestrator.config.platform import Platform
from tests.unit.build.fakes import PLATFORM


@pytest.mark.parametrize(
    ("python", "architecture", "tag"),
    [
        ("3.11", "x86_64", "x86_64-manylinux2014"),
        ("3.11", "arm64", "aarch64-manylinux2014"),
        ("3.12", "x86_64", "x86_64-manylinux_2_34"),
        ("3.14", "arm64", "aarch64-manylinux_2_34"),
    ],
)
def test_wheels_are_chosen_for_the_c_library_of_the_runtime(python: str, architecture: str, tag: str) -> None:
    """Amazon Linux 2 up to python3.11, Amazon Linux 2023 after it."""
    assert platform_tag(Platform(python, architecture)) == tag


@pytest.mark.parametrize(
    ("tag", "loads"),
    [
        ("cp313-cp313-manylinux_2_34_x86_64", True),
        ("cp313-cp313-manylinux2014_x86_64", True),
        ("cp313-cp313-manylinux_2_35_x86_64", False),
        ("cp313-cp313-manylinux_2_28_aarch64", False),
        ("cp313-cp313-musllinux_1_2_x86_64", False),
        ("cp312-cp312-manylinux_2_17_x86_64", False),
        ("cp39-abi3-manylinux1_x86_64", True),
        ("cp313-cp313-win_amd64", False),
        ("py3-none-any", True),
        ("py2-none-any", False),
    ],
)
def test_a_wheel_loads_when_python_machine_and_c_library_do(tag: str, *, loads: bool) -> None:
    """On the newest runtime; a stable ABI of an older Python does, too."""
    assert (tag in map(str, wheel_tags(PLATFORM))) is loads


def test_an_older_runtime_has_an_older_c_library() -> None:
    """A wheel of numpy 2.4 for manylinux_2_28 does not load on python3.11."""
    tags = {str(tag) for tag in wheel_tags(Platform("3.11", "arm64"))}
    assert "cp311-cp311-manylinux_2_17_aarch64" in tags
    assert not any("2_28" in tag or "2_18" in tag or "x86_64" in tag for tag in tags)


def test_markers_hold_for_any_patch_release_of_the_runtime() -> None:
    """A project may ask for 3.13.2 or newer."""
    assert marker_environment(Platform("3.13", "arm64"))["platform_machine"] == "aarch64"
    assert marker_environment(PLATFORM)["python_full_version"] == "3.13.999"
