"""The demonstration's story: what is changed, what must run, and what must be found in the accounts afterwards."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenacity import RetryError, Retrying, retry_if_not_result, stop_after_delay, wait_fixed

from orchestrator.bootstrap.synth import synthesize_cached
from orchestrator.cli.bootstrap import install
from orchestrator.cli.context import Context
from orchestrator.cli.decide import decide, named, pending_plan
from orchestrator.cli.live import Screen
from orchestrator.cli.local import prepare
from orchestrator.cli.output import say
from orchestrator.cli.promote import start
from orchestrator.cli.status import draw_matrix, read_matrix
from orchestrator.cli.tables import console, show
from orchestrator.demo import changes
from orchestrator.demo.accounts import PROBES, Accounts
from orchestrator.demo.host import PUSHER, push
from orchestrator.demo.ride import Ride
from orchestrator.demo.workspace import Workspace
from orchestrator.errors import OrchestratorError
from orchestrator.local.cloud import LocalCloud
from orchestrator.promotions.follow import Follower
from orchestrator.promotions.progress import Progress
from orchestrator.source.affected import verdicts
from orchestrator.trains.names import ARRIVED

ENVIRONMENTS = ["dev", "test", "staging", "prod"]
_TOGETHER = {"orders": "0.1.0.post2", "invoices": "0.1.0.post2"}
_START_SECONDS = 90.0
_LOOK_SECONDS = 0.25


class NotVerifiedError(OrchestratorError):
    """Something that the story tells of was not found in the accounts."""


@dataclass
class Story:
    """One telling.

    Args:
        root: the folder that the demonstration keeps its things in.
        port: the embedded cloud's port.
        approve: asks whether a release may go to prod.
    """

    root: Path
    port: int
    approve: Callable[[str], bool]
    verified: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workspace = Workspace(self.root / "shop")
        self.cloud = LocalCloud(self.root / "cloud", self.port)

    def tell(self) -> None:
        """Tell it all; the embedded cloud and the worker are stopped in the end, whatever happens.

        Raises:
            NotVerifiedError: something did not come out as told.
        """
        first = self.workspace.create()
        self.here = Context(self.workspace.folder)
        try:
            self._bootstrap()
            with self._worker():
                self._chapters(first)
        finally:
            self.cloud.down()

    def _bootstrap(self) -> None:
        _chapter("Five accounts on the embedded cloud, IAM enforced, get the orchestrator")
        process = self.cloud.up()
        file = prepare(self.cloud, process, self.here.organization)
        os.environ.update(
            AWS_CONFIG_FILE=str(file),
            AWS_PROFILE="tooling",
            AWS_CA_BUNDLE=str(process.certificate),
            NO_PROXY="127.0.0.1",
        )
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            os.environ.pop(name, None)
        with console.status("making the templates (CDK)"):
            templates = synthesize_cached(self.here.organization, self.root / "cache")
        install(self.here, self.here.organization, templates)
        self.accounts = Accounts(self.here.organization)

    @contextmanager
    def _worker(self) -> Iterator[None]:
        """A build worker, as a process of its own."""
        with (self.root / "worker.log").open("wb") as log:
            command = [sys.executable, "-m", "orchestrator.cli.main", "worker"]
            process = subprocess.Popen(command, cwd=self.workspace.folder, stdout=log, stderr=subprocess.STDOUT)
            try:
                yield
            finally:
                process.kill()
                process.wait()

    def _chapters(self, first: str) -> None:
        _chapter("The first merge: three units are built once and promoted to prod")
        self._merge(first, {"orders", "invoices", "nightly_report"})
        self._expect_everywhere({"orders": "0.1.0", "invoices": "0.1.0", "nightly_report": "0.1.0"})

        _chapter("One unit is changed: only that one runs")
        self._merge(changes.raise_shipping(self.workspace), {"orders"})
        self._expect_everywhere({"orders": "0.1.0.post1", "invoices": "0.1.0", "nightly_report": "0.1.0"})

        _chapter("Shared code is changed: only the unit that depends on it runs")
        self._merge(changes.check_rates(self.workspace), {"invoices"})
        self._expect_everywhere({"orders": "0.1.0.post1", "invoices": "0.1.0.post1"})

        _chapter("Two units that must change together: one train takes both, with one approval")
        self._ride()

        _chapter("A merge that weakens prod is refused, and so is what it would have let through")
        self._refuse(changes.weaken_prod(self.workspace))

        _chapter("A release that breaks in test: its smoke test fails there, and test gets back what worked")
        broken = self._merge(changes.count_cleverly(self.workspace), {"orders"}, status="FAILED")
        self._verify("the promotion says why it failed", "smoke tests in test" in broken["orders"].message)
        self._expect(
            "orders", {"dev": "0.1.0.post3", "test": "0.1.0.post2", "staging": "0.1.0.post2", "prod": "0.1.0.post2"}
        )

        _chapter("The release before is redeployed by StartExecution")
        unit = self.here.catalog("HEAD").unit("orders")
        execution = start(self.here, unit, {"version": "0.1.0.post2", "reason": "the demonstration"})
        self._follow({"orders": execution}, "SUCCEEDED")
        self._expect_everywhere({**_TOGETHER, "nightly_report": "0.1.0"})

        _chapter("In the end")
        show(draw_matrix(read_matrix(self.here.wiring.ledger, ENVIRONMENTS), ENVIRONMENTS))
        say(f"{len(self.verified)} facts were verified by calling the deployed Lambdas in their accounts.")

    def _ride(self) -> None:
        """Orders get another kind of reference, and invoices carry it: neither may be anywhere without the other."""
        train = Ride(self.here, self.approve)(changes.carry_references(self.workspace), set(_TOGETHER))
        self._verify("the train arrived", train.outcome == ARRIVED, train.message)
        self._verify("it carried both", train.versions == _TOGETHER, str(train.versions))
        self._expect_everywhere(_TOGETHER)
        for environment in ENVIRONMENTS:
            order = self.accounts.call("orders", environment, PROBES["orders"])["reference"]
            invoice = self.accounts.call("invoices", environment, PROBES["invoices"].with_payload(order=order))
            self._verify(
                f"in {environment}, an invoice carries the order's reference",
                (order[:5], invoice["order"]) == ("SHOP-", order),
                f"they are {order} and {invoice['order']}",
            )

    def _refuse(self, commit: str) -> None:
        """Have `on_merge` look at a commit that loosens the guardrails; then take the commit back."""
        branch, ledger = self.here.organization.repository.branch, self.here.wiring.ledger
        before = ledger.branches.last_starts(branch)
        on_merge = self.here.wiring.function(self.here.organization.function_arn("on_merge"))
        (problem,) = on_merge({"detail": {"branch": branch, "commit": commit}})["problems"]
        for line in problem.splitlines():
            say(f"  {line}")
        self._verify("the merge is refused for what it weakens", "prod.requires_approval" in problem, problem)
        self._verify("nothing of it was started", ledger.branches.last_starts(branch) == before)
        self._expect_everywhere(_TOGETHER)
        self.workspace.revert()

    def _merge(self, commit: str, expected: set[str], status: str = "SUCCEEDED") -> dict[str, Progress]:
        """Push, check that just the expected units run, and follow them to their end."""
        branch, ledger = self.here.organization.repository.branch, self.here.wiring.ledger
        before = ledger.branches.last_starts(branch)
        for verdict in verdicts(self.here.catalog(commit), before):
            say(f"  {'runs' if verdict.affected else '-   '} {verdict.unit}: {verdict.explanation}")
        push(self.here, branch, commit)

        def started() -> dict[str, str]:
            found = ledger.branches.last_starts(branch)
            return {unit: one.execution for unit, one in found.items() if unit not in before or one != before[unit]}

        try:
            executions = Retrying(
                retry=retry_if_not_result(lambda units: expected <= units.keys()),
                wait=wait_fixed(_LOOK_SECONDS),
                stop=stop_after_delay(_START_SECONDS),
            )(started)
        except RetryError as error:
            raise NotVerifiedError(f"Not all of {sorted(expected)} were started; see {self.cloud.log_file}.") from error
        seen = self._follow(executions, status)
        pushers = {
            unit: [one.pushed_by for one in ledger.pushes.of([unit]) if one.commit == commit] for unit in expected
        }
        self._verify("it is noted who pushed", all(who == [PUSHER] for who in pushers.values()), str(pushers))
        self._verify(f"only {', '.join(sorted(expected))} ran", set(started()) == expected)
        return seen

    def _follow(self, executions: dict[str, str], status: str) -> dict[str, Progress]:
        """Show promotions until they end, and decide where prod waits for it."""
        follower, seen = Follower(self.here.wiring.stepfunctions, time.sleep), dict.fromkeys(executions, Progress())
        decided: set[str] = set()
        screen = Screen("")
        while True:
            for unit, execution in executions.items():
                if not seen[unit].ended:
                    seen[unit] = follower.look(execution, ENVIRONMENTS)
            screen.show(seen, ENVIRONMENTS)
            if all(one.ended for one in seen.values()):
                break
            for unit in [one for one in executions if one not in decided and self._waits(one, executions[one])]:
                screen.pause()
                self._decide(unit)
                decided.add(unit)
            time.sleep(_LOOK_SECONDS)
        screen.finish(seen, ENVIRONMENTS)
        for unit, one in seen.items():
            if one.message:
                say(f"  {unit}: {one.message}")
            self._verify(f"the promotion of {unit} ended as {status}", one.status == status, f"it is {one.status}")
        return seen

    def _waits(self, unit: str, execution: str) -> bool:
        request = self.here.wiring.ledger.approvals.request(unit, "prod")
        return request is not None and request.status == "PENDING" and request.execution == execution

    def _decide(self, unit: str) -> None:
        request = self.here.wiring.ledger.approvals.request(unit, "prod")
        version = request.version if request else ""
        decision = "approve" if self.approve(f"{unit}@{version}") else "reject"
        plan = pending_plan(self.here, unit, "prod", version)
        for pusher in plan.pushers if plan else ():
            say(f"  {unit}@{version} was pushed by {pusher}")
        given = {"release": version, "decision": decision, "plan": named(plan), "reason": "demonstration"}
        say(f"  {decide(self.here, unit, 'prod', given)}")

    def _expect_everywhere(self, versions: dict[str, str]) -> None:
        for unit, version in versions.items():
            self._expect(unit, dict.fromkeys(ENVIRONMENTS, version))

    def _expect(self, unit: str, versions: dict[str, str]) -> None:
        """Call a unit in every account, and compare the version that answers."""
        for environment, version in versions.items():
            answer: dict[str, Any] = self.accounts.call(unit, environment, PROBES[unit])
            answers = (answer.get("version"), answer.get("environment"))
            self._verify(
                f"{unit} in {environment} answers as {version}", answers == (version, environment), str(answer)
            )

    def _verify(self, fact: str, true: object, otherwise: str = "") -> None:
        if not true:
            raise NotVerifiedError(f"Not so: {fact}. {otherwise}")
        self.verified.append(fact)


def _chapter(title: str) -> None:
    console.rule(f"[bold]{title}", align="left")
