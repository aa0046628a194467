"""A merge that affects several members of a train: what is asked for in the queue, and what is started."""

import json
from typing import Any

import pytest

from orchestrator.config.infrastructure import STARTS
from orchestrator.trains.names import TRAIN_MACHINE
from orchestrator.wiring.branches import BranchWiring
from state_machines.unit_stack import retired_stack, unit_stack
from tests.aws_answers import refuse
from tests.integration.steps.test_start_promotion import messages
from tests.merges import ORGANIZATION, asked, executions, look, merge, organize, project, write
from tests.moto_company import MotoCompany

TRAIN = '\n[[trains]]\nname = "times"\nunits = ["clock", "calendar"]\non_failure = "roll_back"\n'


@pytest.fixture
def trains(company: MotoCompany) -> MotoCompany:
    """A company with a train of both units, neither of which was ever merged."""
    organize(company, ORGANIZATION + TRAIN)
    definition = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Succeed"}}})
    role = company.organization.tooling_role_arn("states")
    company.wiring.stepfunctions.create_state_machine(name=TRAIN_MACHINE, definition=definition, roleArn=role)
    return company


def started(company: MotoCompany) -> list[Any]:
    """What trains were started with, by name."""
    client = company.wiring.stepfunctions
    arn = company.organization.state_machine_arn(TRAIN_MACHINE)
    found = client.list_executions(stateMachineArn=arn)["executions"]
    described = [client.describe_execution(executionArn=one["executionArn"]) for one in found]
    return [(one["name"], json.loads(one["input"])) for one in sorted(described, key=lambda one: one["startDate"])]


def test_both_members_go_as_one_train(trains: MotoCompany) -> None:
    """From the merge's commit, under a name that follows from it; neither is promoted by itself, nor a second time."""
    result = merge(trains)
    ((name, request),) = started(trains)
    assert name.startswith(f"times-{result['commit'][:12]}-")
    assert sorted(request.pop("digests")) == ["calendar", "clock"]
    assert request == {"branch": "main", "commit": result["commit"], "on_failure": "roll_back"}
    assert executions(trains) == {"calendar": [], "clock": []}
    last = trains.ledger.branches.last_starts("main")
    assert {one.execution.rsplit(":", 1)[-1] for one in last.values()} == {name}
    assert all("it goes with the train times" in one["reason"] for one in result["asked"])
    assert asked(look(trains, result["commit"])) == []
    assert look(trains)["settled"]
    assert len(started(trains)) == 1


def test_the_last_member_whose_state_machines_are_ready_starts_the_train(trains: MotoCompany) -> None:
    """All are in one group of messages, so that no two are worked on at the same time; what fails is tried again."""
    trains.call("on_merge", {"detail": {"branch": "main", "commit": trains.commit("Merge")}})
    sqs = trains.wiring.session.client("sqs")
    found = sqs.receive_message(QueueUrl=STARTS, MaxNumberOfMessages=10, AttributeNames=["MessageGroupId"])["Messages"]
    assert [one["Attributes"]["MessageGroupId"] for one in found] == ["train/times"] * 2
    trains.lambdas.handler("start_promotion")
    trains.answers.next["cloudformation.CreateChangeSet"] = [refuse("ValidationError", "Too many stacks.")]
    batch = messages(*(one["Body"] for one in found))
    for record, message in zip(batch["Records"], found, strict=True):
        record["receiptHandle"] = message["ReceiptHandle"]
    (failed,) = trains.call("start_promotion", batch)["batchItemFailures"]
    assert started(trains) == []
    again = {"Records": [one for one in batch["Records"] if one["messageId"] == failed["itemIdentifier"]]}
    assert trains.call("start_promotion", again) == {"batchItemFailures": []}
    assert len(started(trains)) == 1


def test_without_the_state_machine_of_trains_one_is_told_to_make_it(company: MotoCompany) -> None:
    """The message is tried again, as every other one."""
    organize(company, ORGANIZATION + TRAIN)
    company.call("on_merge", {"detail": {"branch": "main", "commit": company.commit("Merge")}})
    company.read(STARTS)
    wiring = BranchWiring(company.wiring.session, company.wiring.settings)
    start = wiring.start_promotion(unit_stack, retired_stack)
    (problem,) = start("main", ["clock", "calendar"]).failures.values()
    assert problem == (
        "The train times cannot be started: there is no state machine orchestrator-train. Run 'orchestrator bootstrap'."
    )


def test_members_that_have_not_arrived_go_along_with_what_changes_next(trains: MotoCompany) -> None:
    """Which is a newer train: it supersedes the older one."""
    merge(trains)
    write(trains, "projects/clock/clock.py", "tick = 1\n")
    result = merge(trains)
    (_, first), (_, second) = started(trains)
    assert second["commit"] == result["commit"]
    assert first["digests"]["calendar"] == second["digests"]["calendar"]
    assert first["digests"]["clock"] != second["digests"]["clock"]
    assert {one["unit"]: one["reason"] for one in result["asked"]}["calendar"] == (
        "nothing it is built from changed, but its last train has not arrived; it goes with the train times"
    )


def test_a_member_that_is_not_valid_is_told_of_with_those_that_wait(trains: MotoCompany) -> None:
    """Nothing is started, and the others' state machines are not even asked for; once it is mended, all go."""
    write(trains, "projects/clock/pyproject.toml", "[project]\n")
    result = merge(trains)
    assert (asked(result), started(trains)) == ([], [])
    assert "calendar waits: the train 'times' has clock as well, which is not valid" in result["problems"][1]
    write(trains, "projects/clock/pyproject.toml", project("clock"))
    merge(trains)
    ((_, request),) = started(trains)
    assert sorted(request["digests"]) == ["calendar", "clock"]
