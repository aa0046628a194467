"""What whoever asks for a commit's units has to ask of the host, where `on_merge` has looked at the branch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orchestrator.errors import ArtifactError
from orchestrator.source.catalog import read_catalog
from orchestrator.source.surveyed import Surveyed
from orchestrator.steps.catalogs import Catalogs
from orchestrator.steps.surveys import Seen, Surveys
from tests.codecommit.opened import opened
from tests.codecommit.server import CodeCommitServer
from tests.memory_store import MemoryStore
from tests.source_repository import ORGANIZATION, Repository, unit

UNITS = 20
AFTER = 'after = ["unit0"]\n'


@dataclass(frozen=True)
class _Site:
    """A repository in CodeCommit, and where `on_merge` keeps what it finds."""

    repository: Repository
    server: CodeCommitServer
    store: MemoryStore

    def surveys(self) -> Surveys:
        """As a new process reads and writes them."""
        return Surveys(self.store, "surveys/branch.json", "code")

    def look(self) -> None:
        """What `on_merge` does first and last."""
        self.surveys().keep(Seen(1, read_catalog(opened(self.server), "main").surveyed))

    def calls(self, ask: Callable[[], object]) -> int:
        """How many calls of CodeCommit something takes."""
        before = len(self.server.calls)
        ask()
        return len(self.server.calls) - before

    def catalogs(self) -> Catalogs:
        """As a cold start makes them."""
        return Catalogs(opened(self.server), self.surveys())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[_Site]:
    """Many units, one of which comes after another one."""
    repository = Repository(tmp_path)
    files = {f"projects/unit{number}/pyproject.toml": f"# {number}\n{unit()}" for number in range(UNITS)}
    files["projects/unit1/pyproject.toml"] += AFTER
    repository.commit({"orchestrator.toml": ORGANIZATION, **files})
    server = CodeCommitServer(tmp_path)
    yield _Site(repository, server, MemoryStore())
    server.close()


def _comparable(surveyed: Surveyed) -> Surveyed:
    return replace(surveyed, problems={})


def test_units_of_a_commit_that_on_merge_saw_are_not_looked_at(site: _Site) -> None:
    """Not one call for each of them: where the branch is, which commit that is, and one unit's own files."""
    site.look()
    anew = site.calls(lambda: read_catalog(opened(site.server), "main").unit("unit3"))
    known = site.calls(lambda: site.catalogs()("main").unit("unit3"))
    assert (anew > 2 * UNITS, known) == (True, 6)


def test_of_another_commit_what_differs_is_looked_at(site: _Site) -> None:
    """Also where it is on no branch; the answer is that of a look at all."""
    site.look()
    commit = site.repository.commit({"projects/unit3/a.py": ""})
    found = []
    assert site.calls(lambda: found.append(site.catalogs()(commit))) < UNITS / 2
    assert _comparable(found[0].surveyed) == _comparable(read_catalog(opened(site.server), commit).surveyed)


def test_a_warm_function_reads_nothing_of_a_commit_that_it_knows(site: _Site) -> None:
    """A train asks for the same one at each of its environments."""
    site.look()
    warm = site.catalogs()
    warm("main")
    reads = site.store.reads
    warm("main")
    assert site.store.reads == reads
    site.repository.commit({"projects/unit3/a.py": ""})
    warm("main")
    assert site.store.reads == reads + 1


def test_which_units_come_after_which_is_known_of_all(site: _Site) -> None:
    """Trains need not read each unit's own file for it; a change of nothing else is seen."""
    site.look()
    found = site.catalogs()("main").facts
    assert {name: one.after for name, one in found.items() if one.after} == {"unit1": ("unit0",)}
    file = "projects/unit1/pyproject.toml"
    site.repository.commit({file: unit() + AFTER.replace("unit0", "unit2")})
    now = site.catalogs()("main").facts["unit1"]
    assert now.after == ("unit2",)
    assert now.content == found["unit1"].content


class _Denied(MemoryStore):
    def get(self, key: str) -> bytes:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": key}}, "GetObject")


@pytest.mark.parametrize("store", [MemoryStore(), _Denied()])
def test_where_nothing_may_be_read_all_is_looked_at(site: _Site, store: Any) -> None:
    """As by a builder whose role is older than it: it takes longer, and is not wrong."""
    with pytest.raises((ArtifactError, ClientError)):
        store.get("surveys/branch.json")
    catalogs = Catalogs(opened(site.server), Surveys(store, "surveys/branch.json", "code"))
    anew = partial(read_catalog, opened(site.server))
    assert _comparable(catalogs("main").surveyed) == _comparable(anew("main").surveyed)
