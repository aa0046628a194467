"""The kinds of states that the definitions are made of, as plain dictionaries of classic (JSONPath) ASL."""

from typing import Any

State = dict[str, Any]
States = dict[str, State]

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


def choice(path: str, ways: dict[str, str], default: str) -> State:
    """A state that goes on by the text at a path."""
    rules = [{"Variable": path, "StringEquals": value, "Next": then} for value, then in ways.items()]
    return {"Type": "Choice", "Choices": rules, "Default": default}


def wait(path: str, then: str) -> State:
    """A state that waits for the seconds at a path."""
    return {"Type": "Wait", "SecondsPath": path, "Next": then}


def fail(error_path: str, cause_path: str) -> State:
    """A state that ends the execution as failed, with the status and the sentence at two paths."""
    return {"Type": "Fail", "ErrorPath": error_path, "CausePath": cause_path}
