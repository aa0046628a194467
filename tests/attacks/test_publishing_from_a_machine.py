"""Somebody whose credentials may write releases publishes one from a machine, past the promotions."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from orchestrator.cli.main import app
from orchestrator.config.infrastructure import GUARDRAILS_TABLE, LEDGER_TABLE
from orchestrator.config.load import load_organization
from orchestrator.config.organization import Organization
from orchestrator.errors import RequestError
from orchestrator.guardrails.document import Guardrails, guarded_part
from orchestrator.guardrails.records import GuardrailRecords, GuardrailsMissingError
from orchestrator.ledger.table import LedgerTable
from tests.git_repository import GitRepository
from tests.ledger_table import make_ledger_table
from tests.organization_toml import organization_toml
from tests.unit.build.fakes import PYPROJECT, TEMPLATE

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FILE = organization_toml("dev", "prod", tooling="123456789012")
ALLOWED = f"{FILE}\n[build]\npublish_from_machines = true\n"
Record = Callable[[str], None]


@pytest.fixture
def record() -> Iterator[Record]:
    """Records guardrails, in an account with an empty bucket and ledger."""
    with mock_aws():
        session = boto3.Session(region_name="eu-west-1")
        bucket = organization(FILE).tooling.bucket
        session.client("s3", region_name="us-east-1").create_bucket(Bucket=bucket)
        make_ledger_table(session, LEDGER_TABLE)
        records = GuardrailRecords(LedgerTable(make_ledger_table(session, GUARDRAILS_TABLE), lambda: NOW))

        def write(text: str) -> None:
            part = guarded_part(organization(text))
            records.record(Guardrails(version=1, organization=part, recorded_by="administrator", recorded_at=NOW))

        yield write


def organization(text: str) -> Organization:
    """What a file says."""
    return load_organization(text.encode())


def publish(folder: Path, text: str) -> int:
    """Build a unit and publish it, from a checkout whose `orchestrator.toml` is that text; returns the exit code."""
    folder.mkdir()
    repository = GitRepository(folder)
    repository.begin()
    files = {
        "orchestrator.toml": text,
        "projects/orders/pyproject.toml": PYPROJECT,
        "projects/orders/template.yaml": TEMPLATE,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    repository.commit("Begin")
    cache = str(folder.parent / "cache")
    command = ["--repository", str(folder), "build", "orders", "--cache-dir", cache]
    return int(app(args=command, standalone_mode=False))


@pytest.mark.parametrize("checkout", [FILE, ALLOWED], ids=["the file is silent", "the file allows it"])
def test_what_the_checkout_says_publishes_nothing(record: Record, tmp_path: Path, checkout: str) -> None:
    """The recorded guardrails decide, and say no unless an administrator said yes."""
    record(FILE)
    with pytest.raises(RequestError, match="The guardrails let promotions alone publish releases") as refused:
        publish(tmp_path / "repository", checkout)
    assert "--to FOLDER" in str(refused.value)


@pytest.mark.usefixtures("record")
def test_without_guardrails_nothing_is_published(tmp_path: Path) -> None:
    """Nobody has allowed it."""
    with pytest.raises(GuardrailsMissingError):
        publish(tmp_path / "repository", ALLOWED)


def test_where_administrators_allow_it_the_build_begins(
    record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """This one has a build backend that nobody has."""
    record(ALLOWED)
    assert publish(tmp_path / "repository", ALLOWED) == 1
    assert "Build of orders failed at 'build wheel and sdist'" in capsys.readouterr().err
