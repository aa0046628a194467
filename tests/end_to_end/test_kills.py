"""What carries a step out is killed, or fails: nothing is lost, and a retry brings the promotion to its end.

`make kill-test` kills Lambdas in the middle of steps fifty times in a row. Where is decided by a seed; what the process
was at is not.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orchestrator.config.infrastructure import function_name
from orchestrator.errors import BuildError
from orchestrator.ledger.promotions import Promotion
from orchestrator.local.cloud import LocalCloud
from orchestrator.promotions.start import Starter
from tests.end_to_end.company import Company
from tests.end_to_end.shared import Shared
from tests.end_to_end.victim import STATES, Victim, give_releases
from tests.failures.kinds import Failure
from tests.failures.table import FAILURES
from tests.waiting import until

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the Lambdas' processes in /proc")

_SEED = 20_260_101
# What a step takes here once its Lambda is warm; it takes a second more when it is started cold.
_LONGEST_DELAY = 0.25


@pytest.fixture(scope="module")
def company(installation: Shared) -> Iterator[Company]:
    """A company with releases."""
    with installation.company("pendulum") as made:
        give_releases(made)
        yield made


def processes_of(cloud: LocalCloud, step: str) -> list[int]:
    """The processes that carry a step out."""
    wanted = str(cloud.scratch / f"ministack-lambda-{function_name(step)}-")
    found = []
    for entry in Path("/proc").iterdir():
        try:
            folder = str((entry / "cwd").readlink()) if entry.name.isdigit() else ""
        except OSError:
            continue
        if folder.startswith(wanted):
            found.append(int(entry.name))
    return found


def kill(cloud: LocalCloud, step: str) -> None:
    """End a step's processes at once, whatever they are at."""
    for process in processes_of(cloud, step):
        os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("failure", [one for one in FAILURES if "build" in one.endings], ids=lambda one: one.name)
def test_a_build_that_fails_touches_nothing(company: Company, installation: Shared, failure: Failure) -> None:
    """The cause can be read, nothing is under way any more, and the next one is built and deployed."""
    before = company.ask("dev")["version"]
    commit = company.change("src/clock/notes.py", f'NOTE = "{failure.name}"\n')
    installation.build_instead(partial(fail, getattr(failure, "answer", None)))
    execution = start(company, commit)
    seen = company.follow(execution)
    installation.build_instead(None)
    assert seen.status == "FAILED"
    recorded = until(lambda: next((one for one in ended(company) if one.execution == execution), None))
    assert recorded.message == seen.message
    assert seen.message
    assert company.ask("dev")["version"] == before
    seen = company.follow(start(company, commit))
    assert seen.status == "SUCCEEDED", seen.message
    assert company.ask("dev")["version"] == seen.version
    until(lambda: company.ledger.promotions.under_way(company.unit) == [] or None)


def fail(how: object, _: dict[str, Any]) -> dict[str, Any]:
    """A build that answers garbage or fails, as one does that its worker ends because it takes too long."""
    if isinstance(how, dict):
        return how
    raise BuildError("pendulum", "a step", str(how))


def start(company: Company, commit: str) -> str:
    """Promote a commit to dev."""
    arn = company.organization.state_machine_arn(f"promote-{company.unit}")
    request = {"commit": commit, "to": "dev"}
    return Starter(company.wiring.stepfunctions, lambda: datetime.now(UTC)).start(arn, "build", request)


def ended(company: Company) -> list[Promotion]:
    """The promotions that the ledger knows to have ended."""
    return [one for one in company.ledger.promotions.promotions(company.unit) if one.ended_at]


def test_nothing_is_lost_when_lambdas_are_killed(
    company: Company, cloud: LocalCloud, request: pytest.FixtureRequest
) -> None:
    """Every step is killed; what failed of it is retried; each time the promotion ends as if nothing had been."""
    dice = random.Random(_SEED)  # noqa: S311  # For a test.
    points = request.config.getoption("--kill-points")
    steps = [step for _ in range(points // len(STATES) + 1) for step in dice.sample(list(STATES), len(STATES))]
    failed: Counter[str] = Counter()
    for step in steps[:points]:
        victim = Victim(company, step, dice.uniform(0, _LONGEST_DELAY))
        execution = victim.start()
        victim.meet(execution, partial(kill, cloud, step))
        seen = victim.follow(execution)
        if seen.status == "FAILED" and "smoke tests" not in seen.message:
            failed[step] += 1
            seen = victim.recover(execution)
        assert seen.status == ("FAILED" if step == "roll_back" else "SUCCEEDED"), f"{step}: {seen.message}"
        victim.check()
    print(f"{points} kills, of which {failed.total()} failed a promotion: {dict(failed)}")  # noqa: T201  # For whoever runs it by hand.
    assert failed, "No kill met a step: the delays are too long for this machine."
