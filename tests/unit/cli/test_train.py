"""`orchestrator train start`, before it starts anything, and what commands say of trains that were kept back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.cli.main import main
from orchestrator.errors import RequestError
from orchestrator.ledger.controls import Hold
from orchestrator.ledger.promotions import Promotion
from orchestrator.ledger.trains import Train
from orchestrator.steps.contract import Execution
from tests.unit.cli.test_on_moto import Account, account, released

__all__ = ["account"]

EXECUTIONS = "arn:aws:states:eu-west-1:123456789012:execution"
TRAIN = Train(
    name="billing-1",
    execution=f"{EXECUTIONS}:orchestrator-train:billing-1",
    started_at=datetime(2026, 11, 24, tzinfo=UTC),
    members=("invoices", "orders"),
)


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
        ([], "orders cannot be promoted yet: a unit gets its state machines when it is first merged."),
    ],
)
def test_what_the_train_would_refuse_is_not_even_started(
    arguments: list[str], said: str, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its first step would, with a failed train in the history."""
    released(account.install(), "0.1.0")
    assert said in refused(account, capsys, "orders@0.1.0", *arguments)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("HELD", "orchestrator train retry billing-1"), ("ARRIVED", "orchestrator promote orders --version <version>")],
)
def test_whoever_lifts_a_hold_is_told_how_what_it_kept_back_goes_on(
    outcome: str, said: str, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    """With all of a train: one member alone is not what was to go together."""
    ledger = account.install()
    ledger.controls.set_hold(
        Hold(unit="orders", environment="dev", version="0.1.0", order="1", reason="It failed.", since="now")
    )
    ledger.trains.begin(TRAIN)
    ledger.trains.end(TRAIN, {"status": "FAILED", "outcome": outcome, "message": "", "ended_at": "now"})
    account.run("resume", "orders", "dev")
    assert f"What was kept back until now: {said}" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["retry", "abort"])
def test_a_train_is_retried_and_stopped_as_a_train(command: str, account: Account) -> None:
    """Whoever names one to the command for single promotions is told which one to use."""
    account.install().trains.begin(TRAIN)
    with pytest.raises(RequestError, match=f"billing-1 is a train: 'orchestrator train {command} billing-1'"):
        account.run(command, "billing-1")


@pytest.mark.parametrize("what", ["billing-1-dev", f"{EXECUTIONS}:promote-orders:billing-1-dev"])
def test_what_moves_a_member_is_not_retried_without_the_others(what: str, account: Account) -> None:
    """Its name is that of all members' executions there: another one's was looked at."""
    ledger = account.install()
    arn = f"{EXECUTIONS}:promote-orders:billing-1-dev"
    execution = Execution(id=arn, name="billing-1-dev", started_at=TRAIN.started_at)
    begun = Promotion(
        unit="orders",
        execution=arn,
        name=execution.name,
        started_at=execution.order.split("#")[0],
        request={"train": "billing-1", "version": "0.1.0"},
    )
    ledger.promotions.record_begin(begun, execution)
    with pytest.raises(RequestError, match="'orchestrator train retry billing-1' goes on with all members"):
        account.run("retry", what)
