"""Units that are members of a workspace of uv, which one `uv.lock` locks."""

import sys
from pathlib import Path

import pytest

from orchestrator.build.build import Tools
from orchestrator.build.declared import Declared
from orchestrator.build.dependencies import Dependencies
from orchestrator.build.exported import Exported
from orchestrator.build.uv import Uv
from orchestrator.build.workspace import WorkspaceLock, find_workspace_lock
from orchestrator.errors import BuildError, ConfigurationError
from tests.unit.build.fakes import COMMITTED_AT, PLATFORM, FolderRepository, real_commands

_ORDERS = """
[project]
name = "orders"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["six==1.16.0"{more}]

[tool.uv.sources]
shared = {{ workspace = true }}
"""
_SHARED = """
[project]
name = "shared"
version = "0.1.0"
requires-python = ">=3.12"
dependencies = ["idna"]
"""
# As uv writes it for both, with what other members need.
_LOCK = """
version = 1
revision = 3
requires-python = ">=3.12"

[manifest]
members = ["orders", "shared"]

[[package]]
name = "idna"
version = "3.10"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "https://nowhere.invalid/idna-3.10-py3-none-any.whl", hash = "sha256:{hash}" }}]

[[package]]
name = "orders"
version = "0.1.0"
source = {{ virtual = "{folder}" }}
dependencies = [{{ name = "six" }}{more}]

[package.metadata]
requires-dist = [{{ name = "six", specifier = "==1.16.0" }}{listed}]

[[package]]
name = "shared"
version = "0.1.0"
source = {{ editable = "libs/shared" }}
dependencies = [{{ name = "idna" }}]

[package.metadata]
requires-dist = [{{ name = "idna" }}]

[[package]]
name = "six"
version = "1.16.0"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{{ url = "https://nowhere.invalid/six-1.16.0-py2.py3-none-any.whl", hash = "sha256:{hash}" }}]
"""
_HASH = "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"


def lock(folder: str = "projects/orders", *, shared: bool = False) -> str:
    """A lock of a workspace, in which `orders` depends on `shared` or not."""
    more, listed = (', { name = "shared" }', ', { name = "shared", editable = "libs/shared" }') if shared else ("", "")
    return _LOCK.format(folder=folder, hash=_HASH, more=more, listed=listed)


def declared(*, shared: bool = False, uv_lock: str = "") -> Declared:
    """What `orders` declares, in a workspace at the repository's root."""
    dependencies = ("six==1.16.0", *(("shared",) if shared else ()))
    pyproject = _ORDERS.format(more=', "shared"' if shared else "")
    text = uv_lock or lock(shared=shared)
    return Declared(
        "projects/orders", "0.1.0", dependencies, "pyproject.toml", pyproject=pyproject, uv_lock=text, workspace=""
    )


@pytest.fixture
def dependencies(real_tools: Tools, tmp_path: Path) -> Dependencies:
    """With the real uv."""
    uv = Uv(real_commands(real_tools, tmp_path), real_tools.uv, sys.executable, COMMITTED_AT)
    return Dependencies(uv, real_tools.cache, PLATFORM)


def test_what_a_workspace_locks_for_the_unit_is_honoured_with_its_hashes(
    dependencies: Dependencies, tmp_path: Path
) -> None:
    """And nothing that other members alone need; none of them has to be there."""
    locked = dependencies.lock(declared(), tmp_path)
    assert locked.requirements == ("six==1.16.0",)
    assert _HASH in locked.text


def test_a_member_that_the_unit_depends_on_is_refused_by_name(dependencies: Dependencies, tmp_path: Path) -> None:
    """A folder is no wheel."""
    with pytest.raises(BuildError, match="shared cannot be used, because there is no wheel"):
        dependencies.lock(declared(shared=True), tmp_path)


def test_a_workspaces_lock_that_was_made_for_other_dependencies_is_refused(
    dependencies: Dependencies, tmp_path: Path
) -> None:
    """Named as it lies in the repository."""
    with pytest.raises(ConfigurationError, match=r"^uv\.lock: was made for other .* differ in shared"):
        dependencies.lock(declared(shared=True, uv_lock=lock()), tmp_path)


@pytest.fixture
def repository(tmp_path: Path) -> FolderRepository:
    """A workspace at the root, and another one in `projects`, which the unit is no member of."""
    repository = FolderRepository(tmp_path / "repository")
    repository.write("uv.lock", lock())
    repository.write("projects/uv.lock", lock("invoices"))
    repository.write("projects/orders/pyproject.toml", _ORDERS)
    return repository


def found(repository: FolderRepository, exported: Path, folder: str = "projects/orders") -> WorkspaceLock | None:
    """The lock of a unit of which some files were exported."""
    return find_workspace_lock(repository, repository.commit_id, Exported(exported), folder, f"{folder}/pyproject.toml")


def test_the_nearest_lock_that_holds_the_unit_is_found(repository: FolderRepository, tmp_path: Path) -> None:
    """Where it is one of the unit's inputs."""
    (tmp_path / "uv.lock").touch()
    assert found(repository, tmp_path) == WorkspaceLock("", lock())
    repository.write("projects/uv.lock", lock("orders"))
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects/uv.lock").touch()
    assert found(repository, tmp_path) == WorkspaceLock("projects", lock("orders"))


def test_a_unit_that_is_not_made_of_the_lock_of_its_workspace_is_refused(
    repository: FolderRepository, tmp_path: Path
) -> None:
    """With the line to write; a change of the lock would else build nothing."""
    with pytest.raises(ConfigurationError, match=r"orders/pyproject\.toml: .*write depends_on = \['uv\.lock'\]"):
        found(repository, tmp_path)


def test_a_unit_that_no_workspace_holds_is_locked_by_none(repository: FolderRepository, tmp_path: Path) -> None:
    """Nor is one at the root, which has nothing above it."""
    repository.write("projects/other/pyproject.toml", _ORDERS)
    assert found(repository, tmp_path, "projects/other") is None
    assert found(repository, tmp_path, "") is None
