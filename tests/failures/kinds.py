"""The kinds of failures, and how each is brought about under a state of a promotion on moto."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.awsrequest import AWSPreparedRequest

from tests.aws_answers import Answer, say
from tests.failures.endings import Ending
from tests.moto_company import MotoCompany


class LambdaError(Exception):
    """What Lambda says of a function that did not return.

    Attributes:
        error_type: as Lambda names it.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


@dataclass(frozen=True)
class Failure(ABC):
    """One thing that goes wrong.

    Attributes:
        name: as the page has it.
        endings: by step, how the promotion ends.
        told: whether an event tells of the promotion's end.
    """

    name: str
    endings: Mapping[str, Ending]
    told: bool = True

    def arrange(self, company: MotoCompany, step: str, execution: str) -> None:
        """Make the next call of the step's Lambda fail, in an execution."""
        company.lambdas.faults[step] = [lambda event, context: self.instead(company, step, execution, event, context)]

    @abstractmethod
    def instead(self, company: MotoCompany, step: str, execution: str, event: Any, context: object) -> Any:
        """What happens in place of the call."""


@dataclass(frozen=True)
class LambdaFailure(Failure):
    """A Lambda fails: `answer` is what happens instead of an answer, or the answer."""

    answer: Any = None

    def instead(self, company: MotoCompany, step: str, execution: str, event: Any, context: object) -> Any:
        """Raise it, or return it."""
        del company, step, execution, event, context
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(frozen=True)
class ServiceFailure(Failure):
    """An AWS service fails under a step that is healthy itself: `script` makes its answers, by operation."""

    script: Callable[[], Mapping[str, Answer]] = dict

    def instead(self, company: MotoCompany, step: str, execution: str, event: Any, context: object) -> Any:
        """Carry the step out with those answers, and no longer than that."""
        del execution
        before, known = len(company.answers.given), dict(company.answers.always)
        company.answers.always |= self.script()
        try:
            return company.lambdas.handler(step)(event, context)
        finally:
            company.answers.always = known
            assert len(company.answers.given) > before, "The step made no such call."


@dataclass(frozen=True)
class Stop(Failure):
    """Somebody stops the execution while a step is carried out: as it begins, or when it makes a call.

    The event of the end is there before the step ends: stopping an execution does not end its Lambda.
    """

    at: str = ""

    def instead(self, company: MotoCompany, step: str, execution: str, event: Any, context: object) -> Any:
        """Carry the step out, and stop the execution meanwhile."""

        def stop(_: AWSPreparedRequest | None = None) -> None:
            arn = company.execution_arn(execution)
            company.wiring.stepfunctions.stop_execution(executionArn=arn, error="ABORTED", cause="Not today.")
            described = company.wiring.stepfunctions.describe_execution(executionArn=arn)
            known = {key: described[key] for key in ("executionArn", "stateMachineArn", "name", "input")}
            start = described["startDate"].timestamp()
            ended = {**known, "startDate": start, "status": "ABORTED", "cause": "Not today."}
            # Moto notices only when the state has ended.
            company.answers.always["sfn.DescribeExecution"] = say(json.dumps(ended))
            company.end(execution, status="ABORTED")

        always = dict(company.answers.always)
        if self.at:
            company.answers.next[self.at] = [stop]
        else:
            stop()
        try:
            return company.lambdas.handler(step)(event, context)
        finally:
            company.answers.always = always
