"""What becomes of the messages that name units: each is done alone, tried again, or put aside with a word to people."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from orchestrator.config.infrastructure import STARTS
from orchestrator.steps.starts import WORK_SECONDS
from tests.aws_answers import refuse, say
from tests.merges import definition, executions, look, machines, merge, project, write
from tests.moto_company import MotoCompany

_FULL = refuse("ValidationError", "Too many stacks.")
# The receipts of these messages are made up.
_TAKEN = say("{}")
_HELD = say('{"Successful": [], "Failed": []}')


@pytest.fixture(autouse=True)
def _receipts(company: MotoCompany) -> None:
    """Take them for receipts of the queue."""
    company.answers.always["sqs.ChangeMessageVisibilityBatch"] = _HELD


def messages(*bodies: object, tried: int = 1) -> dict[str, Any]:
    """A batch as Lambda is given it."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": str(number),
                "body": body if isinstance(body, str) else json.dumps(body),
                "attributes": {"ApproximateReceiveCount": str(tried)},
            }
            for number, body in enumerate(bodies)
        ]
    }


def failing(company: MotoCompany) -> list[str]:
    """Merge while CloudFormation takes one of two stacks; returns the messages that failed."""
    company.call("on_merge", {"detail": {"branch": "main", "commit": company.commit("Merge")}})
    company.answers.next["cloudformation.CreateChangeSet"] = [_FULL]
    return company.deliver_starts()


def test_one_units_failure_does_not_hold_the_others_back(company: MotoCompany) -> None:
    """Only its message comes again."""
    (failed,) = failing(company)
    started = set(executions(company))
    assert {json.loads(failed)["unit"]} | started == {"calendar", "clock"}
    assert len(started) == 1


def test_what_failed_comes_again_soon(company: MotoCompany) -> None:
    """Not after the quarter of an hour that a batch may take."""
    failing(company)
    sqs = company.sqs
    found = sqs.get_queue_attributes(QueueUrl=STARTS, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    assert found["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"
    unit = ({"calendar", "clock"} - set(executions(company))).pop()
    answer = company.call("start_promotion", messages({"branch": "main", "unit": unit}))
    assert answer == {"batchItemFailures": []}
    assert set(executions(company)) == {"calendar", "clock"}


def test_what_was_not_even_begun_comes_again_soon_as_well(company: MotoCompany) -> None:
    """The ledger does not answer: the call fails, and every message of it is given back."""
    company.lambdas.handler("start_promotion")
    company.answers.next["dynamodb.BatchGetItem"] = [refuse("AccessDeniedException", "Not today.")]
    company.answers.next["sqs.ChangeMessageVisibility"] = [_TAKEN, _TAKEN]
    batch = messages(*({"branch": "main", "unit": unit} for unit in ("clock", "calendar")))
    with pytest.raises(AssertionError, match="Not today"):
        company.call("start_promotion", batch)
    assert company.answers.given[-3:] == ["dynamodb.BatchGetItem", *["sqs.ChangeMessageVisibility"] * 2]


def test_what_comes_again_does_so_when_the_call_that_had_it_cannot_work_on_it_any_more(company: MotoCompany) -> None:
    """As soon as that, should its process be killed; never before, however long it was on its way."""
    asked: list[dict[str, Any]] = []

    def hold(request: Any) -> AWSResponse | None:
        asked.extend(json.loads(request.body)["Entries"])
        return _HELD(request)

    company.answers.always["sqs.ChangeMessageVisibilityBatch"] = hold
    merge(company)
    assert [one["VisibilityTimeout"] for one in asked] == [WORK_SECONDS] * 2


def test_a_message_that_somebody_else_has_by_now_is_left_to_them(company: MotoCompany) -> None:
    """It waited for too long; the rest of its batch is done."""
    company.call("on_merge", {"detail": {"branch": "main", "commit": company.commit("Merge")}})
    lost = {"Id": "1", "SenderFault": True, "Code": "ReceiptHandleIsInvalid"}
    company.answers.next["sqs.ChangeMessageVisibilityBatch"] = [say(json.dumps({"Successful": [], "Failed": [lost]}))]
    batch = messages(*({"branch": "main", "unit": unit} for unit in ("clock", "calendar")))
    assert company.call("start_promotion", batch) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert set(executions(company)) == {"clock"}


def test_people_are_told_of_what_is_not_tried_again(company: MotoCompany) -> None:
    """Once, with the reason, and not each time before."""
    company.call("on_merge", {"detail": {"branch": "main", "commit": company.commit("Merge")}})
    message = company.read(STARTS)[0]
    queue = company.listen("failures_topic")
    company.lambdas.handler("start_promotion")
    for tried, told in ((1, 0), (3, 1)):
        company.answers.next["cloudformation.CreateChangeSet"] = [_FULL]
        company.answers.next["sqs.ChangeMessageVisibility"] = [_TAKEN]
        answer = company.call("start_promotion", messages(message, tried=tried))
        assert answer["batchItemFailures"] == [{"itemIdentifier": "0"}]
        notices = company.read(queue)
        assert len(notices) == told
    assert message["unit"] in notices[0]["Message"]
    assert "Too many stacks" in notices[0]["Message"]


def test_a_message_that_names_no_unit_is_put_aside(company: MotoCompany) -> None:
    """The rest of its batch is done."""
    merge(company)
    company.answers.next["sqs.ChangeMessageVisibility"] = [_TAKEN, _TAKEN]
    answer = company.call(
        "start_promotion", messages("nonsense", {"branch": "main", "unit": "clock"}, {"branch": "main", "unit": "../x"})
    )
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == ["0", "2"]


def test_a_unit_of_which_nothing_is_called_for_is_left_alone(company: MotoCompany) -> None:
    """A message may be late, or about nothing that is known."""
    commit = merge(company)["commit"]
    late = messages(*({"branch": branch, "unit": unit} for branch in ("main", "x") for unit in ("clock", "unknown")))
    assert company.call("start_promotion", late) == {"batchItemFailures": []}
    assert executions(company) == {"calendar": [commit], "clock": [commit]}


def test_a_state_machine_that_somebody_deleted_is_made_again(company: MotoCompany) -> None:
    """The next promotion finds that it is not there."""
    merge(company)
    company.wiring.cloudformation.delete_stack(StackName="promote-clock")
    assert machines(company) == ["promote-calendar"]
    write(company, "projects/clock/clock.py", "tick = 1\n")
    commit = merge(company)["commit"]
    assert executions(company)["clock"] == [commit]


def test_many_units_have_as_many_messages(company: MotoCompany) -> None:
    """More than the queue takes at once."""
    for number in range(23):
        write(company, f"projects/unit{number}/pyproject.toml", project(f"unit{number}"))
    merge(company)
    assert len(executions(company)) == 25
    assert not look(company)["asked"]
    assert "Build" in definition(company, "promote-unit22")["States"]
