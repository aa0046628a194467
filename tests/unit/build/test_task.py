"""A build as the state machine asks for it."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from orchestrator.build.task import BuildSetup, BuildTask
from orchestrator.errors import AccessError, BuildError, RequestError, UnknownNameError
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.catalog import read_catalog
from orchestrator.source.refs.merged import MergeRule
from tests.unit.build.fakes import Workshop

LOG = "logs/orders/merge-1/build.log"


def task(unit: str = "orders", **request: str) -> dict[str, Any]:
    """The input of the activity."""
    execution = {"id": "arn:aws:states:x:1:execution:promote-orders:merge-1", "name": "merge-1"}
    started = {**execution, "started_at": "2026-06-01T12:00:00.000Z"}
    return {"unit": unit, "request": request, "execution": started, "nonce": "secret"}


@pytest.fixture
def build_task(workshop: Workshop) -> BuildTask:
    """The task with the fake uv."""
    setup = BuildSetup(workshop.builder, workshop.store)
    rule = MergeRule(workshop.repository, "main")
    return BuildTask(partial(read_catalog, workshop.repository), rule, lambda _: setup)


def test_a_build_answers_with_the_version_and_where_its_log_is(build_task: BuildTask, store: ArtifactStore) -> None:
    """It is what the state machine goes on with."""
    assert build_task(task(commit="a" * 40)) == {
        "status": "SUCCEEDED",
        "message": "orders@0.1.0 was built from aaaaaaaaaaaa.",
        "retry_after": 0,
        "version": "0.1.0",
        "reused": False,
        "log": LOG,
    }
    assert b"== build wheel and sdist\n" in store.get(LOG)
    manifest = json.loads(store.get("projects/orders/release/0.1.0/manifest.json"))
    assert manifest["merged"] is True


def test_without_a_commit_the_branch_is_built(build_task: BuildTask) -> None:
    """A second time it is found, not built."""
    build_task(task())
    again = build_task(task())
    assert again["message"] == "orders@0.1.0 was built before from the same inputs."
    assert again["reused"] is True


def test_a_failed_build_keeps_its_log_too(build_task: BuildTask, store: ArtifactStore, machine: Path) -> None:
    """The error says where it is."""
    (machine / "fail-install").write_text("no such file", encoding="utf-8")
    with pytest.raises(BuildError) as raised:
        build_task(task())
    assert raised.value.__notes__ == [f"The whole log is s3://artifacts/{LOG}"]
    assert store.get(LOG).decode().count("no such file") >= 2


def test_a_unit_that_is_not_there_is_an_error_with_a_log(build_task: BuildTask, store: ArtifactStore) -> None:
    """Whatever goes wrong, the log is there to be read."""
    with pytest.raises(UnknownNameError, match=r"There is no unit 'order'\. Known: orders"):
        build_task(task("order"))
    assert b"There is no unit 'order'" in store.get("logs/order/merge-1/build.log")


class Refusing:
    """Logs that may not be kept."""

    def location(self, key: str) -> str:
        """Not asked for."""
        raise AssertionError(key)

    def put(self, key: str, _content: Path) -> None:
        """Refuse."""
        raise AccessError(f"{key} may not be written")


def test_a_failed_build_says_so_also_where_its_log_cannot_be_kept(workshop: Workshop, machine: Path) -> None:
    """Why it failed matters more."""
    (machine / "fail-install").write_text("no such file", encoding="utf-8")
    setup = BuildSetup(workshop.builder, Refusing())
    rule = MergeRule(workshop.repository, "main")
    build_task = BuildTask(partial(read_catalog, workshop.repository), rule, lambda _: setup)
    with pytest.raises(BuildError) as raised:
        build_task(task())
    assert raised.value.__notes__ == [f"Its log could not be kept: {LOG} may not be written"]


def test_a_task_that_describes_no_build_is_refused_without_its_secret(build_task: BuildTask) -> None:
    """The refusal is written to logs."""
    with pytest.raises(RequestError, match="does not describe a build") as raised:
        build_task({**task(), "unit": "Orders!", "nonce": "hush"})
    assert "hush" not in str(raised.value)
