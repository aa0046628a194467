"""Libraries of bundles come from the lock file, with their hashes."""

import re
from pathlib import Path

import pytest

from orchestrator.bootstrap.libraries import BundleError, Libraries, locked
from orchestrator.config.organization import Lambda

# It depends on six.
_PROJECT = '[project]\nname = "clock"\nversion = "1"\ndependencies = ["python-dateutil"]\n'
_LOCK = Path("requirements.lock")


def libraries(root: Path, lock: list[str]) -> Libraries:
    """Those of a project with one dependency."""
    (root / "pyproject.toml").write_text(_PROJECT)
    (root / "requirements.lock").write_text("\n".join(lock))
    return Libraries(root, Lambda(python="3.13"))


def test_a_projects_libraries_are_all_that_it_depends_on(tmp_path: Path) -> None:
    """Directly or not, so that nothing is listed twice."""
    libraries(tmp_path, locked(_LOCK.read_text(), ["python-dateutil", "six"])).install_all((), tmp_path / "into")
    names = {path.name.split("-")[0] for path in (tmp_path / "into").glob("*.dist-info")}
    assert names == {"python_dateutil", "six"}


def test_a_library_that_the_lock_lacks_is_refused(tmp_path: Path) -> None:
    """Also one that another one depends on."""
    lacking = libraries(tmp_path, locked(_LOCK.read_text(), ["python-dateutil"]))
    with pytest.raises(BundleError, match=r"no trusted hash was provided for: `six`"):
        lacking.install_all((), tmp_path / "into")
    with pytest.raises(BundleError, match=r"lacks six: run make lock"):
        lacking.install(("six",), tmp_path / "into")


def test_a_library_with_other_bytes_than_those_of_the_lock_is_refused(tmp_path: Path) -> None:
    """Whoever depends on it."""
    lock = locked(_LOCK.read_text(), ["python-dateutil", "six"])
    altered = [lock[0], re.sub("sha256:....", "sha256:0000", lock[1])]
    with pytest.raises(BundleError, match="Hash mismatch for `six"):
        libraries(tmp_path, altered).install_all((), tmp_path / "into")


def test_a_folder_that_is_no_clone_is_refused(tmp_path: Path) -> None:
    """With what is missing there."""
    with pytest.raises(BundleError, match=r"requirements\.lock was not found"):
        Libraries(tmp_path, Lambda()).install(("six",), tmp_path / "into")


def test_entries_keep_their_hashes() -> None:
    """All those of a library whose version depends on that of Python."""
    older, newer = "six==1.0 \\\n    --hash=sha256:aa\n    # via us", "six==2.0 \\\n    --hash=sha256:bb"
    assert locked(f"boto3==1.2 \\\n    --hash=sha256:cc\n{older}\n{newer}", ("six",)) == [older, newer]
