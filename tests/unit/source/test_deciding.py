"""Which code what is kept of a repository was found by."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import orchestrator
from orchestrator.source.deciding import DECIDING, deciding_code

_PACKAGE = Path(orchestrator.__file__).parent


def _python(program: str, path: Path = _PACKAGE.parent) -> str:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=path, env={"PYTHONPATH": str(path)}, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_all_that_a_survey_is_made_with_counts() -> None:
    """Whatever else it imported could decide otherwise without being noticed."""
    told = _python(
        "import json, sys; import orchestrator.config.load, orchestrator.source.catalog, orchestrator.source.reading;"
        "print(json.dumps([name for name in sys.modules if name.startswith('orchestrator.')]))"
    )
    deciding = tuple(f"orchestrator.{name.removesuffix('.py').replace('/', '.')}" for name in DECIDING)
    others = {name for name in json.loads(told) if not name.startswith(deciding)}
    assert others == set()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The same code in another place, as in a bundle."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_PACKAGE, tmp_path / "orchestrator", ignore=ignored)
    return tmp_path


def test_it_is_told_by_what_the_code_says(copied: Path) -> None:
    """Not by where or when it was put there; what decides nothing does not count."""
    ask = "from orchestrator.source.deciding import deciding_code; print(deciding_code())"
    (copied / "orchestrator" / "steps" / "on_merge.py").write_text("CHANGED = 1\n")
    assert _python(ask, copied) == deciding_code()
    with (copied / "orchestrator" / "source" / "sharing.py").open("a") as file:
        file.write("CHANGED = 1\n")
    assert _python(ask, copied) != deciding_code()
