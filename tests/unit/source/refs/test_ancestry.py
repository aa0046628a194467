"""The walk from a branch's newest commit back to another one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.source.refs.ancestry import contains
from orchestrator.source.repository import Commit

DAY = datetime(2026, 1, 1, tzinfo=UTC)


class Graph:
    """Commits by their ids, which count up; those that are lost are not known."""

    def __init__(self, parents: list[list[int]], lost: frozenset[int] = frozenset()) -> None:
        self.parents = parents
        self.lost = lost

    def made(self, number: int) -> Commit:
        """One commit, an hour younger than the one before."""
        parents = tuple(str(one) for one in self.parents[number])
        return Commit(str(number), "Ada <ada@example.com>", DAY + timedelta(hours=number), "Change", parents)

    def commit(self, identity: str) -> Commit | None:
        """One that is known."""
        return None if int(identity) in self.lost else self.made(int(identity))

    def ancestors(self, number: int) -> set[int]:
        """Itself and all that came before it."""
        return {number}.union(*(self.ancestors(parent) for parent in self.parents[number]))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any history of a few commits; each has parents among those before it."""
    count = draw(st.integers(1, 12))
    choices = [st.lists(st.integers(0, number - 1), max_size=2, unique=True) for number in range(1, count)]
    parents = [[], *(draw(choice) for choice in choices)]
    return Graph(parents, draw(st.frozensets(st.integers(0, count - 1))))


@given(graphs(), st.data())
def test_a_commit_is_contained_only_if_it_came_before(graph: Graph, data: st.DataObject) -> None:
    """Never where it did not; and where all is known and looked at, always where it did."""
    numbers = st.integers(0, len(graph.parents) - 1)
    newest, asked, most = data.draw(numbers), data.draw(numbers), data.draw(st.integers(0, 20))
    found = contains(graph, str(newest), graph.made(asked), most)
    expected = asked in graph.ancestors(newest)
    if found is not None:
        assert found == expected
    if not graph.lost and most > len(graph.parents):
        assert found == expected


def test_a_history_that_ends_is_not_taken_for_all_of_it() -> None:
    """As in a shallow clone, or after as many commits as are looked at."""
    parents = [[], *([number] for number in range(50))]
    assert contains(Graph(parents), "50", Graph(parents).made(40), most=50) is True
    assert contains(Graph(parents, frozenset({45})), "50", Graph(parents).made(40), most=50) is None
    assert contains(Graph(parents), "50", Graph(parents).made(40), most=5) is None


def test_what_is_much_older_is_not_looked_at() -> None:
    """Else each commit of another branch would cost the whole history."""
    history = Graph([[], *([number] for number in range(99)), []])
    asked: list[str] = []

    class Noting(Graph):
        def commit(self, identity: str) -> Commit | None:
            asked.append(identity)
            return super().commit(identity)

    assert contains(Noting(history.parents), "99", history.made(100), most=1_000) is False
    assert len(asked) < 30
