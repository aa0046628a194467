"""The whole cloud ends in the middle of everything and comes back: executions are lost and no event says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.config.organization import Lambda, Organization
from orchestrator.local.cloud import LocalCloud, free_port
from tests.end_to_end.company import Company
from tests.end_to_end.conftest import prepare, roots_of, sessions_of
from tests.end_to_end.victim import Victim, give_releases
from tests.waiting import until

_TRIES = 5


@dataclass
class World:
    """A cloud that keeps its state, and a company in it.

    Attributes:
        cloud: that of this module alone.
        company: anew after each restart, as whoever looks at it is.
    """

    cloud: LocalCloud
    company: Company

    def restart(self) -> None:
        """End the cloud with all that runs in it, and start it again."""
        assert self.cloud.down()
        self.cloud.up()
        new_session = sessions_of(self.cloud)
        self.company = Company(self.company.organization, self.company.folder, roots_of(new_session), new_session)


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    new_organization: Callable[[str], Organization],
    templates_of: Callable[[Organization], dict[str, str]],
    bundle: Callable[[Lambda, Path], None],
) -> Iterator[World]:
    """A company with releases, on a cloud that may be restarted."""
    folder = tmp_path_factory.mktemp("repository")
    organization = new_organization(folder.as_uri())
    cloud = LocalCloud(tmp_path_factory.mktemp("restarted"), free_port(), keep=True)
    cloud.up()
    new_session = sessions_of(cloud)
    company = Company(organization, folder, roots_of(new_session), new_session)
    list(prepare(organization, new_session, templates_of, bundle).install())
    company.found()
    with company.worker():
        give_releases(company)
    yield World(cloud, company)
    cloud.down()


def lose(world: World, step: str) -> tuple[Victim, str]:
    """Restart the cloud while a promotion is at a step; tried again when the promotion was faster."""
    for _ in range(_TRIES):
        victim = Victim(world.company, step, delay=0.0)
        execution = victim.start()
        victim.meet(execution, world.restart)
        victim.company = world.company
        ended = victim.ended(execution)
        if ended is None or "restarted" in ended.message:
            return victim, execution
        victim.check()
    pytest.fail(f"{step} was always over before the cloud was.")


@pytest.mark.parametrize("step", ["plan", "deploy", "smoke_test", "roll_back"])
def test_a_promotion_that_the_cloud_lost_is_taken_up_where_it_was(world: World, step: str) -> None:
    """The lock that it left is taken over; ledger and account agree, and history says what became of it."""
    victim, lost = lose(world, step)
    seen = victim.recover(lost)
    assert seen.status == ("FAILED" if victim.is_broken else "SUCCEEDED"), seen.message
    victim.check()
    recorded = next(one for one in world.company.ledger.promotions.promotions("clock") if one.execution == lost)
    assert (recorded.status, recorded.message) == ("FAILED", "Execution was running when service restarted")


def test_an_approval_that_the_cloud_lost_blocks_nobody(world: World) -> None:
    """A decision on it is refused, saying why; the next promotion asks for its own."""
    victim = Victim(world.company, "request_approval", delay=0.0)
    lost = victim.start()
    until(lambda: world.company.waits(lost))
    world.restart()
    company = victim.company = world.company
    decided = company.start_gate({"release": victim.version, "decision": "approve", "plan": company.plan()})
    assert "no longer waits" in decided["cause"]
    assert victim.follow(victim.start()).status == "SUCCEEDED"
    victim.check()
    assert company.ask("prod")["version"] == victim.version


def test_builds_go_on_after_a_restart(world: World) -> None:
    """The activity that workers ask for them is there, and hands them out."""
    world.restart()
    company = world.company
    source = (company.folder / "projects" / company.unit / "src/clock/__init__.py").read_text()
    with company.worker():
        execution = company.merge(company.change("src/clock/__init__.py", f"{source}\n# After a restart.\n"))
        version = until(lambda: company.waits(execution))
    assert company.decide(execution, "reject")["status"] == "SUCCEEDED"
    assert company.ask("staging")["version"] == version
