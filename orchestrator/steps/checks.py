"""The smoke tests themselves: invoke a function and match the answer, call a URL, or see that all is active."""

import json
import urllib.error
import urllib.request
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

# What has just been deployed may answer wrongly for a moment: a new role takes seconds to be known everywhere.
_ATTEMPTS = 3
_SECONDS_BETWEEN = 2.0
_URL_TIMEOUT_SECONDS = 10
_BODY_READ = 1_000_000
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
    """

    sleep: Sleep

    def __call__(self, account: TargetAccount, stack: Stack, tests: Iterable[SmokeTest]) -> list[SmokeTestOutcome]:
        """Run the checks, each up to three times."""
        state = stack.state()
        outputs = state.outputs if state else {}
        checks = [_check(account, outputs, test) for test in tests] or [
            (f"{name} is active", _active(account, name)) for name in stack.functions().values()
        ]
        return [self._outcome(account, name, check) for name, check in checks]

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


def _check(account: TargetAccount, outputs: dict[str, str], test: SmokeTest) -> tuple[str, Callable[[], Verdict]]:
    if isinstance(test, InvokeTest):
        return f"invoke {test.invoke}", lambda: _invoke(account, outputs, test)
    return f"call {test.url}", lambda: _call(outputs, test)


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


def _call(outputs: dict[str, str], test: UrlTest) -> Verdict:
    url = outputs.get(test.url, test.url)
    # An output is made by CloudFormation; what stands in the repository must be https.
    if not url.startswith("https://") and not (test.url in outputs and url.startswith("http://")):
        return (
            f"{test.url!r} is neither an https URL nor an output; outputs are {', '.join(sorted(outputs)) or 'none'}."
        )
    try:
        with urllib.request.urlopen(url, timeout=_URL_TIMEOUT_SECONDS) as answer:  # noqa: S310  # Checked above.
            status, body = answer.status, answer.read(_BODY_READ).decode(errors="replace")
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read(_BODY_READ).decode(errors="replace")
    except OSError as error:
        return f"{url} could not be called: {error}"
    if status != test.status:
        return f"{url} answered {status}, expected {test.status}"
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
