"""Whatever is pushed, and whatever becomes of events and messages: in the end, all is as the branch calls for."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from orchestrator.ledger.ledger import Ledger
from orchestrator.ledger.trains import Train
from orchestrator.source.catalog import read_catalog
from orchestrator.source.demand import PATIENCE
from orchestrator.trains.names import ARRIVED
from state_machines.unit_stack import unit_stack
from tests.integration.steps.branch_world import Start, World
from tests.interrupted_git import interrupted
from tests.ledger_table import make_ledger_table
from tests.merges import ORGANIZATION, project
from tests.source_repository import Repository

_NOT_THERE = "f" * 40
UNITS = ("clock", "calendar")
TRAIN = '\n[[trains]]\nname = "times"\nunits = ["clock", "calendar"]\n'


def push(world: World, number: int) -> None:
    """Change a unit."""
    world.repository.commit({f"projects/{UNITS[number % 2]}/code.py": f"value = {number}\n", **_projects(world)})


def push_both(world: World, number: int) -> None:
    """Change both units at once."""
    world.repository.commit(
        {**{f"projects/{name}/code.py": f"both = {number}\n" for name in UNITS}, **_projects(world)}
    )


def arrive(world: World, number: int) -> None:
    """Some train ends, most of them well."""
    trains = [one for one in world.started if one.train]
    if trains:
        ended = trains[number % len(trains)]
        status, outcome = ("FAILED", "FAILED") if number == 1 else ("SUCCEEDED", ARRIVED)
        train = Train(name=ended.name, execution=ended.name, started_at=world.now)
        world.ledger.trains.begin(train)
        world.ledger.trains.end(train, {"status": status, "outcome": outcome})


def break_(world: World, number: int) -> None:
    """Write a project file that is not valid; whoever pushes that unit next mends it."""
    world.repository.commit({f"projects/{UNITS[number % 2]}/pyproject.toml": "[project]\n"})


def ask_approval(world: World, number: int) -> None:
    """Change what only state machines are made of."""
    text = (
        project(UNITS[number % 2])
        + f'[tool.orchestrator]\nrequired_approvals.dev = {number % 3 + 1}\nrequires_approval = ["dev"]\n'
    )
    world.repository.commit({f"projects/{UNITS[number % 2]}/pyproject.toml": text})


def remove(world: World, number: int) -> None:
    """Take a unit away."""
    shutil.rmtree(world.repository.folder / "projects" / UNITS[number % 2], ignore_errors=True)
    world.repository.commit({})


def go_back(world: World, number: int) -> None:
    """Push an earlier state by force, as far back as there is one."""
    known = world.repository.git("rev-list", "main").split()
    world.repository.git("reset", "--quiet", "--hard", known[number % len(known)])


def event(world: World, number: int) -> None:
    """One that came, in time or not: of the newest push, of an older one, or of one that is not there yet."""
    pushed = [*world.repository.git("rev-list", "--max-count=2", "HEAD").split(), _NOT_THERE]
    world.look(pushed[number % len(pushed)])


def overtaken(world: World, number: int) -> None:
    """A look in the middle of which the branch moves, and another look begins and ends."""
    world.meanwhile = [lambda: event(world, 0), lambda: push(world, number)]
    event(world, number)


def deliver(world: World, number: int) -> None:
    """A message that came."""
    world.deliver(number)


def lose(world: World, _: int) -> None:
    """A message that did not come."""
    del world.queue[:1]


def double(world: World, _: int) -> None:
    """A message that comes twice."""
    world.queue += world.queue[:1]


def wait(world: World, _: int) -> None:
    """Some time."""
    world.now += PATIENCE


ACTIONS = (
    *(push, push_both, arrive, break_, ask_approval, remove, go_back),
    *(event, event, overtaken, deliver, deliver, lose, double, wait),
)


def _projects(world: World) -> dict[str, str]:
    """The project files of units that are not there, or not valid."""
    files = {f"projects/{name}/pyproject.toml": project(name) for name in UNITS}
    paths = {file: world.repository.folder / file for file in files}
    return {
        file: text
        for file, text in files.items()
        if not paths[file].exists() or "version" not in paths[file].read_text()
    }


@pytest.fixture(scope="module")
def new_world() -> Iterator[Callable[..., World]]:
    """Makes worlds with a ledger of their own."""
    with mock_aws():
        session = boto3.Session("test", "test", region_name="eu-west-1")

        def make(folder: Path, trains: str = TRAIN) -> World:
            repository = Repository(folder)
            repository.commit({"orchestrator.toml": ORGANIZATION + trains})
            table = make_ledger_table(session, f"ledger-{folder.name}")
            world = World(repository, Ledger(table, lambda: datetime.now(UTC)))
            for number in (0, 2):
                push(world, number)
                world.settle()
            return world

        yield make


@pytest.mark.parametrize("trains", [TRAIN, ""], ids=["in trains", "alone"])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 3)), max_size=12))
@example(story=[(push, 0), (arrive, 3), (event, 0), (break_, 0), (lose, 0)])
def test_any_story_ends_in_what_the_newest_state_calls_for(
    new_world: Callable[[Path, str], World], trains: str, story: list[tuple[Callable[[World, int], None], int]]
) -> None:
    """The last promotion of each unit is of its newest digest, each stack is as defined, nothing ran for nothing."""
    with TemporaryDirectory() as folder:
        world = new_world(Path(folder), trains)
        for action, number in story:
            action(world, number)
        world.settle()
        catalog = read_catalog(world.repository.read, "main")
        for name in UNITS:
            last, template = world.last(name), world.templates.get(f"promote-{name}")
            if name in catalog.facts:
                # Where a member of its train is not valid, it waits.
                waits = bool(catalog.problems)
                assert waits or (last and last.digests[name] == catalog.digest(name))
                assert waits or template == unit_stack(catalog.unit(name), catalog.organization)
            elif template and not catalog.problems:
                assert '\\"Retired\\"' in template
        check_starts(world, in_trains=bool(trains))


def check_starts(world: World, *, in_trains: bool) -> None:
    """Nothing ran for nothing; all that a train takes along is of one commit; who goes alone leaves nobody behind."""
    before: dict[str, Start] = {}
    for start in world.started:
        assert any(name not in before or before[name].digests[name] != digest for name, digest in start.digests.items())
        catalog = read_catalog(world.repository.read, start.commit)
        assert start.digests == {name: catalog.digest(name) for name in start.digests}
        assert start.train is (len(start.digests) > 1)
        for other in set(UNITS) & set(catalog.facts) - set(start.digests) if in_trains else ():
            left = before[other]
            assert left.digests[other] == catalog.digest(other)
            assert not left.train or world.ledger.trains.has_arrived(left.name)
        before |= dict.fromkeys(start.digests, start)


def test_a_branch_that_moves_within_a_look_starts_nothing_twice(
    new_world: Callable[[Path], World], tmp_path: Path
) -> None:
    """What the look finds is of the commit that it names; what came since is found by the next one."""
    (tmp_path / "shop").mkdir()
    world = new_world(tmp_path / "shop")
    repository, before = world.repository, len(world.started)
    earlier = repository.commit({"README.md": "No unit is made of this."})
    push(world, 4)
    newest = repository.git.head
    repository.git("update-ref", "refs/heads/main", earlier)
    whole = repository.read
    # A commit and its tree are asked for, to see whether there is anything to look at; and then the commit once more.
    repository.read = interrupted(repository.folder, tmp_path / "tools", f"update-ref refs/heads/main {newest}", 3)
    world.look()
    repository.read = whole
    world.settle()
    assert [one.commit for one in world.started[before:]] == [newest]


def test_a_push_that_is_not_there_yet_comes_again_whatever_becomes_of_the_look(
    new_world: Callable[[Path], World], tmp_path: Path
) -> None:
    """Another look may overtake it, and it may find nothing that is valid: who pushed must be noted later."""
    (tmp_path / "store").mkdir()
    world = new_world(tmp_path / "store")
    world.meanwhile = [lambda: push(world, 4), world.look]
    overtaken = world.look(_NOT_THERE)
    assert overtaken
    assert (overtaken.is_unseen, overtaken.problems) == (True, ())
    world.repository.commit({"orchestrator.toml": "["})
    invalid = world.look(_NOT_THERE)
    assert invalid
    assert (invalid.is_unseen, "orchestrator.toml" in invalid.problems[0]) == (True, True)
    assert [one.commit for name in UNITS for one in world.ledger.pushes.of([name])] == []
