"""A build of a commit that nobody has merged leaves something for builds of merged commits to find."""

from dataclasses import replace
from pathlib import Path

from orchestrator.build.cache import Cache
from tests.attacks.confined import only_linux
from tests.attacks.hostile_unit import HostileUnit
from tests.unit.build.fakes import PYPROJECT

pytestmark = only_linux
_PROJECT = PYPROJECT.replace("some-backend", "hatchling").replace("some_backend", "hatchling.build")


def files(folder: Path) -> dict[str, bytes]:
    """All files in a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


def test_a_unit_s_code_cannot_write_to_what_is_kept(hostile_unit: HostileUnit) -> None:
    """Not into uv's cache, which its next build and others' tools read; nor through links into it."""
    hostile_unit.write("pyproject.toml", _PROJECT)
    hostile_unit.build()
    kept = hostile_unit.tools.cache.folder
    hostile_unit.hook(
        f"""
import os
for parent, folders, names in os.walk({str(kept)!r}):
    for name in [*names, 'planted']:
        try: open(os.path.join(parent, name), 'a').write('poison'); print('written', name, file=sys.stderr)
        except OSError: pass
for folder in {str(kept)!r}, os.path.join({str(kept)!r}, 'unmerged', 'uv', 'orders'):
    try: open(os.path.join(folder, 'planted'), 'w'); print('written', folder, file=sys.stderr)
    except OSError: pass
for parent in sys.path:
    try: open(os.path.join(parent, 'planted.py'), 'w'); print('written', parent, file=sys.stderr)
    except OSError: pass
"""
    )
    hostile_unit.build()
    assert "written" not in hostile_unit.said
    assert not list(kept.rglob("planted*"))


def test_what_builds_of_unmerged_commits_keep_is_read_by_none_of_merged_ones(
    hostile_unit: HostileUnit, tmp_path: Path
) -> None:
    """Uv's cache, locks, and what was found out by running the unit's code: whatever is planted there stays there."""
    cache = tmp_path / "cache"
    hostile_unit.tools = replace(hostile_unit.tools, cache=Cache(cache))
    hostile_unit.write("pyproject.toml", _PROJECT)
    hostile_unit.build()
    unmerged = files(cache)
    assert unmerged
    assert all(Path(path).is_relative_to(cache / "unmerged") for path in unmerged if Path(path).parent != cache)
    for path in unmerged:
        Path(path).write_bytes(b"poison")
    hostile_unit.write("src/orders/__init__.py", "ANSWER = 43\n")
    hostile_unit.build(merged=True)
    assert any((cache / "uv" / "orders").iterdir())
    assert set(files(cache / "unmerged").values()) == {b"poison"}
