"""A merge that is confined to one folder takes the name, the state machine or the stack of another unit."""

import shutil
from collections.abc import Iterator

import pytest

from orchestrator.ledger.partitions import CLAIMS
from tests.merges import ORGANIZATION, asked, definition, executions, look, machines, merge, organize, project, write
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

_ADOPT = '\n[adopt]\nstacks = ["legacy-*"]\n'


@pytest.fixture
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company whose units `clock` and `calendar` were merged once; a stack of before may be taken over."""
    with moto_company(tmp_path_factory.mktemp("company"), execute=False, environments=("dev", "prod")) as made:
        organize(made, ORGANIZATION + _ADOPT)
        write(made, "projects/clock/pyproject.toml", project("clock"))
        write(made, "projects/calendar/pyproject.toml", _unit("calendar", 'stack_name = "legacy-calendar"'))
        merge(made, "Add two units")
        yield made


def _unit(name: str, settings: str) -> str:
    return f"{project(name)}[tool.orchestrator]\n{settings}\n"


def _take(company: MotoCompany, settings: str, name: str = "thief") -> None:
    write(company, "projects/thief/pyproject.toml", _unit(name, settings))


@pytest.mark.parametrize("name", ["clock", "calendar"])
def test_the_name_of_another_unit(company: MotoCompany, name: str) -> None:
    """Only the thief is refused: the unit itself goes on, and its state machine stays its own."""
    _take(company, f'name = "{name}"', name)
    write(company, f"projects/{name}/code.py", "tick = 1\n")
    result = merge(company, "Take a name")
    (problem,) = result["problems"]
    assert problem.startswith("projects/thief: ")
    assert f"belongs to the unit {name!r} in projects/{name}" in problem
    assert asked(result) == [name]
    assert [one.folder for one in company.ledger.claims.all() if one.name == name] == [f"projects/{name}"]
    inputs = company.ledger.branches.last_starts("main")[name].inputs
    assert list(inputs) == [f"projects/{name}"]


def test_a_name_that_differs_in_dashes_alone(company: MotoCompany) -> None:
    """Their state machines would share a stack."""
    for folder, name in (("a-b", "a-b"), ("thief", "a_b")):
        write(company, f"projects/{folder}/pyproject.toml", _unit(name, f'name = "{name}"'))
        result = merge(company, f"Add {name}")
    (problem,) = result["problems"]
    assert "the state machine promote-a-b, belongs to the unit 'a-b' in projects/a-b" in problem
    assert "promote-a_b" not in machines(company)


@pytest.mark.parametrize("environment", ["", "dev"])
@pytest.mark.parametrize(("stack", "owner"), [("app-clock", "clock"), ("legacy-calendar", "calendar")])
def test_the_stack_of_another_unit(company: MotoCompany, stack: str, owner: str, environment: str) -> None:
    """Whether that one is called by default or by its settings."""
    _take(company, f'stack_name = {{ dev = "{stack}" }}' if environment else f'stack_name = "{stack}"')
    write(company, f"projects/{owner}/code.py", "tick = 1\n")
    result = merge(company, "Take a stack")
    (problem,) = result["problems"]
    assert f"the stack {stack} of 222222222222/eu-west-1 belongs to the unit {owner!r}" in problem
    assert asked(result) == [owner]
    assert "promote-thief" not in machines(company)


def test_the_stack_of_a_unit_whose_project_is_broken_at_that_commit(company: MotoCompany) -> None:
    """A folder with something wrong in it keeps what it owns."""
    write(company, "projects/calendar/pyproject.toml", "nonsense")
    _take(company, 'stack_name = "legacy-calendar"')
    result = merge(company, "Take a stack")
    assert [one.split(":")[0] for one in result["problems"]] == ["projects/calendar/pyproject.toml", "projects/thief"]
    assert asked(result) == []


def test_the_name_of_a_unit_that_was_removed_before(company: MotoCompany) -> None:
    """Its stacks are still there; a commit that does not remove the old folder itself does not get them."""
    shutil.rmtree(company.folder / "projects/clock")
    merge(company, "Remove the clock")
    _take(company, 'name = "clock"', "clock")
    result = merge(company, "Take the name")
    assert "belongs to the unit 'clock' in projects/clock, which was removed at" in result["problems"][0]
    assert list(definition(company, "promote-clock")["States"]) == ["Retired"]
    _take(company, 'stack_name = "app-clock"')
    assert "the stack app-clock of" in merge(company, "Take the stack")["problems"][0]


def test_names_that_were_there_before_there_were_claims(company: MotoCompany) -> None:
    """The first merge after an update takes over what the ledger knows of units, before it looks at the thief."""
    table = company.wiring.session.resource("dynamodb").Table(company.wiring.settings["ledger_table"])
    items = table.query(KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": CLAIMS.key()})["Items"]
    for item in items:
        table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    assert company.ledger.claims.all() == []
    _take(company, 'name = "clock"', "clock")
    write(company, "projects/clock/code.py", "tick = 1\n")
    result = merge(company, "Take a name")
    assert [one.split(":")[0] for one in result["problems"]] == ["projects/thief"]
    assert asked(result) == ["clock"]
    assert {one.name: one.folder for one in company.ledger.claims.all()} == {
        "clock": "projects/clock",
        "calendar": "projects/calendar",
    }


def test_a_release_that_was_built_from_another_folder(company: MotoCompany) -> None:
    """Also where somebody built it from a commit that no merge was refused for: Plan compares it with the claim."""
    forged = company.publish("0.1.0", folder="projects/thief")
    with pytest.raises(AssertionError, match="built from projects/thief, and the unit 'clock' belongs to projects/clo"):
        Steps(company, forged, "dev", "forged")("plan")
    assert Steps(company, company.publish("0.1.1"), "dev", "genuine")("plan")["status"] == "PLANNED"


def test_a_name_that_a_guardrail_keeps_for_other_folders(company: MotoCompany) -> None:
    """Nobody has claimed it yet."""
    text = (company.folder / "orchestrator.toml").read_text()
    organize(company, f'unit_folders = {{ "pay-*" = "payments/*", "*" = "**" }}\n{text}')
    _take(company, 'name = "pay-out"', "pay-out")
    result = merge(company, "Take a name")
    assert "projects/thief: may not be called 'pay-out': a guardrail keeps" in result["problems"][0]
    assert "pay-out" not in asked(result)


def test_a_name_moves_in_the_commit_that_removes_the_old_folder(company: MotoCompany) -> None:
    """Whoever may do both may do so; and back, and its stacks go along."""
    shutil.move(company.folder / "projects/calendar", company.folder / "projects/almanac")
    write(
        company,
        "projects/almanac/pyproject.toml",
        _unit("calendar", 'name = "calendar"\nstack_name = "legacy-calendar"'),
    )
    result = merge(company, "Move")
    assert (result["problems"], asked(result)) == ([], ["calendar"])
    claim = company.ledger.claims.of_unit("calendar")
    assert claim
    assert (claim.folder, claim.former) == ("projects/almanac", ("projects/calendar",))
    assert claim.may_be_built_from(["projects/calendar"])
    shutil.move(company.folder / "projects/almanac", company.folder / "projects/calendar")
    assert merge(company, "Move back")["problems"] == []
    assert len(executions(company)["calendar"]) == 3


def test_an_administrator_releases_a_name(company: MotoCompany) -> None:
    """The next look takes it, without another merge."""
    shutil.rmtree(company.folder / "projects/clock")
    merge(company, "Remove the clock")
    _take(company, 'name = "clock"', "clock")
    refused = merge(company, "Take the name")
    assert refused["problems"]
    assert not look(company)["settled"]
    released = company.ledger.claims.release_claim("clock")
    assert released
    assert released.folder == "projects/clock"
    assert asked(look(company)) == ["clock"]
    assert company.ledger.claims.release_claim("nobody") is None


def test_what_is_left_of_a_unit_was_deleted(company: MotoCompany) -> None:
    """Then its name is anybody's."""
    shutil.rmtree(company.folder / "projects/clock")
    merge(company, "Remove the clock")
    company.ledger.branches.forget("main", "clock", "an administrator")
    _take(company, 'name = "clock"', "clock")
    result = merge(company, "Use the name")
    assert (result["problems"], asked(result)) == ([], ["clock"])


def test_names_that_gates_could_be_taken_for(company: MotoCompany) -> None:
    """The prod gate of a unit called promote-x would be open to all who may start promotions."""
    for name in ("promote-x", "approve-x", "promote"):
        write(company, f"projects/{name}/pyproject.toml", project(name))
    write(company, "projects/clock/code.py", "tick = 1\n")
    result = merge(company, "Add units with such names")
    assert asked(result) == ["clock"]
    assert sorted(machines(company)) == ["promote-calendar", "promote-clock"]
    proposed = ("'unit-promote-x'", "'approval-x'", "'unit-promote'")
    assert all(any(f"such as {name}" in problem for problem in result["problems"]) for name in proposed)
