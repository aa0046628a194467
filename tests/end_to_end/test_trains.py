"""Trains on the embedded cloud: a merge of two units that must change together, and a member that fails."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.ledger.trains import Train
from orchestrator.local.cloud import LocalCloud
from tests.end_to_end.company import Company
from tests.end_to_end.shared import Shared
from tests.waiting import until

FIRST, SECOND = "stardial", "moondial"
HEALTHY = '"healthy": True'


@pytest.fixture(scope="module")
def company(installation: Shared) -> Iterator[Company]:
    """A company in which a merge of both units starts a train, the second one after the first."""
    with installation.company(FIRST) as made:
        second = replace(made, unit=SECOND)
        second.add_unit()
        project = made.folder / "projects" / SECOND / "pyproject.toml"
        project.write_text(f'{project.read_text()}\n[tool.orchestrator]\nafter = ["{FIRST}"]\n')
        yield made


def merge(company: Company, message: str) -> tuple[str, str]:
    """Merge what was changed of both units, and wait until both are built; returns their versions."""
    commit = company.commit(message)
    company.put_event({"branch": "main", "commit": commit})

    def built() -> tuple[str, str] | None:
        found = [
            next((one.version for one in company.ledger.releases.releases(unit) if one.commit == commit), None)
            for unit in (FIRST, SECOND)
        ]
        return (found[0], found[1]) if found[0] and found[1] else None

    return until(built)


def ended(company: Company, name: str) -> Train:
    """Wait for the end of a train to be noted, which its event does."""
    return until(lambda: found if (found := company.ledger.trains.train(name)) and found.ended_at else None)


def outcomes(company: Company, name: str) -> dict[str, dict[str, str]]:
    """What became of whom, by environment."""
    stages = company.ledger.trains.stages(name)
    return {place: {unit: kind.value for unit, kind in one.outcomes.items()} for place, one in stages.items()}


def versions(company: Company, environment: str) -> dict[str, str]:
    """What really runs: each deployed function answers with its version."""
    return {unit: str(replace(company, unit=unit).ask(environment)["version"]) for unit in (FIRST, SECOND)}


def source(company: Company, unit: str) -> Path:
    """The code of a unit."""
    return company.folder / "projects" / unit / "src" / "clock" / "__init__.py"


def test_both_are_in_every_account_after_one_approval(company: Company, cloud: LocalCloud) -> None:
    """Promotions of them that wait for prod are older: they end as superseded."""
    versions_of = merge(company, "Add two dials")
    units = [f"{unit}@{version}" for unit, version in zip((FIRST, SECOND), versions_of, strict=True)]
    until(lambda: all(company.ledger.approvals.request(unit, "prod") for unit in (FIRST, SECOND)) or None)
    started = company.command(cloud, "train", "start", *units, "--name", "both")
    assert started.returncode == 0, started.stderr
    assert f"In each environment: {units[0]}, then {units[1]}." in started.stdout
    until(lambda: company.ledger.approvals.request("train/both", "prod"))
    approved = company.command(cloud, "train", "approve", "both", "prod", "--reason", "tested")
    assert approved.returncode == 0, approved.stderr
    train = ended(company, "both")
    assert (train.status, train.outcome) == ("SUCCEEDED", "ARRIVED"), train.message
    for environment in company.environments:
        assert versions(company, environment) == dict(zip((FIRST, SECOND), versions_of, strict=True))
    (decision,) = company.ledger.approvals.decisions("train/both")
    assert (decision.status, decision.evidence) == ("APPROVED", "proof")
    assert company.command(cloud, "train", "status", "both").stdout.count("promoted") == 2 * 4
    until(lambda: company.ledger.promotions.under_way() == [] or None)
    assert {company.ledger.promotions.promotions(unit)[-1].outcome for unit in (FIRST, SECOND)} == {"SUPERSEDED"}


def test_a_member_that_fails_under_each_policy(company: Company, cloud: LocalCloud) -> None:
    """Stop leaves the others where they are, continue takes them on, roll_back takes them back."""
    old = versions(company, "dev")
    source(company, FIRST).write_text(f"{source(company, FIRST).read_text()}\n# Changed.\n")
    broken = source(company, SECOND).read_text().replace(HEALTHY, '"healthy": False')
    source(company, SECOND).write_text(broken)
    new, bad = merge(company, "Break the second one")
    units = (f"{FIRST}@{new}", f"{SECOND}@{bad}")

    def carry(name: str, *more: str) -> Train:
        done = company.command(cloud, "train", "start", *more, "--name", name, "--wait")
        assert done.returncode == 1, done.stdout
        found = ended(company, name)
        assert str(found.outcome) in done.stderr
        return found

    assert carry("stops", *units).outcome == "FAILED"
    assert outcomes(company, "stops") == {"dev": {FIRST: "PROMOTED", SECOND: "FAILED"}}
    assert versions(company, "dev") == {**old, FIRST: new}

    assert carry("goes-on", *units, "--on-failure", "continue", "--to", "test").outcome == "INCOMPLETE"
    assert outcomes(company, "goes-on")["test"] == {FIRST: "PROMOTED"}
    assert versions(company, "test") == {**old, FIRST: new}

    back = carry("goes-back", f"{FIRST}@{old[FIRST]}", units[1], "--on-failure", "roll_back", "--to", "dev")
    assert back.outcome == "ROLLED_BACK"
    assert outcomes(company, "goes-back")["dev"] == {FIRST: "RETURNED", SECOND: "FAILED"}
    assert versions(company, "dev") == {**old, FIRST: new}
    told = json.loads(company.command(cloud, "train", "status", "goes-back", "--output", "json").stdout)
    assert told["stages"]["dev"]["parts"][FIRST]["back"].endswith(":goes-back-dev-back")
