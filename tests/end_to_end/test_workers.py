"""Real worker processes on the embedded cloud: they share the queue, stop gracefully, and hand back what they began."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from botocore.exceptions import ClientError

from orchestrator.bootstrap.install import Bootstrap
from orchestrator.config.infrastructure import PROMOTION_ROLE
from orchestrator.config.organization import Organization
from orchestrator.confine.processes import descendants
from orchestrator.errors import StepError
from orchestrator.ledger.builds import PreparedBuild
from orchestrator.ledger.ledger import Ledger
from orchestrator.local.accounts import profiles, write_profiles
from orchestrator.local.cloud import LocalCloud
from orchestrator.publication.contract import Purpose
from orchestrator.releases import layout
from orchestrator.releases.built_by import BuiltBy
from orchestrator.releases.store import ArtifactStore
from orchestrator.source.catalog import read_catalog
from orchestrator.steps.build_request import BuildInput
from state_machines.build import PREPARE, build_states
from tests.end_to_end.company import Company
from tests.hanging_project import hanging_project
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

_BACKEND = "import time\ntime.sleep(600)\n"


@dataclass(frozen=True)
class Worker:
    """A worker's process, what it says, and its folder for what is to be removed."""

    process: "subprocess.Popen[bytes]"
    log: Path
    temporary: Path

    def says(self, text: str) -> None:
        """Wait until it says something."""
        until(lambda: text in self.log.read_text() or None)

    def stop(self) -> None:
        """Ask it to stop, and wait until it has understood."""
        self.process.send_signal(signal.SIGTERM)
        self.says("Stopping")

    def builds(self) -> None:
        """Wait until it builds."""
        until(lambda: bool(descendants(self.process.pid)) or None)


class Reach(Protocol):
    """What somebody's credentials are tried on."""

    @property
    def store(self) -> ArtifactStore:
        """The artifacts bucket."""

    @property
    def ledger(self) -> Ledger:
        """The ledger."""


class Site:
    """A company whose state machine is a build alone, and its workers."""

    def __init__(self, company: Company, environment: dict[str, str], logs: Path) -> None:
        self.company = company
        self._environment = environment
        self._logs = logs
        self._machine = self._create()
        self._count = 0

    def _create(self) -> str:
        unit = read_catalog(self.company.wiring.repository, "main").unit("clock")
        states = {**build_states(unit, self.company.organization, then="Done"), "Done": {"Type": "Succeed"}}
        # Each worker here has one poll alone, and none while it builds: nothing has to be waited for.
        states["Build"]["Retry"][0]["IntervalSeconds"] = 1
        made = self.company.wiring.stepfunctions.create_state_machine(
            name=unit.state_machine_name,
            definition=json.dumps({"StartAt": PREPARE, "States": states}),
            roleArn=self.company.organization.tooling_role_arn(PROMOTION_ROLE),
        )
        return made["stateMachineArn"]

    @contextmanager
    def worker(self) -> Iterator["Worker"]:
        """A worker that does one build at a time; killed in the end if it still runs."""
        self._count += 1
        log, temporary = self._logs / f"worker-{self._count}.log", self._logs / f"tmp-{self._count}"
        temporary.mkdir()
        command = [sys.executable, "-m", "orchestrator.cli.main", "worker", "--parallel", "1"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.company.folder,
                env={**self._environment, "TMPDIR": str(temporary)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            worker = Worker(process, log, temporary)
            worker.says("Waiting for builds")
            yield worker
        finally:
            process.kill()
            process.wait()

    def start(self, commit: str) -> str:
        """Ask for a build; returns the execution."""
        request = json.dumps({"commit": commit})
        started = self.company.wiring.stepfunctions.start_execution(stateMachineArn=self._machine, input=request)
        return started["executionArn"]

    def ended(self, execution: str) -> dict[str, Any]:
        """Wait for an execution's end."""

        def look() -> dict[str, Any] | None:
            described = dict(self.company.wiring.stepfunctions.describe_execution(executionArn=execution))
            return described if described["status"] != "RUNNING" else None

        return until(look)


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    new_organization: Callable[[str], Organization],
    bootstrap_of: Callable[[Organization], Bootstrap],
    root_of: Callable[..., boto3.Session],
    new_session: Callable[..., boto3.Session],
    cloud: LocalCloud,
) -> Site:
    """A site whose repository has a unit that builds."""
    folder = tmp_path_factory.mktemp("repository")
    organization = new_organization(folder.as_uri())
    company = Company(organization, folder, root_of, new_session)
    list(bootstrap_of(organization).install())
    company.found()
    company.commit("Add the clock")
    process, logs = cloud.running(), tmp_path_factory.mktemp("workers")
    assert process is not None
    write_profiles(logs / "config", profiles(organization), process)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = {**kept, "AWS_CONFIG_FILE": str(logs / "config"), "AWS_PROFILE": "tooling", "NO_PROXY": "127.0.0.1"}
    return Site(company, environment, logs)


def hanging(company: Company) -> str:
    """A commit whose build hangs."""
    good = (company.folder / "projects/clock/pyproject.toml").read_text()
    company.change("backend.py", _BACKEND)
    commit = company.change("pyproject.toml", hanging_project("clock", "1.0.0"))
    company.change("pyproject.toml", good)
    return commit


def attacks_of(reach: Reach, unit: str) -> list[Callable[[], object]]:
    """What somebody might write with a role: a release, a log, a version, and the secret of a build."""
    build = PreparedBuild("0" * 64, 2_000_000_000)
    return [
        lambda: reach.store.publish(layout.manifest_key(unit, "9.9.9"), b"{}", made_of="digest"),
        lambda: reach.store.put(layout.build_log_key(unit, "merge-1"), b"nothing happened"),
        lambda: reach.ledger.releases.claim_version(unit, "digest", "9.9.9"),
        lambda: reach.ledger.builds.prepare(unit, "merge-1", build),
    ]


def test_a_builders_role_reaches_nothing_by_itself_and_one_unit_by_its_task(site: Site) -> None:
    """Code that gets hold of it writes nothing; what begin_publish opens for a task is of the task's unit alone."""
    company = site.company
    execution = site.start(company.repository.head)
    builder = company.builder()
    polled = builder.stepfunctions.get_activity_task(activityArn=company.organization.build_activity_arn)
    task = BuildInput.from_task(json.loads(polled["input"]))
    assert task.execution.id == execution
    publication = builder.publication(task, BuiltBy("worker", "w"), company.new_session)
    reading, publishing = (publication.session(purpose) for purpose in (Purpose.READ, Purpose.PUBLISH))
    own = layout.template_key("clock", "9.9.9")
    refused: list[Callable[[], object]] = [
        *attacks_of(builder, "clock"),
        *attacks_of(reading, "clock"),
        *attacks_of(publishing, "metronome"),
        # Once is allowed, again is not, whatever the request leaves out.
        lambda: publishing.store.put(own, b"altered"),
    ]
    assert publishing.store.publish(own, b"{}", made_of="digest") == publishing.store.find(own)
    for attack in refused:
        with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
            attack()
    stolen = builder.publication(task, BuiltBy("worker", "w"), company.new_session)
    with pytest.raises(StepError, match="was used by another builder"):
        stolen.session(Purpose.PUBLISH)
    company.wiring.stepfunctions.stop_execution(executionArn=execution)


def test_workers_share_the_queue_and_hand_back_what_they_do_not_finish(site: Site) -> None:
    """One that is ended at once leaves neither a process behind nor a promotion waiting."""
    stuck, good = hanging(site.company), site.company.commit("Good again")
    with ExitStack() as workers:
        first = workers.enter_context(site.worker())
        hangs = site.start(stuck)
        first.builds()
        second = workers.enter_context(site.worker())
        assert site.ended(site.start(good))["status"] == "SUCCEEDED"

        left = descendants(first.process.pid)
        first.stop()
        first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(30) == 130
        assert list(first.temporary.iterdir()) == []
        until(lambda: not [one for one in left if Path(f"/proc/{one.id}").exists()] or None)
        second.builds()
        site.company.wiring.stepfunctions.stop_execution(executionArn=hangs)


def test_a_worker_that_is_stopped_finishes_its_build_and_takes_no_other(site: Site) -> None:
    """It ends with a success, and the next build waits for another worker."""
    company = site.company
    commits = [company.change("src/clock/__init__.py", f"def handle(*_):\n    return {number}\n") for number in (1, 2)]
    with site.worker() as stopped:
        execution = site.start(commits[0])
        stopped.builds()
        stopped.stop()
        waiting = site.start(commits[1])
        assert stopped.process.wait(60) == 0
    assert site.ended(execution)["status"] == "SUCCEEDED"
    assert company.wiring.stepfunctions.describe_execution(executionArn=waiting)["status"] == "RUNNING"
    with site.worker():
        assert site.ended(waiting)["status"] == "SUCCEEDED"
