"""Somebody offers another uv than the one that was locked, to whoever sets this project up."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def test_a_uv_with_another_hash_is_not_installed(tmp_path: Path) -> None:
    """It would install all the rest, and check its hashes."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copyfile(_ROOT / name, tmp_path / name)
    lock = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
    entry = re.search(r"^uv==.*\n(?:    .*\n)*", lock, re.MULTILINE)
    assert entry is not None
    altered = re.sub(r"sha256:\w{64}", f"sha256:{'0' * 64}", entry[0])
    (tmp_path / "requirements.lock").write_text(lock.replace(entry[0], altered), encoding="utf-8")
    command = ["make", "setup", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / ".venv/bin/uv").exists()


def test_what_builds_this_project_is_locked_with_all_else() -> None:
    """The set-up builds it with that, and fetches nothing for it."""
    setup = (_ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--offline --no-deps --no-build-isolation --editable ." in setup
    lock = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert {"hatchling", "editables"} <= set(re.findall(r"^([\w-]+)==", lock, re.MULTILINE))
