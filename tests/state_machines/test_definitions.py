"""The definitions are legal, complete and deterministic for every organization and unit."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws.template import INLINE_TEMPLATE_BYTES
from orchestrator.config.organization import Organization
from orchestrator.config.unit import Unit
from orchestrator.steps.build_request import HANDED_BACK, VARIABLES
from orchestrator.steps.contract import LATER, NEVER, PLANNED, Status
from state_machines.gate import gate
from state_machines.graph import mermaid
from state_machines.promotion import promotion
from state_machines.unit_stack import retired_stack, unit_stack

ROOT = Path(__file__).parents[2]
NAMES = ["dev", "test", "staging", "prod", "dr"]


def organization_of(count: int, gated: frozenset[str] = frozenset(), runner: str = "activity") -> Organization:
    """An organization with so many environments, some of which ask for approval, and what builds there."""
    environments = [
        {"name": name, "account": f"{number:012d}", "region": "eu-west-1", "requires_approval": name in gated}
        for number, name in enumerate(NAMES[:count], start=2)
    ]
    tooling = {"account": "000000000001", "region": "eu-west-1"}
    document = {"tooling": tooling, "environments": environments, "build": {"runner": runner}}
    return Organization.model_validate(document)


def unit_of(**settings: Any) -> Unit:
    """A unit with some settings."""
    return Unit.model_validate(
        {"name": "orders", "folder": "projects/orders", "version": "0.1.0", "settings": settings}
    )


KEPT_OUT = {*LATER, *NEVER, Status.SUPERSEDED}
KNOWN = {
    "Planned dev?": {*PLANNED, *KEPT_OUT},
    "Approved dev?": {Status.APPROVED, Status.REJECTED, Status.SUPERSEDED},
    "Deployed dev?": {Status.SUCCEEDED, Status.FAILED, Status.STALE, Status.NOT_APPROVED, *KEPT_OUT},
    "Healthy dev?": {Status.SUCCEEDED, Status.FAILED},
    "Rolled back dev?": {Status.IN_PROGRESS, Status.ROLLED_BACK, Status.FAILED},
}
RUNNERS = ["activity", "codebuild"]
ORGANIZATIONS = st.builds(
    organization_of, st.integers(1, len(NAMES)), st.frozensets(st.sampled_from(NAMES)), st.sampled_from(RUNNERS)
)


def ways(state: dict[str, Any]) -> list[str]:
    """The states that a state leads to."""
    single = [state[key] for key in ("Next", "Default") if key in state]
    return single + [one["Next"] for key in ("Choices", "Catch") for one in state.get(key, [])]


def conditions(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """The single comparisons of a rule of a Choice."""
    combined = [one for key in ("And", "Or") for one in rule.get(key, [])]
    return [found for one in combined for found in conditions(one)] if combined else [rule]


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize(("count", "gated"), [(1, frozenset()), (4, frozenset({"prod"})), (5, frozenset(NAMES))])
def test_statelint_finds_nothing(tmp_path: Path, count: int, gated: frozenset[str], runner: str) -> None:
    """Neither in a promotion nor in a gate."""
    organization = organization_of(count, gated, runner)
    for name, definition in {
        "promotion": promotion(unit_of(), organization),
        "gate": gate(unit_of(), "dev", organization),
    }.items():
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(definition))
        command = [str(Path(sys.executable).parent / "statelint"), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@given(ORGANIZATIONS)
def test_every_state_is_reachable_and_every_way_leads_somewhere(organization: Organization) -> None:
    """From the start, whatever the environments and their gates."""
    definition = promotion(unit_of(), organization)
    states = definition["States"]
    seen, waiting = set(), [definition["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += ways(states[name])
    assert seen == set(states)


@given(ORGANIZATIONS)
def test_every_choice_has_a_default(organization: Organization) -> None:
    """A status that nobody thought of must not end an execution with States.NoChoiceMatched."""
    for name, state in promotion(unit_of(), organization)["States"].items():
        assert state["Type"] != "Choice" or "Default" in state, name


@given(ORGANIZATIONS)
def test_environments_follow_each_other_in_order(organization: Organization) -> None:
    """The way out of one leads to the plan of the next."""
    states = promotion(unit_of(), organization)["States"]
    for name, following in pairwise(organization.environment_names):
        assert f"Plan {following}" in ways(states[f"Healthy {name}?"])


@given(ORGANIZATIONS, st.sets(st.sampled_from(NAMES)))
def test_every_environment_can_ask_for_approval(organization: Organization, wanted: set[str]) -> None:
    """Whether it does is in the plan's answer, out of the guardrails, and not in the definition."""
    gated = sorted(wanted & set(organization.environment_names))
    states = promotion(unit_of(requires_approval=gated), organization)["States"]
    for name in organization.environment_names:
        assert f"Approve {name}" in ways(states[f"Planned {name}?"])
    stack = json.loads(unit_stack(unit_of(requires_approval=gated), organization))
    assert {f"Gate{name.capitalize()}" for name in organization.environment_names} < stack["Resources"].keys()


def test_statuses_of_every_choice_are_known_and_the_rest_fails() -> None:
    """Each status leads where it is listed to, any other to a Fail that says what it got."""
    organization = organization_of(4, frozenset({"prod"}))
    definitions = [promotion(unit_of(), organization), gate(unit_of(), "prod", organization)]
    for states in (definition["States"] for definition in definitions):
        for name, state in states.items():
            if state["Type"] != "Choice":
                continue
            otherwise = states[state["Default"]]
            assert otherwise["Type"] == "Fail", name
            tests = [one for rule in state["Choices"] for one in conditions(rule) if "Variable" in one]
            paths = {one["Variable"] for one in tests if one["Variable"].endswith(".status")}
            for path in paths:
                listed = {one["StringEquals"] for one in tests if one["Variable"] == path}
                assert listed <= {*Status}, name
                assert otherwise["ErrorPath"] == path, name


@pytest.mark.parametrize(("state", "known"), KNOWN.items())
def test_each_status_leads_on_only_where_its_step_returns_it(state: str, known: set[Status]) -> None:
    """What a step may return is listed here once more, by hand: a new status must be thought of."""
    states = promotion(unit_of(), organization_of(2))["States"]
    rules = states[state]["Choices"]
    for status in Status:
        leads = any(one.get("StringEquals") == status for rule in rules for one in conditions(rule))
        assert leads is (status in known), status


def test_every_task_has_its_handler_and_its_step() -> None:
    """One word for each step, from the state to the module."""
    organization = organization_of(4, frozenset({"prod"}))
    text = json.dumps([promotion(unit_of(), organization), gate(unit_of(), "prod", organization)])
    steps = (
        "prepare_build",
        "resolve_release",
        "plan",
        "request_approval",
        "decide",
        "deploy",
        "smoke_test",
        "roll_back",
    )
    for step in steps:
        assert organization.function_arn(step) in text
        assert (ROOT / "lambdas" / f"{step}.py").exists()
        assert (ROOT / "orchestrator" / "steps" / f"{step}.py").exists()
    assert text.count(":function:orchestrator-") == 2 + 4 * 5 + 1


def test_both_runners_have_the_same_states_and_ways() -> None:
    """Only who builds differs."""
    there, here = (promotion(unit_of(), organization_of(4, frozenset({"prod"}), runner)) for runner in RUNNERS)
    assert mermaid(there) == mermaid(here)
    different = [name for name in there["States"] if there["States"][name] != here["States"][name]]
    assert different == ["Build"]


def test_a_build_on_codebuild_is_asked_for_by_environment_variables() -> None:
    """The state gives all that the command reads, and waits for the build's end."""
    state = promotion(unit_of(), organization_of(1, runner="codebuild"))["States"]["Build"]
    assert state["Resource"] == "arn:aws:states:::codebuild:startBuild.sync"
    assert state["Parameters"]["ProjectName"] == "orchestrator-build"
    given_names = [one["Name"] for one in state["Parameters"]["EnvironmentVariablesOverride"]]
    assert given_names == list(VARIABLES)
    assert state["ResultPath"] is None
    assert state["TimeoutSeconds"] > 60 * 60
    retried = {error for rule in state["Retry"] for error in rule["ErrorEquals"]}
    assert "CodeBuild.AccountLimitExceededException" in retried
    assert "States.TaskFailed" not in retried


def test_a_build_that_a_worker_hands_back_is_given_to_another_one() -> None:
    """So is one whose worker was killed; one that failed is not tried again."""
    state = promotion(unit_of(), organization_of(1))["States"]["Build"]
    assert [rule["ErrorEquals"] for rule in state["Retry"]] == [[HANDED_BACK], ["States.HeartbeatTimeout"]]
    # GetActivityTask waits for 60 seconds: by then, no poll of the worker that handed it back is open.
    assert state["Retry"][0]["IntervalSeconds"] > 60


@given(ORGANIZATIONS)
def test_equal_units_have_equal_stacks(organization: Organization) -> None:
    """A merge that changes nothing of a unit's pipeline changes nothing of its stack."""
    assert unit_stack(unit_of(), organization) == unit_stack(unit_of(), organization)


def test_a_units_stack_fits_into_a_request() -> None:
    """With four environments, all of them gated."""
    assert len(unit_stack(unit_of(), organization_of(4, frozenset(NAMES))).encode()) <= INLINE_TEMPLATE_BYTES


def test_a_units_stack_holds_state_machines_and_nothing_else() -> None:
    """So that a merge never creates IAM."""
    resources = json.loads(unit_stack(unit_of(), organization_of(4, frozenset({"prod"}))))["Resources"]
    assert {one["Type"] for one in resources.values()} == {"AWS::StepFunctions::StateMachine"}
    assert set(resources) == {"Promotion", "GateDev", "GateTest", "GateStaging", "GateProd"}


def test_a_retired_unit_promotes_nothing_and_keeps_its_gates() -> None:
    """What was under way when it went may wait for a decision."""
    organization = organization_of(4, frozenset({"prod"}))
    before, after = (json.loads(one(unit_of(), organization))["Resources"] for one in (unit_stack, retired_stack))
    assert after["GateProd"] == before["GateProd"]
    assert set(after) == set(before)
    definition = json.loads(after["Promotion"]["Properties"]["DefinitionString"])
    assert [state["Type"] for state in definition["States"].values()] == ["Fail"]


def test_the_picture_shows_every_state() -> None:
    """By its name."""
    definition = promotion(unit_of(), organization_of(4, frozenset({"prod"})))
    drawn = mermaid(definition)
    assert all(f'"{name}"' in drawn for name in definition["States"])
