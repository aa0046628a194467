"""Which level a machine reaches, by what its kernel can do."""

import pytest

from orchestrator.build.confined.level import level_of, too_low, warnings_of
from orchestrator.confine.features import Features
from orchestrator.releases.confinement import Level

NEWEST = Features("linux", "x86_64", filters=True, landlock=7, root=False, users=False)
# The rows of the table in docs/builds.md.
MACHINES = {
    "a worker with Landlock": (NEWEST, Level.OWN_FILES),
    "on arm64": (NEWEST._replace(machine="aarch64"), Level.OWN_FILES),
    "on the oldest Landlock that will do": (NEWEST._replace(landlock=2), Level.OWN_FILES),
    "on the first Landlock": (NEWEST._replace(landlock=1), Level.NO_SOCKETS),
    "a worker without Landlock": (NEWEST._replace(landlock=0), Level.NO_SOCKETS),
    "a worker that is root": (NEWEST._replace(root=True, users=True), Level.OWN_FILES),
    "one without Landlock that is root": (NEWEST._replace(root=True, users=True, landlock=0), Level.OWN_USER),
    "CodeBuild": (NEWEST._replace(root=True, users=True, landlock=0), Level.OWN_USER),
    "root that may become nobody else": (NEWEST._replace(root=True), Level.NO_SOCKETS),
    "a kernel that filters nothing": (NEWEST._replace(filters=False), Level.UNCONFINED),
    "a machine that no filter is written for": (NEWEST._replace(machine="riscv64"), Level.UNCONFINED),
    "macOS": (Features("darwin", "arm64", filters=False, landlock=0, root=False, users=False), Level.UNCONFINED),
}


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_reaches_its_level(name: str) -> None:
    """By its features alone."""
    features, level = MACHINES[name]
    assert level_of(features) is level


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("a worker without Landlock", "required: the kernel has no Landlock, or not a version"),
        ("root that may become nobody else", "required: the worker is root and may become no other user"),
        ("a kernel that filters nothing", "required: the kernel filters no system calls"),
        ("a machine that no filter is written for", "required: no filter of system calls is known for riscv64"),
        ("macOS", "required: the system is darwin and not Linux"),
    ],
)
def test_what_a_machine_lacks_is_said_with_what_to_do(name: str, lacks: str) -> None:
    """And which levels would do."""
    features, level = MACHINES[name]
    said = too_low(level, features)
    assert lacks in said
    assert "'own-user' or 'own-files' is required" in said
    assert "an administrator may set [build] unconfined = true" in said


def test_only_a_level_that_is_too_low_is_warned_of() -> None:
    """The release says so for good."""
    assert [level for level in Level if warnings_of(level)] == [Level.UNCONFINED, Level.NO_SOCKETS]
