"""`uv.lock`, which uv reads."""

import sys
import tomllib
from pathlib import Path

import pytest

from orchestrator.build.build import Tools
from orchestrator.build.declared import Declared
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.requirements.uv_lock import LockedProject, check_uv_lock
from orchestrator.build.runtime import marker_environment
from orchestrator.build.uv import Uv
from orchestrator.errors import BuildError, ConfigurationError
from tests.unit.build.fakes import COMMITTED_AT, PLATFORM, real_commands

_PYPROJECT = """
[project]
name = "Orders"
version = "0.1.0"
requires-python = ">=3.13"
dependencies = ["Charset_Normalizer>=3", "colorama; sys_platform == 'win32'", "six[x,y]"]
"""
_UV_LOCK = """
version = 1
requires-python = ">=3.13"

[[package]]
name = "orders"
source = { virtual = "." }

[package.metadata]
requires-dist = [
    { name = "charset-normalizer", specifier = ">=3" },
    { name = "six", extras = ["y", "x"] },
]
"""
# Older than what the index has by now.
_CHARSET = "charset-normalizer==3.4.4"


@pytest.fixture
def dependencies(real_tools: Tools, tmp_path: Path) -> Dependencies:
    """With the real uv."""
    return Dependencies(
        Uv(real_commands(real_tools, tmp_path), real_tools.uv, sys.executable, COMMITTED_AT), real_tools.cache, PLATFORM
    )


def unit(folder: Path, *dependencies: str, uv_lock: str | None = None) -> Declared:
    """A unit with a lock file, exported to a folder."""
    listed = ", ".join(f'"{one}"' for one in dependencies)
    pyproject = (
        f'[project]\nname = "orders"\nversion = "0.1.0"\nrequires-python = ">=3.13"\ndependencies = [{listed}]\n'
    )
    (folder / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    if uv_lock is not None:
        (folder / "uv.lock").write_text(uv_lock, encoding="utf-8")
    source = "project.dependencies of pyproject.toml"
    return Declared("projects/orders", "0.1.0", dependencies, source, pyproject=pyproject, uv_lock=uv_lock)


def locked_by_uv(dependencies: Dependencies, folder: Path) -> str:
    """The `uv.lock` that uv writes for `unit`, of the index as it was at a moment."""
    command = ["lock", "--python-preference", "system", "--exclude-newer", "2025-11-01T00:00:00Z"]
    # This machine may have no Python 3.13: uv then needs none that suits.
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(text.replace(">=3.13", ">=3.11"), encoding="utf-8")
    outcome = dependencies.uv.attempt("lock", command, folder, dated=False)
    assert outcome.code == 0, outcome.output
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    lock = (folder / "uv.lock").read_text(encoding="utf-8")
    head = "\n".join(line for line in lock.splitlines() if "exclude-newer" not in line)
    return head.replace('requires-python = ">=3.11"', 'requires-python = ">=3.13"')


def test_a_uv_lock_is_honoured_whatever_the_index_has_by_now(dependencies: Dependencies, tmp_path: Path) -> None:
    """Its versions and hashes, of the wheels for the platform, without development groups and other systems."""
    unit(tmp_path, "charset-normalizer>=3", "colorama; sys_platform == 'win32'")
    text = locked_by_uv(dependencies, tmp_path)
    declared = unit(tmp_path, "charset-normalizer>=3", "colorama; sys_platform == 'win32'", uv_lock=text)
    locked = dependencies.lock(declared, tmp_path)
    assert locked.requirements == (_CHARSET,)
    assert "--exclude-newer" not in (tmp_path / "log").read_text(encoding="utf-8").split("uv export", 1)[-1]
    assert dependencies.layer(locked, tmp_path, tmp_path / "layer.zip").path.stat().st_size > 10_000

    with pytest.raises(ConfigurationError, match=r"projects/orders/uv\.lock.*differ in six.*run 'uv lock'"):
        dependencies.lock(unit(tmp_path, "six", "charset-normalizer>=3", uv_lock=text), tmp_path)


def test_a_uv_lock_without_a_wheel_for_the_platform_is_an_error_that_names_the_package(
    dependencies: Dependencies, tmp_path: Path
) -> None:
    """A source distribution is never compiled on the build machine."""
    unit(tmp_path, "pyspark==3.5.1")
    declared = unit(tmp_path, "pyspark==3.5.1", uv_lock=locked_by_uv(dependencies, tmp_path))
    with pytest.raises(BuildError, match=r"pyspark cannot be used, because there is no wheel for Python 3\.13"):
        dependencies.lock(declared, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("", "", ""),
        ('">=3"', '">=2"', r"differ in charset-normalizer>=2, charset-normalizer>=3\."),
        (">=3.13", ">=3.12", r"made for another project\.requires-python"),
        ("orders", "invoices", "does not hold orders: it was made for another project"),
        ('virtual = "."', 'registry = "x"', "does not hold orders"),
        ('"y", "x"', '"y"', r"differ in six\[x,y\], six\[y\]"),
        ("[[package]]", "[[package", "is not valid TOML"),
        ("requires-dist = [", "requires-dist = [1, ", "is not a file that 'uv lock' wrote"),
    ],
)
def test_a_uv_lock_for_another_pyproject_is_refused(old: str, new: str, problem: str) -> None:
    """Spelling, order, and what other systems need do not matter."""
    text, markers = _UV_LOCK.replace(old, new), marker_environment(PLATFORM)
    project = LockedProject(_PYPROJECT, tuple(tomllib.loads(_PYPROJECT)["project"]["dependencies"]))
    if not problem:
        check_uv_lock(text, "uv.lock", project, markers)
        return
    with pytest.raises(ConfigurationError, match=problem):
        check_uv_lock(text, "uv.lock", project, markers)
