"""A unit's build is run where it cannot be confined: on an older kernel, or another system."""

import json
from dataclasses import replace

import pytest

from orchestrator.confine.features import of_this_machine
from orchestrator.errors import BuildError
from orchestrator.releases.confinement import Level
from tests.attacks.confined import only_linux
from tests.attacks.hostile_unit import HostileUnit

_ROOT = of_this_machine().users
_OLDER: dict[str, dict[str, object]] = {
    "no filters of system calls": {"filters": False},
    "no Landlock, and no other user": {"landlock": 0, "users": False},
    "root that may become nobody else": {"root": True, "users": False},
    "a processor that no filter is written for": {"machine": "riscv64"},
    "macOS": {"system": "darwin", "filters": False, "landlock": 0, "users": False},
}


@pytest.mark.parametrize("kernel", _OLDER)
def test_a_build_that_cannot_be_confined_is_refused_and_runs_nothing(kernel: str, hostile_unit: HostileUnit) -> None:
    """With what the machine lacks, and what to do."""
    hostile_unit.hook("print('harm was done', file=sys.stderr)")
    with pytest.raises(
        BuildError, match=r"at 'confine the unit's code': this machine confines .* is required: .*Linux"
    ):
        hostile_unit.on(**_OLDER[kernel]).build()
    assert hostile_unit.said == ""


@only_linux
@pytest.mark.parametrize("landlock", [None, 0 if _ROOT else 2], ids=["this kernel", "the oldest that will do"])
def test_the_level_that_was_reached_is_in_the_manifest(landlock: int | None, hostile_unit: HostileUnit) -> None:
    """As a part of what is published and can be verified."""
    hostile_unit.hook("pass")
    if landlock is not None:
        hostile_unit.on(landlock=landlock)
    built = hostile_unit.build()
    expected = Level.OWN_USER if landlock == 0 else Level.OWN_FILES
    assert built.manifest.confinement is expected
    assert json.loads(built.text)["confinement"] == str(expected)
    assert built.manifest.warnings == ()


@only_linux
def test_an_administrator_may_allow_it_and_the_release_says_so(hostile_unit: HostileUnit) -> None:
    """Loudly, and for good; what the machine can do is done all the same."""
    hostile_unit.hook("import socket\ntry: socket.socket()\nexcept OSError: print('refused', file=sys.stderr)")
    hostile_unit.on(landlock=0, users=False)
    hostile_unit.tools = replace(hostile_unit.tools, unconfined=True)
    built = hostile_unit.build()
    assert built.manifest.confinement is Level.NO_SOCKETS
    (warning,) = built.manifest.warnings
    assert "built at the confinement level 'no-sockets', which is too low" in warning
    assert "refused" in hostile_unit.said
