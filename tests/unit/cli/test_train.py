"""`orchestrator train start`, before it starts anything."""

from pathlib import Path

import pytest

from orchestrator.cli.main import main
from tests.unit.cli.test_on_moto import Account, account, released

__all__ = ["account"]


def refused(account: Account, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command, which is refused as a wrong request, and return what it says."""
    with pytest.raises(SystemExit) as ended:
        main(["--repository", str(account.git.folder), "train", "start", *arguments])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nothing.toml", None, "cannot be read: No such file or directory."),
        (".", None, "cannot be read: Is a directory."),
        ("train.toml", b"units = [", "is not valid TOML"),
        ("train.toml", b"\xff\xfe", "is not valid TOML"),
        ("train.toml", b'units = "orders@0.1.0"', "units = 'orders@0.1.0' is not valid: it must be a list"),
        ("train.toml", b'unit = ["orders@0.1.0"]', "unit is not a known key; valid are units, from, to"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_a_sentence(
    name: str, content: bytes | None, said: str, account: Account, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With the file in front."""
    account.install()
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    assert f"{file}: {said}" in refused(account, capsys, "--file", str(file))


def test_releases_of_a_file_and_of_the_command_line_are_not_mixed(
    account: Account, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Whoever writes both may mean either: that the file's were dropped went unnoticed."""
    released(account.install(), "0.1.0")
    file = tmp_path / "train.toml"
    file.write_text('units = ["orders@0.1.0", "invoices@0.1.0"]')
    said = refused(account, capsys, "--file", str(file), "orders@latest")
    assert f"{file} names releases, and so does the command line" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "prod", "--to", "dev"], "'from' (prod) comes after 'to' (dev); the order is dev, prod."),
        (["--to", "moon"], "There is no environment 'moon'. Known: dev, prod."),
        (["--from", "prod"], "The train cannot begin at prod: orders@0.1.0 has not passed dev."),
    ],
)
def test_what_the_train_would_refuse_is_not_even_started(
    arguments: list[str], said: str, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its first step would, with a failed train in the history."""
    released(account.install(), "0.1.0")
    assert said in refused(account, capsys, "orders@0.1.0", *arguments)
