"""The kinds of states that the definitions are made of, as plain dictionaries of classic (JSONPath) ASL."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestrator.steps.contract import Status

State = dict[str, Any]
States = dict[str, State]
# By status, or other text, the state that follows.
Ways = Mapping[Status, str] | Mapping[str, str]

# What Lambda itself may answer now and then; everything else is not helped by trying again.
TRANSIENT = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]


def retry(errors: list[str]) -> list[State]:
    """Try again after a service's passing errors, for two minutes at the most."""
    rule = {
        "ErrorEquals": errors,
        "IntervalSeconds": 2,
        "MaxAttempts": 6,
        "BackoffRate": 2.0,
        "JitterStrategy": "FULL",
    }
    return [rule]


_UNKNOWN: Final = "This status is not known."
RETRY = retry(TRANSIENT)
# The part of the context object that tells which promotion this is.
EXECUTION = {
    "id.$": "$$.Execution.Id",
    "name.$": "$$.Execution.Name",
    "started_at.$": "$$.Execution.StartTime",
}


def task(function: str, parameters: State, then: str, result_path: str | None = None) -> State:
    """A state that calls a Lambda and writes its result to a part of the document, or in place of it."""
    state: State = {
        "Type": "Task",
        "Resource": function,
        "Parameters": parameters,
        "TimeoutSeconds": 300,
        "Retry": RETRY,
        "Next": then,
    }
    return {**state, "ResultPath": result_path} if result_path else state


def equals(path: str, value: str) -> State:
    """The condition that the text at a path is a certain one."""
    return {"Variable": path, "StringEquals": value}


def one_of(path: str, values: Sequence[str]) -> State:
    """The condition that the text at a path is one of several."""
    conditions = [equals(path, value) for value in values]
    return conditions[0] if len(conditions) == 1 else {"Or": conditions}


def is_true(path: str) -> State:
    """The condition that the value at a path is true."""
    return {"Variable": path, "BooleanEquals": True}


def choice(name: str, path: str, ways: Ways, *, first: Sequence[State] = ()) -> States:
    """States that go on by the text at a path, and that fail where it is none of those listed.

    Args:
        name: the choice's.
        path: where the text is.
        ways: by text, the state that follows.
        first: rules that come before these.
    """
    otherwise = f"Unknown: {name}"
    states: Mapping[str, str] = {str(value): then for value, then in ways.items()}
    targets = dict.fromkeys(states.values())
    rules = [
        *first,
        *({**one_of(path, [value for value in states if states[value] == then]), "Next": then} for then in targets),
    ]
    return {
        name: {"Type": "Choice", "Choices": rules, "Default": otherwise},
        # What was got is the error; nothing that is not understood goes on.
        otherwise: {"Type": "Fail", "ErrorPath": path, "Cause": _UNKNOWN},
    }


def wait(path: str, then: str) -> State:
    """A state that waits for the seconds at a path."""
    return {"Type": "Wait", "SecondsPath": path, "Next": then}


def fail(error_path: str, cause_path: str) -> State:
    """A state that ends the execution as failed, with the status and the sentence at two paths."""
    return {"Type": "Fail", "ErrorPath": error_path, "CausePath": cause_path}
