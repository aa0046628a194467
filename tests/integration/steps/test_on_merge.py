"""What a merge leads to: stacks with state machines, promotions, and nothing at all when nothing changed."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.moto_company import MotoCompany, moto_company

_TOML = """\
[tooling]
account = "123456789012"
region = "eu-west-1"

[[environments]]
name = "dev"
account = "222222222222"
region = "eu-west-1"
"""
_PROJECT = '[project]\nname = "{name}"\nversion = "0.1.0"\n'


@pytest.fixture
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with two units that were never merged."""
    with moto_company(tmp_path_factory.mktemp("company"), execute=False) as made:
        (made.folder / "orchestrator.toml").write_text(_TOML)
        for name in ("clock", "calendar"):
            write(made, f"projects/{name}/pyproject.toml", _PROJECT.format(name=name))
        made.commit("Add two units")
        yield made


def write(company: MotoCompany, file: str, text: str) -> None:
    """Write a file of the repository."""
    path = company.folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def merge(company: MotoCompany, message: str = "Merge", branch: str = "main") -> Any:
    """Commit, and tell on_merge."""
    return company.call("on_merge", {"detail": {"branch": branch, "commit": company.commit(message)}})


def machines(company: MotoCompany) -> list[str]:
    """The state machines that there are."""
    return [one["name"] for one in company.wiring.stepfunctions.list_state_machines()["stateMachines"]]


def test_each_new_unit_gets_its_state_machine_and_its_promotion(company: MotoCompany) -> None:
    """Under a name that a second event would give it again."""
    result = merge(company)
    commit = result["commit"]
    assert machines(company) == ["promote-calendar", "promote-clock"]
    assert [one["unit"] for one in result["started"]] == ["calendar", "clock"]
    assert all(f":merge-{commit[:12]}-" in one["execution"] for one in result["started"])


def test_the_same_event_again_starts_nothing(company: MotoCompany) -> None:
    """Nor does a commit that touches no unit."""
    merge(company)
    again = company.call("on_merge", {"detail": {"branch": "main", "commit": "HEAD"}})
    assert (again["started"], again["unchanged"]) == ([], ["calendar", "clock"])
    assert merge(company, "Nothing")["started"] == []


def test_only_what_changed_is_promoted(company: MotoCompany) -> None:
    """The other unit is left alone."""
    merge(company)
    write(company, "projects/clock/clock.py", "tick = 1\n")
    assert [one["unit"] for one in merge(company)["started"]] == ["clock"]


def test_a_stack_that_is_too_large_for_a_request_goes_through_the_bucket(company: MotoCompany) -> None:
    """Six environments, each of which asks for approval."""
    more = "".join(
        f'\n[[environments]]\nname = "step{letter}"\naccount = "222222222222"\nregion = "eu-west-1"\napproval = true\n'
        for letter in "abcdef"
    )
    write(company, "orchestrator.toml", _TOML + more)
    result = merge(company)
    assert [one["unit"] for one in result["started"]] == ["calendar", "clock"]
    bucket = company.organization.tooling.bucket
    kept = company.wiring.session.client("s3").list_objects_v2(Bucket=bucket, Prefix="stacks/")["Contents"]
    assert [one["Key"].split("/")[1] for one in kept] == ["calendar", "clock"]
    assert "clock-approve-stepf" in machines(company)


def test_other_branches_do_not_count(company: MotoCompany) -> None:
    """Their events are taken, and lead to nothing."""
    assert merge(company, branch="feature")["started"] == []
    assert machines(company) == []


def test_one_units_mistake_does_not_hold_the_others_back(company: MotoCompany) -> None:
    """It is named, with the file and what is wrong."""
    queue = company.listen("failures_topic")
    write(
        company, "projects/calendar/pyproject.toml", _PROJECT.format(name="calendar") + "[tool.orchestrator]\nx = 1\n"
    )
    result = merge(company)
    assert [one["unit"] for one in result["started"]] == ["clock"]
    (problem,) = result["problems"]
    assert "projects/calendar/pyproject.toml" in problem
    (notice,) = company.read(queue)
    assert problem in notice["Message"]


@pytest.mark.parametrize("detail", [{"branch": "main", "commit": "nowhere"}, {"commit": "HEAD"}, {"branch": 1}, None])
def test_an_event_that_can_never_succeed_is_put_aside_with_the_reason(company: MotoCompany, detail: object) -> None:
    """It is in the dead-letter queue, as it came."""
    result = company.call("on_merge", {"detail": detail})
    (kept,) = company.read("orchestrator-dead-letters")
    assert kept["event"] == {"detail": detail}
    assert [kept["reason"]] == result["problems"]


def test_a_broken_organization_stops_the_merge_and_says_where(company: MotoCompany) -> None:
    """Nothing can be promoted without it; the next merge makes up for it."""
    write(company, "orchestrator.toml", _TOML.replace("222222222222", "dev-account"))
    result = merge(company, "Break")
    assert result["started"] == []
    assert "orchestrator.toml" in result["problems"][0]
    write(company, "orchestrator.toml", _TOML)
    assert len(merge(company, "Mend")["started"]) == 2
