"""What a plan tells people, and what its hash depends on."""

import hashlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws.change_set import ChangeSet, ResourceChange, parse_change_set
from orchestrator.config.environment import Target
from orchestrator.steps.contract import Release, Request
from orchestrator.steps.impact.circumstances import Circumstances, circumstances
from orchestrator.steps.impact.compare import IamChange
from orchestrator.steps.impact.tags import tag_changes
from orchestrator.steps.notice import approval_notice
from orchestrator.steps.plan_document import Plan, TargetPlan

_TARGET = Target(account="222222222222", region="eu-west-1")
_COMMIT = "1" * 40
_TEXT = st.text(max_size=20)


def _plan(*resources: ResourceChange, iam: tuple[IamChange, ...] = (), around: Circumstances | None = None) -> Plan:
    target = TargetPlan(target=_TARGET, change_set="arn", empty=False, resources=resources, iam=iam)
    return Plan(
        release="orders@0.2.1",
        environment="prod",
        replaces="0.2.0",
        targets=(target,),
        requirements_added=(),
        requirements_removed=(),
        commits=(),
        circumstances=around,
    )


def _parsed(**change: Any) -> ChangeSet:
    resource = {"Action": "Modify", "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table", **change}
    page = {"ChangeSetId": "arn", "Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": resource}]}
    return parse_change_set([page])


def test_what_becomes_of_data_is_named_as_cloudformation_names_it() -> None:
    """Whether it is replaced perhaps or for certain, and what becomes of the old one."""
    cases = {
        "perhaps replace Table (AWS::DynamoDB::Table)": {"Replacement": "Conditional"},
        "replace Table (AWS::DynamoDB::Table) (the old one is deleted)": {
            "Replacement": "True",
            "PolicyAction": "ReplaceAndDelete",
        },
        "remove Table (AWS::DynamoDB::Table) (a snapshot of it is kept)": {
            "Action": "Remove",
            "PolicyAction": "Snapshot",
        },
        "remove Table (AWS::DynamoDB::Table) (SomethingNew)": {"Action": "Remove", "PolicyAction": "SomethingNew"},
        "Sync Table (AWS::DynamoDB::Table)": {"Action": "Sync"},
    }
    for line, change in cases.items():
        plan = _plan(*_parsed(**change).changes)
        assert f"  data at risk: {line}" in list(plan.lines)
        assert plan.summary.endswith("Data at risk: Table.")


def test_permissions_come_before_resources_and_are_counted_in_the_first_line() -> None:
    """Who reads no further knows that there are some."""
    wide = IamChange(action="add", resource="R", type="AWS::IAM::Role", kind="statement", text="Allow *", is_wide=True)
    odd = IamChange(action="remove", resource="R", type="AWS::IAM::Role", kind="not understood", text="x")
    resource = ResourceChange(action="Add", logical_id="R", type="AWS::IAM::Role")
    plan = _plan(resource, iam=(wide, odd))
    assert plan.summary.endswith(" IAM: 1 to add, 0 to change, 1 to remove, 1 with wildcards, 1 not understood.")
    assert list(plan.lines)[1:] == [f"  {wide.line}", f"  {odd.line}", "  add R (AWS::IAM::Role)"]


def test_hosts_that_a_build_could_reach_are_told_and_decided_on() -> None:
    """Its own code could have brought anything from there."""
    closed = _plan()
    opened = closed.model_copy(update={"network": ("models.example.com", "*.example.org:8443")})
    assert opened.summary.endswith(" Its build could reach models.example.com, *.example.org:8443.")
    assert "Reachable while it was built: models.example.com" in list(opened.lines)
    assert opened.hash != closed.hash
    assert "could reach" not in closed.summary


def test_tags_of_a_change_set_are_read() -> None:
    """As CloudFormation describes it; not each emulator does."""
    page = {"ChangeSetId": "arn", "Status": "CREATE_COMPLETE", "Tags": [{"Key": "a", "Value": "1"}]}
    assert parse_change_set([page]).tags == {"a": "1"}
    assert _parsed().tags == {}


def test_tags_are_told_and_count_for_the_hash() -> None:
    """Without any, a plan has the hash that it had before plans told them."""
    tags = tag_changes({"a": "1", "b": "2", "orchestrator:unit": "x"}, {"a": "1", "b": "3", "c": "4"})
    (target,) = _plan().targets
    plan = _plan().model_copy(update={"targets": (target.model_copy(update={"tags": tags}),)})
    assert list(plan.lines)[1:] == ["  no resource changes", "  change tag b: 3", "  add tag c: 4"]
    assert plan.hash != _plan().hash
    assert [one.line for one in tag_changes({"a": "1"}, {"c": "2"})] == ["remove tag a", "add tag c: 2"]
    assert tag_changes({"a": "1"}, {}) == ()


def test_an_approver_is_told_who_asks_and_against_which_rules() -> None:
    """In the first line of the notification, and with the reason."""
    request = Request.model_validate(
        {
            "version": "0.2.1",
            "skip_gates": True,
            "override_freeze": True,
            "reason": "It burns.\n\x1b[2K",
            "from": "prod",
        }
    )
    around = circumstances(request, _COMMIT, starter="arn:aws:iam::1:user/mallory", merged=False)
    release = Release(
        unit="orders", version="0.2.1", digest="d", commit=_COMMIT, manifest="m", manifest_sha256="s", author="a"
    )
    notice = approval_notice(
        release, _plan(around=around), "key", "arn:aws:states:eu-west-1:1:stateMachine:gate", "a:b:c:d"
    )
    first = notice.text.splitlines()[0]
    assert f"NOT MERGED: the commit {_COMMIT[:12]} is not on the branch." in first
    assert 'SKIPS GATES: it did not pass the environments before this one. Reason: "It burns.\\n\\u001b[2K".' in first
    assert "OVERRIDES FREEZES" in first
    assert "Started by hand, by arn:aws:iam::1:user/mallory." in notice.text
    assert "\x1b" not in notice.text


def test_what_is_not_known_is_told_as_not_known() -> None:
    """Nobody takes silence for an answer."""
    lines = list(circumstances(Request(version="1"), _COMMIT, starter=None, merged=None).lines)
    assert lines == [
        f"It is not known whether the commit {_COMMIT[:12]} is on the branch.",
        "Started by hand, by somebody whom CloudTrail does not name yet.",
    ]
    merge = circumstances(Request(commit="1"), _COMMIT, automatic=True, starter=None, merged=True)
    assert list(merge.lines) == ["Started by a merge."]


@given(_TEXT, _TEXT)
def test_the_hash_depends_on_what_is_shown_and_not_on_what_cloudtrail_knows(first: str, second: str) -> None:
    """It is minutes late: the same plan made again must be the same."""
    plans = [_plan(around=Circumstances(automatic=False, starter=who)) for who in (first, second)]
    assert plans[0].hash == plans[1].hash
    reasons = [_plan(around=Circumstances(automatic=False, reason=why)) for why in (first, second)]
    assert (reasons[0].hash == reasons[1].hash) == (first == second)


def test_a_plan_from_before_has_the_hash_that_it_had() -> None:
    """It may be waiting for a decision."""
    plan = _plan(ResourceChange(action="Add", logical_id="R", type="AWS::IAM::Role"))
    document = json.loads(plan.model_dump_json())
    (target,) = document["targets"]
    for key in ("iam", "iam_unknown", "tags", "change_set", "drift_unchecked"):
        del target[key]
    for key in ("conditional", "policy_action"):
        del target["resources"][0][key]
    for key in ("circumstances", "network", "pushers", "stack_name"):
        del document[key]
    assert plan.hash == hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def test_who_pushed_is_shown_before_the_commits_and_changes_the_hash() -> None:
    """What git says comes after what the host proves."""
    plan = _plan().model_copy(update={"commits": ("1111 Change (Ben)",)})
    pushed = plan.model_copy(update={"pushers": ("github:ada", "arn:aws:iam::111111111111:user/\x1b[2Jeve")})
    assert list(pushed.lines)[-3:] == [
        "Pushed by: github:ada",
        'Pushed by: "arn:aws:iam::111111111111:user/\\u001b[2Jeve"',
        "Commit: 1111 Change (Ben)",
    ]
    assert len({plan.hash, pushed.hash, plan.model_copy(update={"pushers": ("github:ada",)}).hash}) == 3
