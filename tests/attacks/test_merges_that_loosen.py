"""A merge weakens what guards prod, together with the change that it would let through."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.cli.main import app
from orchestrator.config.load import load_organization
from tests.merges import asked, executions, look, merge, organize, project, write
from tests.moto_company import MotoCompany, moto_company
from tests.organization_toml import organization_toml

DEV = organization_toml("dev", "test", tooling="123456789012")
PROD = """
[[environments]]
name = "prod"
account = "444444444444"
region = "eu-west-1"
requires_approval = true
approvers = ["arn:aws:iam::123456789012:role/release-*"]
required_approvals = 2
excluded_approvers = ["author", "starter"]
rollback_approval = true
windows = [{ days = ["mon", "tue"], from = "09:00", to = "16:00", timezone = "Europe/Berlin" }]
"""
GUARDED = DEV.replace('name = "test"', 'name = "test"\nmandatory = true') + PROD

LOOSER_FILES = {
    "no approval": ("requires_approval = true", "requires_approval = false", "environments.prod.requires_approval"),
    "anybody": ('["arn:aws:iam::123456789012:role/release-*"]', '["*"]', "environments.prod.approvers"),
    "nobody named": ('["arn:aws:iam::123456789012:role/release-*"]', "[]", "environments.prod.approvers"),
    "others": ("role/release-*", "role/developer", "environments.prod.approvers"),
    "fewer": ("required_approvals = 2", "required_approvals = 1", "environments.prod.required_approvals"),
    "authors too": ('["author", "starter"]', '["starter"]', "environments.prod.excluded_approvers"),
    "rollbacks": ("rollback_approval = true", "rollback_approval = false", "environments.prod.rollback_approval"),
    "longer window": ('to = "16:00"', 'to = "23:00"', "environments.prod.windows"),
    "other zone": ("Europe/Berlin", "America/New_York", "environments.prod.windows"),
    "newer is enough": ("rollback_approval", 'hold = "until_newer"\nrollback_approval', "environments.prod.hold"),
    "not mandatory": ("mandatory = true", "mandatory = false", "environments.test.mandatory"),
    "prod's account as dev": ("222222222222", "444444444445", "environments.dev.targets"),
    "another role": ("required_approvals = 2", 'required_approvals = 2\ndeployer_role = "admin"', "deployer_role"),
    "prod is gone": (PROD, "", "environments.prod"),
    "another branch": (PROD, f'{PROD}\n[repository]\nbranch = "feature"\n', "repository.branch"),
    "own administrators": (
        "[tooling]\n",
        '[tooling]\nadministrators = ["arn:aws:iam::123456789012:role/developer"]\n',
        "tooling.administrators",
    ),
    "hosts that builds reach": (PROD, f'{PROD}\n[build]\nnetwork = ["evil.example.com"]\n', "build.network"),
    "other stacks": (PROD, f'{PROD}\n[adopt]\nstacks = ["network"]\n', "adopt.stacks"),
}  # fmt: skip
LOOSER_UNITS = {
    "no environment asks": ("requires_approval = []", "requires_approval leaves out prod"),
    "only dev asks": ('requires_approval = ["dev"]', "requires_approval leaves out prod"),
    "anybody": ('approvers.prod = ["*"]', "approvers.prod"),
    "fewer": ("required_approvals.prod = 1", "required_approvals.prod is 1, the guardrails say 2"),
    "straight to prod": ('environments = ["prod"]', "environments leaves out test"),
    "former key": ("approval = []", "tool.orchestrator.approval is called tool.orchestrator.requires_approval now"),
    "another stack": ('stack_name.prod = "network"', "stack_name"),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with two units that were merged once, and recorded guardrails."""
    folder = tmp_path_factory.mktemp("company")
    with moto_company(folder, execute=False, environments=("dev", "test", "staging")) as made:
        organize(made, GUARDED)
        for name in ("clock", "calendar"):
            write(made, f"projects/{name}/pyproject.toml", project(name))
        merge(made, "Add two units")
        yield made


@pytest.mark.parametrize(("before", "after", "key"), LOOSER_FILES.values(), ids=LOOSER_FILES)
def test_a_looser_organization_promotes_nothing(company: MotoCompany, before: str, after: str, key: str) -> None:
    """It is refused with the file, the key, both values and the command; nothing of the merge is promoted."""
    started = executions(company)
    assert before in GUARDED
    write(company, "orchestrator.toml", GUARDED.replace(before, after))
    write(company, "projects/clock/notes.txt", f"smuggled with {key} {after}")
    result = merge(company, "Loosen")
    write(company, "orchestrator.toml", GUARDED)
    assert asked(result) == []
    (problem,) = result["problems"]
    assert problem.startswith("orchestrator.toml: ")
    assert key in problem
    assert "the guardrails say" in problem
    assert "orchestrator guardrails apply" in problem
    assert executions(company) == started


@pytest.mark.parametrize(("settings", "said"), LOOSER_UNITS.values(), ids=LOOSER_UNITS)
def test_a_looser_unit_is_not_promoted(company: MotoCompany, settings: str, said: str) -> None:
    """Others go on: only what is looser is held back."""
    before = executions(company)
    write(company, "projects/clock/pyproject.toml", f"{project('clock')}[tool.orchestrator]\n{settings}\n")
    write(company, "projects/calendar/notes.txt", settings)
    result = merge(company, "Loosen a unit")
    write(company, "projects/clock/pyproject.toml", project("clock"))
    assert asked(result) == ["calendar"]
    (problem,) = result["problems"]
    assert problem.startswith("projects/clock/pyproject.toml: ")
    assert said in problem
    assert executions(company)["clock"] == before["clock"]
    merge(company, "Put the unit right")


def test_people_are_told_of_a_refused_merge_once(company: MotoCompany) -> None:
    """On the topic of failures, as of units that are refused; the schedule finds the same and says nothing."""
    queue = company.listen("failures_topic")
    write(company, "orchestrator.toml", GUARDED.replace("requires_approval = true", "requires_approval = false"))
    result = merge(company, "Loosen")
    (notice,) = company.read(queue)
    assert notice["Subject"] == "orchestrator: nothing of a merge is promoted"
    assert [notice["Message"]] == result["problems"]
    look(company)
    assert company.read(queue) == []
    write(company, "orchestrator.toml", GUARDED)
    merge(company, "Restore")


def test_status_shows_what_the_last_look_refused(company: MotoCompany, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the whole merge or of units; other looks, which have nothing to do, leave it; what is put right is gone."""

    def status(*options: str) -> str:
        app(args=["--repository", str(company.folder), "status", *options], standalone_mode=False)
        return capsys.readouterr().out

    def told() -> Any:
        return json.loads(status("--output", "json"))["problems"]

    write(company, "orchestrator.toml", GUARDED.replace("required_approvals = 2", "required_approvals = 1"))
    result = merge(company, "Loosen")
    write(company, "orchestrator.toml", GUARDED)
    assert told()["problems"] == result["problems"]
    assert f"refused at {told()['commit'][:12]}: orchestrator.toml: environments.prod.required_approvals" in status()
    write(company, "projects/clock/pyproject.toml", f"{project('clock')}[tool.orchestrator]\nrequires_approval = []\n")
    write(company, "projects/broken/pyproject.toml", "[")
    merge(company, "Loosen a unit, and break another one")
    look(company)
    refused = told()["problems"]
    assert ["requires_approval leaves out prod" in one for one in refused] == [False, True]
    assert refused[0].startswith("projects/broken/pyproject.toml: ")
    (company.folder / "projects/broken/pyproject.toml").unlink()
    write(company, "projects/clock/pyproject.toml", project("clock"))
    merge(company, "Put both right")
    assert told()["problems"] == []
    assert "refused at" not in status()


def test_what_is_stricter_is_a_merge_like_any_other(company: MotoCompany) -> None:
    """More approvals, fewer approvers, narrower windows, further environments that ask."""
    stricter = (
        GUARDED.replace("required_approvals = 2", "required_approvals = 3")
        .replace("role/release-*", "role/release-lead-*")
        .replace('to = "16:00"', 'to = "12:00"')
        .replace("mandatory = true", "mandatory = true\nrequires_approval = true")
    )
    write(company, "orchestrator.toml", stricter)
    assert merge(company, "Tighten")["problems"] == []
    write(company, "orchestrator.toml", GUARDED)
    assert merge(company, "Loosen again, to what is recorded")["problems"] == []


def test_a_merge_that_nobody_can_fulfil_promotes_nothing(company: MotoCompany) -> None:
    """It would wait for ever in prod: the recorded approvers are many, and one role is one person."""
    started = executions(company)
    write(company, "orchestrator.toml", GUARDED.replace("role/release-*", "role/release-lead"))
    write(company, "projects/clock/notes.txt", "beside approvers")
    result = merge(company, "Tighten too far")
    write(company, "orchestrator.toml", GUARDED)
    (problem, advice) = result["problems"][0].splitlines()
    assert problem.startswith("orchestrator.toml: environments.prod: 3 approvals can never be reached (one more than")
    assert advice.endswith("change these values.")
    assert executions(company) == started
    merge(company, "Restore")


def test_a_unit_that_nobody_can_approve_is_refused_alone(company: MotoCompany) -> None:
    """With its file and its keys; it is so at each look, as long as nothing is changed."""
    before = executions(company)
    own = 'approvers.prod = ["arn:aws:iam::123456789012:role/release-a"]\nrequired_approvals.prod = 4'
    write(company, "projects/clock/pyproject.toml", f"{project('clock')}[tool.orchestrator]\n{own}\n")
    write(company, "projects/calendar/notes.txt", own)
    result = merge(company, "Tighten a unit too far")
    assert asked(result) == ["calendar"]
    (problem,) = result["problems"]
    keys = " and ".join(f"tool.orchestrator.{key}.prod" for key in ("approvers", "required_approvals"))
    assert problem.startswith(f"projects/clock/pyproject.toml: {keys}: 5 approvals can never be reached")
    write(company, "projects/calendar/notes.txt", "another merge")
    assert merge(company, "Change another unit")["problems"] == [problem]
    write(company, "projects/clock/pyproject.toml", project("clock"))
    assert executions(company)["clock"] == before["clock"]
    merge(company, "Put the unit right")


def test_the_schedule_says_it_again_and_starts_nothing(company: MotoCompany) -> None:
    """A refused merge stays refused, whoever looks."""
    write(company, "orchestrator.toml", GUARDED.replace("requires_approval = true", "requires_approval = false"))
    merge(company, "Loosen")
    assert look(company)["problems"]
    write(company, "orchestrator.toml", GUARDED)
    merge(company, "Restore")


def test_the_guardrails_of_these_tests_are_valid() -> None:
    """Otherwise each attack would be refused for another reason."""
    assert load_organization(GUARDED).environment("prod").required_approvals == 2
