"""What a merge leads to: stacks with state machines, promotions, and nothing at all when nothing changed."""

import shutil
from typing import Any

import pytest

from tests.aws_answers import refuse
from tests.merges import (
    ORGANIZATION,
    all_machines,
    asked,
    definition,
    executions,
    look,
    machines,
    merge,
    organize,
    project,
    write,
)
from tests.moto_company import MotoCompany

_MORE = '\n[[environments]]\nname = "prod"\naccount = "333333333333"\nregion = "eu-west-1"\n'


def test_each_new_unit_gets_its_state_machine_and_its_promotion(company: MotoCompany) -> None:
    """Its execution says which commit of which branch."""
    result = merge(company)
    assert machines(company) == ["promote-calendar", "promote-clock"]
    assert asked(result) == ["calendar", "clock"]
    assert executions(company) == {"calendar": [result["commit"]], "clock": [result["commit"]]}
    for start in company.ledger.branches.last_starts("main").values():
        assert f":merge-{result['commit'][:12]}-" in start.execution


def test_the_same_event_again_starts_nothing(company: MotoCompany) -> None:
    """Nor does a commit that touches no unit."""
    before = merge(company)["commit"]
    assert asked(look(company, before)) == []
    assert asked(merge(company, "Nothing")) == []
    assert executions(company) == {"calendar": [before], "clock": [before]}


def test_a_branch_that_was_found_in_order_is_not_read_again(company: MotoCompany) -> None:
    """Not until it moves, or the orchestrator is another one: its head is all that is asked for."""
    merge(company)
    assert look(company)["settled"]
    looks = company.ledger.branches.begin("main")
    head, nothing = company.repository.head, {"message": "", "is_unseen": False, "asked": [], "problems": []}
    assert look(company) == {"commit": head, "settled": True, **nothing}
    assert company.ledger.branches.begin("main") == looks + 1


def test_only_what_changed_is_promoted(company: MotoCompany) -> None:
    """The other unit is left alone; where only code changed, CloudFormation is not even asked."""
    merge(company)
    write(company, "projects/clock/clock.py", "tick = 1\n")
    company.answers.always["cloudformation.DescribeStacks"] = refuse("ValidationError", "Nobody may ask.")
    assert asked(merge(company)) == ["clock"]
    assert len(executions(company)["clock"]) == 2


def test_a_stack_that_is_too_large_for_a_request_goes_through_the_bucket(company: MotoCompany) -> None:
    """Six environments, each of which asks for approval."""
    more = "".join(
        f'\n[[environments]]\nname = "step{letter}"\naccount = "222222222222"\nregion = "eu-west-1"\n'
        f'requires_approval = true\nstack_suffix = "-{letter}"\n'
        for letter in "abcdef"
    )
    organize(company, ORGANIZATION + more)
    assert asked(merge(company)) == ["calendar", "clock"]
    bucket = company.organization.tooling.bucket
    kept = company.wiring.session.client("s3").list_objects_v2(Bucket=bucket, Prefix="stacks/")["Contents"]
    assert [one["Key"].split("/")[1] for one in kept] == ["calendar", "clock"]
    assert "clock-approve-stepf" in all_machines(company)


def test_other_branches_do_not_count(company: MotoCompany) -> None:
    """Their events are taken, and lead to nothing."""
    assert asked(merge(company, branch="feature")) == []
    assert machines(company) == []


def test_one_units_mistake_does_not_hold_the_others_back(company: MotoCompany) -> None:
    """It is named, with the file and what is wrong, to whoever merged it."""
    queue = company.listen("failures_topic")
    write(company, "projects/calendar/pyproject.toml", project("calendar") + "[tool.orchestrator]\nx = 1\n")
    result = merge(company)
    assert asked(result) == ["clock"]
    (problem,) = result["problems"]
    assert "projects/calendar/pyproject.toml" in problem
    (notice,) = company.read(queue)
    assert problem in notice["Message"]
    look(company)
    assert company.read(queue) == []


def test_a_unit_with_a_mistake_stays_as_it_was(company: MotoCompany) -> None:
    """Nothing is known of what it should be, so it is not retired either."""
    first = merge(company)["commit"]
    write(company, "projects/clock/pyproject.toml", "nonsense")
    merge(company)
    assert "Build" in definition(company, "promote-clock")["States"]
    assert executions(company)["clock"] == [first]


@pytest.mark.parametrize("detail", [{"commit": "HEAD"}, {"branch": 1}, None])
def test_an_event_that_can_never_succeed_is_put_aside_with_the_reason(company: MotoCompany, detail: object) -> None:
    """It is in the dead-letter queue, as it came."""
    result = company.call("on_merge", {"detail": detail})
    (kept,) = company.read("orchestrator-dead-letters")
    assert kept["event"] == {"detail": detail}
    assert [kept["reason"]] == result["problems"]


def test_a_broken_organization_stops_the_merge_and_says_where(company: MotoCompany) -> None:
    """Nothing can be promoted without it; the next merge makes up for it."""
    write(company, "orchestrator.toml", ORGANIZATION.replace("222222222222", "dev-account"))
    result = merge(company, "Break")
    assert asked(result) == []
    assert "orchestrator.toml" in result["problems"][0]
    organize(company, ORGANIZATION)
    assert len(asked(merge(company, "Mend"))) == 2


def test_a_burst_of_pushes_is_one_promotion_of_the_newest(company: MotoCompany) -> None:
    """All fifty events find the last push, in whatever order they come."""
    merge(company)
    commits = []
    for number in range(50):
        write(company, "projects/clock/clock.py", f"tick = {number}\n")
        commits.append(company.commit(f"Push {number}"))
    for commit in reversed(commits):
        company.call("on_merge", {"detail": {"branch": "main", "commit": commit}})
    company.deliver_starts()
    assert executions(company)["clock"][1:] == [commits[-1]]


def test_going_back_before_it_was_started_starts_nothing(company: MotoCompany) -> None:
    """What was called for in between is called off."""
    merge(company)
    write(company, "projects/clock/clock.py", "tick = 1\n")
    company.call("on_merge", {"detail": {"branch": "main", "commit": company.commit("Change")}})
    (company.folder / "projects/clock/clock.py").unlink()
    merge(company, "Revert")
    assert len(executions(company)["clock"]) == 1


def test_going_back_after_it_was_started_is_a_promotion_like_any_other(company: MotoCompany) -> None:
    """Also to the very commit that ran first, as a forced push does."""
    first = merge(company)["commit"]
    write(company, "projects/clock/clock.py", "tick = 1\n")
    second = merge(company, "Change")["commit"]
    company.repository("reset", "--quiet", "--hard", first)
    look(company, first)
    assert executions(company)["clock"] == [first, second, first]


def test_a_renamed_unit_is_a_new_one_and_the_old_one_is_retired(company: MotoCompany) -> None:
    """The old one's state machine promotes nothing any more; when the folder is back, it does again."""
    first = merge(company)["commit"]
    shutil.move(company.folder / "projects/clock", company.folder / "projects/watch")
    write(company, "projects/watch/pyproject.toml", project("watch"))
    second = merge(company, "Rename")["commit"]
    assert executions(company) == {"calendar": [first], "clock": [first], "watch": [second]}
    assert list(definition(company, "promote-clock")["States"]) == ["Retired"]
    shutil.move(company.folder / "projects/watch", company.folder / "projects/clock")
    write(company, "projects/clock/pyproject.toml", project("clock"))
    merge(company, "Rename back")
    assert executions(company)["clock"] == [first]
    assert "Build" in definition(company, "promote-clock")["States"]
    assert list(definition(company, "promote-watch")["States"]) == ["Retired"]
    assert look(company)["settled"]


def test_a_unit_that_goes_before_it_was_ever_started_leaves_nothing(company: MotoCompany) -> None:
    """No stack is made to say that there is none."""
    company.call("on_merge", {"detail": {"branch": "main", "commit": company.commit("Add")}})
    shutil.rmtree(company.folder / "projects/clock")
    merge(company, "Remove")
    assert machines(company) == ["promote-calendar"]


def test_settings_of_the_state_machines_alone_start_nothing(company: MotoCompany) -> None:
    """The stack is brought up to date, and nothing is built."""
    first = merge(company)["commit"]
    own = '[tool.orchestrator]\nrequires_approval = ["dev"]\n'
    write(company, "projects/clock/pyproject.toml", project("clock") + own)
    result = merge(company, "Ask for approval")
    assert asked(result) == ["clock"]
    assert "state machines" in result["asked"][0]["reason"]
    assert "Approve dev" in definition(company, "promote-clock")["States"]
    assert executions(company)["clock"] == [first]


def test_a_change_of_the_organization_alone_starts_nothing(company: MotoCompany) -> None:
    """All stacks are brought up to date; what no state machine shows changes nothing at all."""
    first = merge(company)["commit"]
    organize(company, ORGANIZATION + _MORE)
    assert asked(merge(company, "Add an environment")) == ["calendar", "clock"]
    assert "Deploy prod" in definition(company, "promote-calendar")["States"]
    organize(company, f"{ORGANIZATION}{_MORE}\n[repository]\nreconcile_minutes = 5\n")
    assert asked(merge(company, "Look more often")) == []
    assert executions(company) == {"calendar": [first], "clock": [first]}


def test_an_event_that_never_came_is_made_up_for(company: MotoCompany) -> None:
    """The schedule looks at the branch without one."""
    commit = company.commit("Nobody tells of it")
    assert asked(look(company)) == ["calendar", "clock"]
    assert executions(company) == {"calendar": [commit], "clock": [commit]}


def codecommit(event: str, **changes: str) -> dict[str, Any]:
    """An event as CodeCommit puts it, as far as it matters."""
    detail = {"event": event, "repositoryName": "shop", "referenceType": "branch", "referenceName": "main"}
    return {"source": "aws.codecommit", "detail": {**detail, **changes}}


def test_a_push_to_codecommit_is_a_merge(company: MotoCompany) -> None:
    """What is done follows from the branch, not from the event."""
    commit = company.commit("Push")
    result = company.call("on_merge", codecommit("referenceUpdated", commitId=commit, oldCommitId="f" * 40))
    assert asked(result) == ["calendar", "clock"]
    assert result["commit"] == commit


def test_a_branch_that_was_deleted_promotes_nothing_and_is_told(company: MotoCompany) -> None:
    """To people, once; there is nothing to try again."""
    queue = company.listen("failures_topic")
    result = company.call("on_merge", codecommit("referenceDeleted", oldCommitId="f" * 40))
    assert asked(result) == []
    (notice,) = company.read(queue)
    assert "The branch 'main' of shop was deleted" in notice["Message"]
    assert company.read("orchestrator-dead-letters") == []
