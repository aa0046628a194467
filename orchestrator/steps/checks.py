"""The smoke tests themselves: invoke a function and match the answer, call a URL, or see that all is active."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import jmespath
from botocore.exceptions import BotoCoreError, ClientError
from jmespath.exceptions import JMESPathError
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_fixed

from orchestrator.aws.stack import Sleep, Stack
from orchestrator.aws.target import TargetAccount
from orchestrator.config.unit import InvokeTest, SmokeTest, UrlTest
from orchestrator.frozen import dataclass
from orchestrator.steps.contract import SmokeTestOutcome
from orchestrator.web.get import PublicWeb, WebError

# What has just been deployed may answer wrongly for a moment: a new role takes seconds to be known everywhere.
_ATTEMPTS = 3
_SECONDS_BETWEEN = 2.0
_SHOWN = 300

# None when a check passed, or what was wrong.
Verdict = str | None


class Checks(Protocol):
    """Runs smoke tests against one stack in one target."""

    def __call__(self, account: TargetAccount, stack: Stack, tests: Iterable[SmokeTest]) -> list[SmokeTestOutcome]:
        """Run them all; none declared means that every function must be active and answer a dry run."""


@dataclass(frozen=True)
class StackChecks:
    """The real checks.

    Args:
        sleep: waits that many seconds between attempts.
        web: calls URLs, which the repository and the stack choose.
    """

    sleep: Sleep
    web: PublicWeb

    def __call__(self, account: TargetAccount, stack: Stack, tests: Iterable[SmokeTest]) -> list[SmokeTestOutcome]:
        """Run the checks, each up to three times."""
        state = stack.state()
        outputs = state.outputs if state else {}
        checks = [self._check(account, outputs, test) for test in tests] or [
            (f"{name} is active", _active(account, name)) for name in stack.functions().values()
        ]
        return [self._outcome(account, name, check) for name, check in checks]

    def _check(
        self, account: TargetAccount, outputs: dict[str, str], test: SmokeTest
    ) -> tuple[str, Callable[[], Verdict]]:
        if isinstance(test, InvokeTest):
            return f"invoke {test.invoke}", lambda: _invoke(account, outputs, test)
        return f"call {test.url}", lambda: _call(self.web, outputs, test)

    def _outcome(self, account: TargetAccount, name: str, check: Callable[[], Verdict]) -> SmokeTestOutcome:
        retrying = Retrying(
            retry=retry_if_result(lambda verdict: verdict is not None),
            wait=wait_fixed(_SECONDS_BETWEEN),
            stop=stop_after_attempt(_ATTEMPTS),
            sleep=self.sleep,
            retry_error_callback=lambda attempt: attempt.outcome.result() if attempt.outcome else None,
        )
        verdict: Verdict = retrying(check)
        return SmokeTestOutcome(
            test=name, target=str(account.target), passed=verdict is None, message=verdict or "passed"
        )


def _invoke(account: TargetAccount, outputs: dict[str, str], test: InvokeTest) -> Verdict:
    if test.invoke not in outputs:
        return f"the stack has no output {test.invoke!r}; it has {', '.join(sorted(outputs)) or 'none'}."
    try:
        answer = account.functions.invoke(FunctionName=outputs[test.invoke], Payload=json.dumps(test.payload))
    except (ClientError, BotoCoreError) as error:
        return f"{outputs[test.invoke]} could not be invoked: {error}"
    body = answer["Payload"].read()
    if "FunctionError" in answer:
        return f"{outputs[test.invoke]} failed: {_short(body.decode(errors='replace'))}"
    try:
        return judge(json.loads(body or b"null"), test)
    except json.JSONDecodeError:
        return f"{outputs[test.invoke]} did not answer with JSON: {_short(body.decode(errors='replace'))}"


def judge(answer: Any, test: InvokeTest) -> Verdict:
    """Compare an answer with what a test wants of it."""
    if test.match is not None:
        try:
            found = jmespath.search(test.match, answer)
        except JMESPathError as error:
            return f"match = {test.match!r} is not valid JMESPath: {error}"
        if found is not True:
            return f"match = {test.match!r} is {json.dumps(found)} for the answer {_short(json.dumps(answer))}"
    if test.expect is not None and not is_subset(test.expect, answer):
        return f"expected {json.dumps(test.expect)} within the answer {_short(json.dumps(answer))}"
    return None


def is_subset(expected: Any, actual: Any) -> bool:
    """Whether a document holds all that is expected: keys of objects may be more, lists must be as long."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(key in actual and is_subset(value, actual[key]) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(is_subset, expected, actual))
    return type(expected) is type(actual) and bool(expected == actual)


def _call(web: PublicWeb, outputs: dict[str, str], test: UrlTest) -> Verdict:
    url = outputs.get(test.url, test.url)
    if not url.startswith("https://"):
        return (
            f"{test.url!r} is neither an https URL nor an output that holds one; outputs are "
            f"{', '.join(sorted(outputs)) or 'none'}."
        )
    try:
        status, content = web.get(url)
    except WebError as error:
        return str(error)
    if status != test.status:
        return f"{url} answered {status}, expected {test.status}"
    body = content.decode(errors="replace")
    if test.contains is not None and test.contains not in body:
        return f"{url} answered without {test.contains!r}: {_short(body)}"
    return None


def _active(account: TargetAccount, name: str) -> Callable[[], Verdict]:
    def check() -> Verdict:
        try:
            found = account.functions.get_function_configuration(FunctionName=name)
            if found.get("State", "Active") != "Active":
                return f"{name} is {found['State']}: {found.get('StateReason', 'no reason given')}"
            account.functions.invoke(FunctionName=name, InvocationType="DryRun")
        except (ClientError, BotoCoreError) as error:
            return f"{name} does not answer a dry run: {error}"
        return None

    return check


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
