"""What people are told."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.steps.notice import execution_link, failure_notice, state_machine_link

EXECUTION = "arn:aws:states:eu-west-1:111111111111:execution:promote-orders:merge-1"


@given(st.text(max_size=200), st.sampled_from(["FAILED", "TIMED_OUT", "ABORTED"]), st.text(max_size=50))
def test_a_subject_is_never_longer_than_sns_takes(unit: str, status: str, message: str) -> None:
    """A hundred characters; the text has it all."""
    notice = failure_notice(unit, EXECUTION, status, message)
    assert len(notice.subject) <= 100
    assert message in notice.text
    assert execution_link(EXECUTION) in notice.text


def test_links_lead_to_the_console_of_the_region() -> None:
    """To the execution's page, and to the gate's."""
    assert execution_link(EXECUTION) == (
        f"https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/details/{EXECUTION}"
    )
    assert state_machine_link("arn:aws:states:us-east-1:1:stateMachine:gate").endswith(
        "region=us-east-1#/statemachines/view/arn:aws:states:us-east-1:1:stateMachine:gate"
    )
