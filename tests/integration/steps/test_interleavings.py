"""Any interleaving of promotions, decisions, failures, stops and lost or doubled events keeps the promises.

The real steps and the real ledger (on moto), one unit and one environment that asks for approval; Step Functions and
the target are played by a few lines, so that Hypothesis can try thousands of orders.
"""

from contextlib import ExitStack, suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from moto import mock_aws

from tests.integration.steps.played_promotions import PlayedPromotions
from tests.integration.steps.played_world import KilledError, Run


class Promotions(RuleBasedStateMachine):
    """Promotions of one unit to one environment."""

    @initialize()
    def begin(self) -> None:
        """An empty ledger."""
        self.stack = ExitStack()
        self.stack.enter_context(mock_aws())
        self.played = PlayedPromotions()
        self.orders: list[str] = [""]

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.stack.close()

    def one_of(self, runs: list[Run], number: int) -> Run | None:
        """One of some promotions; a newer one for a smaller number."""
        return runs[-1 - number % len(runs)] if runs else None

    @rule(by_hand=st.booleans(), later=st.integers(0, 2))
    def start(self, by_hand: bool, later: int) -> None:  # noqa: FBT001  # Hypothesis draws it.
        """A merge or a person; several may start in one moment. Two at a time meet most often."""
        if len(self.played.under_way) < 2:
            self.played.start(by_hand=by_hand, later=later)

    # Three rules, so that most of what happens is that some promotion goes on.
    @rule(number=st.integers(0, 1), yes=st.booleans())
    def go_on(self, number: int, yes: bool) -> None:  # noqa: FBT001  # Hypothesis draws it.
        """The next step of a promotion; when it waits, somebody decides."""
        if run := self.one_of(self.played.under_way, number):
            self.played.go_on(run, well=yes)

    @rule(number=st.integers(0, 1))
    def go_on_well(self, number: int) -> None:
        """The next step of a promotion, with a good end."""
        self.go_on(number, yes=True)

    @rule(number=st.just(1))
    def an_older_one_goes_on_well(self, number: int) -> None:
        """The next step of a promotion that is not the newest."""
        self.go_on(number, yes=True)

    @rule(number=st.integers(0, 3), what=st.sampled_from(["stop", "tell", "tell", "decide", "kill", "resume"]))
    def disturb(self, number: int, what: str) -> None:
        """What comes from outside, at any moment."""
        runs = self.played.world.runs
        if what == "resume":
            self.played.resume()
        elif what == "decide" and (run := self.one_of(runs, number)):
            self.played.decided(run, approve=True)
        elif what == "kill" and (run := self.one_of(runs, number)):
            # Between taking a decision and handing it on; where there is none to be taken, nothing is killed.
            self.played.world.killed = "before"
            with suppress(KilledError):
                self.played.decided(run, approve=True)
            self.played.world.killed = None
        elif what == "stop" and (run := self.one_of(self.played.under_way, number)):
            # By hand, or its process died.
            run.status = "ABORTED"
        elif run := self.one_of([one for one in runs if one.status != "RUNNING"], number):
            # The event of an end: for some it never comes, for others twice.
            self.played.tell_end(run)

    @precondition(lambda self: hasattr(self, "played"))
    @invariant()
    def the_ledger_is_right(self) -> None:
        """What is good passed its smoke tests; what is newest stays so; what is healthy is what is deployed."""
        running = self.played.ledger.environments.running("clock", "prod")
        assert set(running.good) <= self.played.passed
        assert running.order >= self.orders[-1]
        self.orders.append(running.order)
        if running.status in ("HEALTHY", "ROLLED_BACK"):
            assert running.version == self.played.world.deployed

    @precondition(lambda self: hasattr(self, "played"))
    @invariant()
    def at_most_one_promotion_that_runs_is_between_deployment_and_verdict(self) -> None:
        """Never two at once in one environment."""
        assert len(self.played.at("verify")) <= 1


def test_a_promotion_that_nothing_disturbs_is_deployed() -> None:
    """The played world lets the steps do what they do: else no order of them could break a promise."""
    with mock_aws():
        played = PlayedPromotions()
        played.start(by_hand=False, later=1)
        (run,) = played.world.runs
        for _ in ("plan", "approve", "deploy", "verify"):
            played.go_on(run, well=True)
        assert (run.status, played.world.deployed) == ("SUCCEEDED", run.release.version)


TestPromotions = Promotions.TestCase
TestPromotions.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
