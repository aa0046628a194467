"""Many units in one merge, and many merges of one unit: all of them end, and the newest is what runs.

`make load-test` merges 100 units at once and one unit 20 times in a row, and prints the throughput and the backlog.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.aws.session import CLIENT
from orchestrator.config.infrastructure import DEAD_LETTERS
from orchestrator.ledger.promotions import Promotion
from tests.end_to_end.company import Company
from tests.end_to_end.shared import Shared
from tests.waiting import until

_PROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0.0"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["src/{name}"]

[tool.orchestrator]
environments = ["dev", "test"]
"""
_TEMPLATE = """\
Parameters:
  Version: {Type: String}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {Tags: [{Key: version, Value: !Ref Version}]}}
Outputs:
  Version: {Value: !Ref Version}
"""


@pytest.fixture(scope="module")
def company(installation: Shared) -> Iterator[Company]:
    """A company with nothing merged."""
    with installation.company("spare") as made:
        shutil.rmtree(made.folder / "projects" / "spare")
        yield made


def add_unit(company: Company, name: str) -> None:
    """A folder is all that a unit needs."""
    folder = company.folder / "projects" / name
    (folder / "src" / name).mkdir(parents=True)
    (folder / "pyproject.toml").write_text(_PROJECT.format(name=name))
    (folder / "template.yaml").write_text(_TEMPLATE)
    (folder / "src" / name / "__init__.py").write_text("")


def promotions(company: Company, unit: str) -> list[Promotion]:
    """All of a unit's, newest first."""
    return company.ledger.promotions.promotions(unit)


def deployed(company: Company, unit: str, environment: str) -> str:
    """The version that a unit's stack says it is."""
    session = company.root_of(company.organization.environment(environment).targets[0].account)
    client = session.client("cloudformation", config=CLIENT)
    stack = client.describe_stacks(StackName=f"app-{unit.replace('_', '-')}")["Stacks"][0]
    return stack["Outputs"][0]["OutputValue"]


def check_nothing_is_lost(company: Company, units: list[str]) -> None:
    """The newest promotion of each unit is in both environments, every older one ended well, and nothing is left."""
    for unit in units:
        newest, *older = promotions(company, unit)
        assert newest.outcome == "PROMOTED", newest.message
        assert {one.outcome for one in older} <= {"PROMOTED", "SUPERSEDED"}
        for environment in ("dev", "test"):
            running = company.ledger.environments.running(unit, environment)
            assert (running.version, running.status) == (newest.version, "HEALTHY")
            assert deployed(company, unit, environment) == newest.version
    table = company.tooling.resource("dynamodb", config=CLIENT).Table(company.wiring.settings["ledger_table"])
    found: list[dict[str, Any]] = table.scan()["Items"]
    assert not [item for item in found if str(item["pk"]).startswith("LOCKS#")]
    queue = company.tooling.client("sqs", config=CLIENT)
    url = queue.get_queue_url(QueueName=DEAD_LETTERS)["QueueUrl"]
    assert "Messages" not in queue.receive_message(QueueUrl=url)


def wait_until_idle(company: Company, units: list[str], commit: str, seconds: float) -> int:
    """Wait until promotions of a commit have started and all has ended; returns the largest backlog."""
    largest = 0

    def idle() -> bool | None:
        nonlocal largest
        under_way = len(company.ledger.promotions.under_way())
        largest = max(largest, under_way)
        starts = company.ledger.branches.last_starts("main")
        started = all(unit in starts and starts[unit].commit == commit for unit in units)
        noted = started and all(promotions(company, unit) and promotions(company, unit)[0].ended_at for unit in units)
        return True if noted and under_way == 0 else None

    until(idle, seconds)
    return largest


def test_many_units_in_one_merge(company: Company, request: pytest.FixtureRequest) -> None:
    """Each is built and promoted alone; none of them is lost."""
    units = [f"unit_{number:03d}" for number in range(request.config.getoption("--load-units"))]
    for unit in units:
        add_unit(company, unit)
    began = time.monotonic()
    commit = company.commit("Add many units")
    company.put_event({"branch": "main", "commit": commit})
    backlog = wait_until_idle(company, units, commit, seconds=60 + 30 * len(units))
    seconds = time.monotonic() - began
    check_nothing_is_lost(company, units)
    print(  # noqa: T201  # For whoever runs it by hand.
        f"\n{len(units)} units in one merge: {seconds:.0f} s, {60 * len(units) / seconds:.1f} promotions a minute, "
        f"largest backlog {backlog}"
    )


def test_many_merges_of_one_unit(company: Company, request: pytest.FixtureRequest) -> None:
    """However fast they come: what was overtaken ends as superseded, or was never started; the last one runs."""
    add_unit(company, "busy")
    merges = request.config.getoption("--load-merges")
    source = Path(company.folder, "projects/busy/src/busy/__init__.py")
    began = time.monotonic()
    commit = ""
    for number in range(merges):
        source.write_text(f"NUMBER = {number}\n")
        commit = company.commit(f"Change {number}")
        company.put_event({"branch": "main", "commit": commit})
    backlog = wait_until_idle(company, ["busy"], commit, seconds=60 + 30 * merges)
    seconds = time.monotonic() - began
    check_nothing_is_lost(company, ["busy"])
    ended = promotions(company, "busy")
    print(  # noqa: T201  # The same.
        f"\n{merges} merges of one unit in a row: {seconds:.0f} s, {len(ended)} promotions started, "
        f"{sum(one.outcome == 'SUPERSEDED' for one in ended)} superseded, largest backlog {backlog}"
    )
