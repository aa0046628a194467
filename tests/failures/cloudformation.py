"""What CloudFormation says when something went wrong: answers in moto's place, by operation."""

from urllib.parse import parse_qs

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests.aws_answers import Answer, refuse, respond, say

_STACK = "DescribeStacks"
_CHANGE_SET = "DescribeChangeSet"
Script = dict[str, Answer]
REASON = "Clock (AWS::SSM::Parameter): the quota is used up"


def script(**answers: Answer) -> Script:
    """Answers by operation of CloudFormation."""
    return {f"cloudformation.{operation}": answer for operation, answer in answers.items()}


def busy() -> Script:
    """Somebody else's operation is under way when the stack is looked at first."""
    return script(DescribeStacks=once(_stack_in("UPDATE_IN_PROGRESS")))


def left_in(status: str, mended_by: str) -> Script:
    """The stack is in a status until an operation takes it out of there."""
    mended: list[bool] = []

    def look(request: AWSPreparedRequest) -> AWSResponse | None:
        return None if mended else _stack_in(status)(request)

    def mend(request: AWSPreparedRequest) -> AWSResponse | None:
        mended.append(True)
        # Moto deletes stacks, and knows of no rollback that could be continued.
        return None if mended_by == "DeleteStack" else say(_result(mended_by, ""))(request)

    return script(**{_STACK: look, mended_by: mend})


def empty(reason: str) -> Script:
    """A change set turns out to change nothing, which CloudFormation calls a failure."""
    made, make = noticed()
    look = after(made, _change_set_in("FAILED", "UNAVAILABLE", reason))
    return script(CreateChangeSet=make, DescribeChangeSet=look)


def gone() -> Script:
    """A change set is gone when it is looked at first: another one of the stack was executed meanwhile."""
    made, make = noticed()
    look = after(made, once(refuse("ChangeSetNotFound", "ChangeSet does not exist", 404)))
    return script(CreateChangeSet=make, DescribeChangeSet=look)


def rolls_back() -> Script:
    """A change set is executed, and fails halfway."""
    executed, execute = noticed()
    look = after(executed, _change_set_in("CREATE_COMPLETE", "EXECUTE_FAILED", ""))
    name, reason = REASON.split(": ")
    resource, kind = name.rstrip(")").split(" (")
    event = (
        "<StackEvents><member><StackId>s</StackId><EventId>e</EventId><StackName>app-clock</StackName>"
        f"<LogicalResourceId>{resource}</LogicalResourceId><ResourceType>{kind}</ResourceType>"
        "<Timestamp>2026-01-01T00:00:00Z</Timestamp>"
        f"<ResourceStatus>UPDATE_FAILED</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason>"
        "</member></StackEvents>"
    )
    events = say(_result("DescribeStackEvents", event))
    return script(ExecuteChangeSet=execute, DescribeChangeSet=look, DescribeStackEvents=events)


def once(answer: Answer) -> Answer:
    """An answer that is given to the first who asks; the others ask moto."""
    left = [answer]
    return lambda request: left.pop()(request) if left else None


def once_where(text: str, answer: Answer) -> Answer:
    """The same, given to the first request whose body holds a text."""
    first = once(answer)
    return lambda request: first(request) if text in str(request.body) else None


def once_at(place: str, answer: Answer) -> Answer:
    """The same, given to the first request whose URL holds a text."""
    first = once(answer)
    return lambda request: first(request) if place in str(request.url) else None


def noticed() -> tuple[list[bool], Answer]:
    """What has happened, and an answer that notices it and leaves the answer to moto."""
    happened: list[bool] = []

    def notice(_: AWSPreparedRequest) -> None:
        happened.append(True)

    return happened, notice


def after(happened: list[bool], answer: Answer) -> Answer:
    """An answer that is given once something has happened."""
    return lambda request: answer(request) if happened else None


def _stack_in(status: str) -> Answer:
    return say(
        _result(
            _STACK,
            "<Stacks><member><StackName>app-clock</StackName><StackId>arn:aws:cloudformation:::stack/app-clock/1</StackId>"
            f"<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>{status}</StackStatus></member></Stacks>",
        )
    )


def _change_set_in(status: str, execution: str, reason: str) -> Answer:
    def answer(request: AWSPreparedRequest) -> AWSResponse:
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        described = (
            f"<ChangeSetId>{parse_qs(body)['ChangeSetName'][0]}</ChangeSetId><Status>{status}</Status>"
            f"<ExecutionStatus>{execution}</ExecutionStatus><StatusReason>{reason}</StatusReason>"
        )
        return respond(request, _result(_CHANGE_SET, described))

    return answer


def _result(operation: str, content: str) -> str:
    return f"<{operation}Response><{operation}Result>{content}</{operation}Result></{operation}Response>"
