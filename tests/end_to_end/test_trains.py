"""Trains on the embedded cloud: a merge of two units that must change together, and a member that fails."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.decisions.document import train_subject
from orchestrator.ledger.approvals import ApprovalRequest
from orchestrator.ledger.trains import Train
from orchestrator.local.cloud import LocalCloud
from orchestrator.trains.names import train_of
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
        organization = made.folder / "orchestrator.toml"
        before = organization.read_text()
        organization.write_text(f'{before}\n[[trains]]\nname = "dials"\nunits = ["{FIRST}", "{SECOND}"]\n')
        yield made
        organization.write_text(before)


def merge(company: Company, message: str) -> str:
    """Merge what was changed of both units, and wait until their train has started; returns its name."""
    commit = company.commit(message)
    company.put_event({"branch": "main", "commit": commit})

    def started() -> str | None:
        starts = company.ledger.branches.last_starts("main")
        found = {starts[unit].execution for unit in (FIRST, SECOND) if unit in starts and starts[unit].commit == commit}
        return train_of(found.pop()) if len(found) == 1 else None

    return until(started)


def waits(company: Company, name: str) -> None:
    """Wait until a train asks for prod."""
    until(lambda: asked if (asked := request(company, name)) and asked.status == "PENDING" else None)


def request(company: Company, name: str) -> ApprovalRequest | None:
    """What was asked of people for a train last."""
    return company.ledger.approvals.request(train_subject(name), "prod")


def run(company: Company, cloud: LocalCloud, *arguments: str, code: int = 0) -> str:
    """Run a command below `train`, which must exit with a code; returns all that it says."""
    done = company.command(cloud, "train", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


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


def test_a_merge_of_both_is_in_every_account_after_one_approval(company: Company, cloud: LocalCloud) -> None:
    """It is one train from the build on; neither unit is promoted by itself."""
    name = merge(company, "Add two dials")
    waits(company, name)
    assert f"waits for approval: orchestrator train approve {name} prod" in run(company, cloud, "status", name)
    said = run(company, cloud, "approve", name, "prod", "--yes", "--reason", "tested")
    assert f"The train {name} was approved for prod: tested" in said
    assert all(f"{unit}@1.0.0 is the first there in prod" in said for unit in (FIRST, SECOND))
    train = ended(company, name)
    assert (train.status, train.outcome, train.automatic) == ("SUCCEEDED", "ARRIVED", True), train.message
    assert train.versions.keys() == {FIRST, SECOND}
    for environment in company.environments:
        assert versions(company, environment) == train.versions
    (decision,) = company.ledger.approvals.decisions(train_subject(name))
    assert (decision.status, decision.evidence) == ("APPROVED", "proof")
    told = run(company, cloud, "status", name)
    assert (told.count("built"), told.count("promoted")) == (2, 2 * 4)
    for unit in (FIRST, SECOND):
        assert all(one.name.startswith(name) for one in company.ledger.promotions.promotions(unit))


def test_a_member_that_fails_under_each_policy(company: Company, cloud: LocalCloud) -> None:
    """Stop leaves the others where they are, continue takes them on, roll_back takes them back."""
    old = versions(company, "dev")
    source(company, FIRST).write_text(f"{source(company, FIRST).read_text()}\n# Changed.\n")
    broken = source(company, SECOND).read_text().replace(HEALTHY, '"healthy": False')
    source(company, SECOND).write_text(broken)
    name = merge(company, "Break the second one")

    stopped = ended(company, name)
    assert stopped.outcome == "FAILED"
    assert outcomes(company, name)["dev"] == {FIRST: "PROMOTED", SECOND: "FAILED"}
    new = stopped.versions[FIRST]
    assert versions(company, "dev") == {**old, FIRST: new}
    units = [f"{unit}@{version}" for unit, version in stopped.versions.items()]

    bom = company.folder.parent / "train.toml"
    bom.write_text(f'name = "goes-on"\nunits = {json.dumps(units)}\nto = "test"\non_failure = "continue"\n')
    assert "The train ended as INCOMPLETE" in run(company, cloud, "start", "--file", str(bom), "--wait", code=1)
    assert outcomes(company, "goes-on")["test"] == {FIRST: "PROMOTED"}
    assert versions(company, "test") == {**old, FIRST: new}

    units = [f"{FIRST}@{old[FIRST]}", f"{SECOND}@{stopped.versions[SECOND]}"]
    back = ("start", *units, "--name", "goes-back", "--on-failure", "roll_back", "--to", "dev", "--wait")
    assert "The train ended as ROLLED_BACK" in run(company, cloud, *back, code=1)
    assert outcomes(company, "goes-back")["dev"] == {FIRST: "RETURNED", SECOND: "FAILED"}
    assert versions(company, "dev") == {**old, FIRST: new}
    told = json.loads(run(company, cloud, "status", "goes-back", "--output", "json"))
    assert told["stages"]["dev"]["parts"][FIRST]["back"].endswith(":goes-back-dev-back")


def test_what_mends_one_member_takes_the_other_along_and_heeds_holds(company: Company, cloud: LocalCloud) -> None:
    """The train before has not arrived; nobody has looked into why, and said that automatic ones may come in again."""
    source(company, SECOND).write_text(source(company, SECOND).read_text().replace('"healthy": False', HEALTHY))
    name = merge(company, "Mend the second one")
    held = ended(company, name)
    assert (held.outcome, set(held.versions)) == ("HELD", {FIRST, SECOND})
    assert f"'orchestrator resume {SECOND} dev'" in run(company, cloud, "status", name)
    assert outcomes(company, name).keys() == {"BUILD"}


def test_a_train_is_stopped_carried_on_and_rejected(company: Company, cloud: LocalCloud) -> None:
    """A stopped one asks for nothing any more; the one that carries it on begins where it came to; all is listed."""
    units = [f"{unit}@{version}" for unit, version in versions(company, "prod").items()]
    run(company, cloud, "start", *units, "--name", "late", "--from", "prod")
    waits(company, "late")
    assert "Stopped " in run(company, cloud, "abort", "late", "--reason", "not today")
    assert ended(company, "late").status == "ABORTED"
    expired = request(company, "late")
    assert expired is not None
    assert expired.status == "EXPIRED"
    assert "late has ended already" in run(company, cloud, "abort", "late", code=2)
    assert "Goes on as " in run(company, cloud, "retry", "late")
    waits(company, "late-r2")
    assert "late was carried on already: late-r2 is under way" in run(company, cloud, "retry", "late", code=2)
    assert "was rejected for prod: no" in run(company, cloud, "reject", "late-r2", "prod", "--reason", "no")
    assert ended(company, "late-r2").outcome == "REJECTED"
    assert "No approval of the train late-r2 for prod is waiting" in run(
        company, cloud, "approve", "late-r2", "prod", code=2
    )
    listed = json.loads(run(company, cloud, "history", "--limit", "2", "--output", "json"))
    assert [(one["name"], one["outcome"]) for one in listed] == [("late-r2", "REJECTED"), ("late", "ABORTED")]
