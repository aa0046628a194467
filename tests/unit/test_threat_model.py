"""The threat model's page: each row names a test that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
ROWS = [
    row
    for table in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    if "| test |" in table
    for row in re.findall(r"^\| (?!actor|---)(.*) \|$", table, re.MULTILINE)
]


def test_each_row_names_a_test_that_is_there() -> None:
    """A promise that nothing tries is none."""
    assert len(ROWS) > 50
    for row in ROWS:
        actor, *_, tests = row.split(" | ")
        named = re.findall(r"`(tests/[^`]+\.py)`", tests)
        assert actor
        assert named, row
        assert all((ROOT / name).is_file() for name in named), row


def test_each_attack_is_in_the_page() -> None:
    """Whoever adds one says who attacks, and what prevents it."""
    attacks = {f"tests/attacks/{file.name}" for file in (ROOT / "tests" / "attacks").glob("test_*.py")}
    assert {name for name in attacks if name not in PAGE} == set()
