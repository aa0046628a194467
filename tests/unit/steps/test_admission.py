"""Whether a promotion may enter an environment: properties of the one decision."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.environment import Environment
from orchestrator.config.windows import DAYS, Window
from orchestrator.ledger.controls import Freeze, Hold, Quarantine
from orchestrator.ledger.environments import Running
from orchestrator.ledger.promotions import Promotion
from orchestrator.steps.admission import Facts, admit
from orchestrator.steps.contract import Execution, Release, Request, Status, StepInput

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORDERS = st.sampled_from([NOW - timedelta(hours=1), NOW - timedelta(minutes=1), NOW + timedelta(hours=1)])
VERSIONS = st.sampled_from(["0.1.0", "0.2.0"])
REQUESTS = st.builds(
    Request,
    version=st.just("0.1.0"),
    branch=st.none() | st.just("main"),
    override_freeze=st.booleans(),
    reason=st.just("why"),
)


def order(moment: datetime) -> str:
    """The order of a promotion that started then."""
    return Execution(id="arn", name="x", started_at=moment).order


def environment(*windows: Window, hold: str = "until_resumed") -> Environment:
    """An environment."""
    return Environment.model_validate(
        {"name": "prod", "account": "5" * 12, "region": "eu-west-1", "windows": windows, "hold": hold}
    )


def step(request: Request | None = None, where: Environment | None = None, version: str = "0.1.0") -> StepInput:
    """What a promotion that started a minute ago asks for."""
    return StepInput(
        release=Release(unit="orders", version=version, digest="d", commit="c", manifest="m", manifest_sha256="s"),
        environment=where or environment(),
        stack_name="app-orders",
        execution=Execution(id="arn:mine", name="mine", started_at=NOW - timedelta(minutes=1)),
        request=request or Request(version=version),
    )


FREEZES = st.builds(
    Freeze,
    environment=st.sampled_from(["*", "prod", "dev"]),
    unit=st.sampled_from(["*", "orders", "invoices"]),
    until=st.sampled_from([NOW - timedelta(hours=1), NOW + timedelta(minutes=20), NOW + timedelta(days=9)]),
    reason=st.just("Audit."),
    lifted_at=st.none() | st.just("2026-11-24"),
)
FACTS = st.builds(
    Facts,
    running=st.builds(lambda moment: Running(unit="orders", environment="prod", order=order(moment)), ORDERS),
    hold=st.none()
    | st.builds(
        lambda moment, version: Hold(
            unit="orders", environment="prod", version=version, reason="r", order=order(moment)
        ),
        ORDERS,
        VERSIONS,
    ),
    quarantine=st.none() | st.just(Quarantine(unit="orders", version="0.1.0", reason="Leak.")),
    freezes=st.lists(FREEZES, max_size=3).map(tuple),
    train_differs=st.booleans(),
    automatic=st.booleans(),
    ahead=st.sampled_from(
        [(), (Promotion(unit="orders", execution="e", name="first", started_at="2026-11-24T11:00:00.000Z"),)]
    ),
)
CLOSED = Window.model_validate({"days": DAYS, "from": "13:00", "to": "14:00", "timezone": "UTC"})


@given(FACTS, REQUESTS, st.booleans())
def test_whatever_is_admitted_has_nothing_against_it(facts: Facts, request: Request, closed: bool) -> None:  # noqa: FBT001  # Hypothesis draws it.
    """Each rule by itself is enough to keep a promotion out."""
    asked = step(request, environment(*([CLOSED] if closed else [])))
    refusal = admit(asked, facts, NOW)
    frozen = closed or any(one.closes("orders", "prod", NOW) for one in facts.freezes)
    against = {
        Status.SUPERSEDED: facts.running.order > asked.execution.order,
        Status.QUARANTINED: facts.quarantine is not None,
        Status.HELD: facts.hold is not None and facts.automatic,
        Status.FROZEN: frozen and not request.override_freeze,
        Status.QUEUED: bool(facts.ahead),
    }
    expected = next((status for status, applies in against.items() if applies), None)
    assert (refusal.status if refusal else None) == expected


@given(FACTS, REQUESTS)
def test_waiting_is_never_busy_nor_longer_than_45_minutes(facts: Facts, request: Request) -> None:
    """Three transitions each time: at most one in 15 minutes while nothing opens."""
    refusal = admit(step(request), facts, NOW)
    if refusal and refusal.status is Status.FROZEN:
        last = max(one.until for one in facts.freezes if one.closes("orders", "prod", NOW))
        assert refusal.retry_after == min(2_700, (last - NOW).total_seconds())
    if refusal and refusal.status in (Status.SUPERSEDED, Status.HELD, Status.QUARANTINED):
        assert refusal.retry_after == 0


def test_a_window_is_waited_for_to_the_second() -> None:
    """When it opens within 45 minutes; the message says when."""
    refusal = admit(
        step(None, environment(CLOSED)), Facts(Running(unit="orders", environment="prod")), NOW.replace(minute=30)
    )
    assert refusal is not None
    assert refusal.retry_after == 1_800
    assert "2026-11-24 13:00 UTC" in refusal.message


@pytest.mark.parametrize(
    ("hold", "held_by", "differs", "admitted"),
    [
        ("until_newer", timedelta(hours=1), True, True),
        ("until_newer", timedelta(hours=1), False, False),
        ("until_newer", -timedelta(hours=1), True, False),
        ("until_resumed", timedelta(hours=1), True, False),
    ],
)
def test_what_a_train_left_comes_in_again_with_another_release_of_any_member(
    hold: str,
    held_by: timedelta,
    differs: bool,  # noqa: FBT001  # A case.
    admitted: bool,  # noqa: FBT001  # A case.
) -> None:
    """What failed need not be what is mended; where a newer release is enough."""
    facts = Facts(
        running=Running(unit="orders", environment="prod"),
        hold=Hold(unit="orders", environment="prod", version="0.1.0", reason="r", order=order(NOW - held_by)),
        train_differs=differs,
        automatic=True,
    )
    request = Request(commit="c", branch="main", train="billing-2")
    assert (admit(step(request, environment(hold=hold), "0.1.0"), facts, NOW) is None) is admitted


@pytest.mark.parametrize(
    ("hold", "version", "held_by", "admitted"),
    [
        ("until_resumed", "0.2.0", timedelta(hours=1), False),
        ("until_newer", "0.2.0", timedelta(hours=1), True),
        ("until_newer", "0.1.0", timedelta(hours=1), False),
        ("until_newer", "0.2.0", -timedelta(hours=1), False),
    ],
)
def test_a_hold_ends_as_it_is_configured(hold: str, version: str, held_by: timedelta, admitted: bool) -> None:  # noqa: FBT001  # A case.
    """With a newer release than the one that failed, where that is enough."""
    facts = Facts(
        running=Running(unit="orders", environment="prod"),
        hold=Hold(unit="orders", environment="prod", version="0.1.0", reason="r", order=order(NOW - held_by)),
        automatic=True,
    )
    request = Request(commit="c", branch="main")
    assert (admit(step(request, environment(hold=hold), version), facts, NOW) is None) is admitted
