"""What holds for one unit in one environment: a merge adds, and takes nothing away."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.environment import Environment
from orchestrator.config.unit import Unit
from orchestrator.config.windows import Window
from orchestrator.guardrails.rules import Tightening, rules, tightening
from orchestrator.identity.policy import ApprovalPolicy

WINDOW = Window.model_validate({"from": "09:00", "to": "16:00", "timezone": "UTC"})
GROUP = st.lists(st.sampled_from(["*:role/a", "*:role/b", "*"]), max_size=2).map(tuple)
NAMED = st.lists(st.sampled_from(["*:role/a", "*"]), min_size=1, max_size=2).map(tuple)
EXCLUDED = st.lists(st.sampled_from(["author", "starter"]), unique=True).map(tuple)
HOLD = st.sampled_from(["until_resumed", "until_newer"])
WINDOWS = st.sampled_from([(), (WINDOW,)])
SAID = {
    "requires_approval": st.booleans(),
    "required_approvals": st.integers(1, 10),
    "excluded_approvers": EXCLUDED,
    "rollback_approval": st.booleans(),
    "hold": HOLD,
    "windows": WINDOWS,
}
GUARDED = st.fixed_dictionaries({**SAID, "approvers": GROUP})
MERGED = st.builds(Tightening, approvers=st.lists(NAMED, max_size=2).map(tuple), **SAID)


def environment(said: dict[str, Any]) -> Environment:
    """An environment with some rules."""
    return Environment.model_validate({"name": "prod", "account": "5" * 12, "region": "eu-west-1", **said})


@given(GUARDED, MERGED)
def test_nothing_that_is_merged_loosens_a_guardrail(said: dict[str, Any], merged: Tightening) -> None:
    """Each rule is at least as strict as what is recorded."""
    guarded = environment(said)
    found = rules(guarded, merged)
    assert found.requires_approval >= guarded.requires_approval
    assert found.rollback_approval >= guarded.rollback_approval
    assert found.policy.approvals >= guarded.required_approvals
    assert {*found.policy.excluded} >= {*guarded.excluded_approvers}
    assert not guarded.approvers or guarded.approvers in found.policy.approvers
    assert not guarded.windows or guarded.windows in found.windows
    assert found.hold == "until_resumed" or guarded.hold != "until_resumed"


@given(GUARDED, MERGED)
def test_what_is_merged_holds_too(said: dict[str, Any], merged: Tightening) -> None:
    """A unit may ask for more than the guardrails do."""
    found = rules(environment(said), merged)
    assert found.requires_approval >= merged.requires_approval
    assert found.policy.approvals >= merged.required_approvals
    assert {*merged.approvers} <= {*found.policy.approvers}


def test_a_unit_and_its_organization_both_count() -> None:
    """Their lists stay apart: an approver must match one pattern of each."""
    described = environment({"approvers": ["*:role/a"], "required_approvals": 2})
    own = {"approvers": {"prod": ["*"]}, "required_approvals": {"prod": 3}, "requires_approval": ["prod"]}
    unit = Unit.model_validate({"name": "u", "folder": "projects/u", "version": "1", "settings": own})
    merged = tightening(unit, described)
    assert merged.requires_approval
    assert rules(described, merged).policy == ApprovalPolicy(approvers=(("*:role/a",), ("*",)), approvals=3)
