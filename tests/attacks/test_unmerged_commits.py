"""A commit that nobody has merged is to reach an environment: by hand, by a forged digest, from a fork."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from orchestrator.build.build import Builder, Tools
from orchestrator.build.cache import Cache
from orchestrator.build.task import BuildSetup, BuildTask
from orchestrator.cli.main import app, main
from orchestrator.ledger.controls import Quarantine
from orchestrator.source.catalog import Catalog, read_catalog
from orchestrator.source.refs.merged import MergeRule, UnmergedError
from orchestrator.steps.contract import Request
from orchestrator.steps.merges.check import check_merged
from tests.moto_accounts import REGION, TOOLING
from tests.moto_company import MotoCompany, moto_company
from tests.recorded import recorded

NUMBERS = count(1)
ORGANIZATION = f"""
[tooling]
account = "{TOOLING}"
region = "{REGION}"
[[environments]]
name = "dev"
account = "222222222222"
region = "{REGION}"
[[environments]]
name = "prod"
account = "555555555555"
region = "{REGION}"
"""
TEMPLATE = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"


@dataclass(frozen=True)
class Built:
    """A release, as far as the ledger notes it."""

    version: str
    digest: str
    commit: str
    merged: bool | None = None
    unit: str = "clock"
    author: str = "Ada <ada@example.com>"


class Shop:
    """A company with a unit on main, which was merged, and one on a branch, which was not."""

    def __init__(self, company: MotoCompany) -> None:
        self.company = company
        self.git = company.repository
        self._write("orchestrator.toml", ORGANIZATION)
        self._write("projects/clock/template.yaml", TEMPLATE)
        self.merged = self.git.commit("Add the clock")
        self.git("checkout", "--quiet", "-b", "feature")
        self._write("projects/clock/template.yaml", f"# Nobody has merged this.\n{TEMPLATE}")
        self.unmerged = self.git.commit("Change the clock")
        self.git("checkout", "--quiet", "--detach", "main")
        self._write("projects/clock/template.yaml", f"# A fork's.\n{TEMPLATE}")
        self.fork = self.git.commit("Change the clock in a fork")
        self.git("update-ref", "refs/pull/7/head", self.fork)
        self.git("checkout", "--quiet", "main")

    def _write(self, path: str, text: str) -> None:
        file = self.git.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def catalog(self, revision: str) -> Catalog:
        """What there is at a commit."""
        return read_catalog(self.company.wiring.repository, revision)

    def built(self, commit: str, *, merged: bool | None = None) -> Built:
        """A release of the clock at a commit."""
        digest = self.catalog(commit).digest("clock")
        ledger = self.company.ledger.releases
        version = ledger.claim_version("clock", digest, f"1.0.{next(NUMBERS)}")
        made = Built(version, digest, commit, merged)
        ledger.record_release(f"projects/clock/release/{version}/manifest.json", made, "0" * 64)
        return made

    def resolve(self, **request: Any) -> Any:
        """Ask the real function."""
        name = f"by-hand-{next(NUMBERS)}"
        execution = {"id": self.company.execution_arn(name), "name": name, "started_at": "2026-06-01T12:00:00Z"}
        event = {"unit": "clock", "request": request, "environments": ["dev", "prod"], "execution": execution}
        return self.company.call("resolve_release", event)

    def is_known(self, made: Built) -> bool:
        """Whether the ledger notes that a release is of a merged commit."""
        return self.company.ledger.merges.contains(self.company.ledger.releases.release("clock", made.version))

    def allow_unmerged(self, *environments: str) -> None:
        """Have the guardrails allow it."""
        organization = self.company.organization
        repository = organization.repository.model_copy(update={"allow_unmerged": environments})
        version = self.company.wiring.guardrails().version + 1
        changed = organization.model_copy(update={"repository": repository})
        self.company.wiring.guardrail_records.record(recorded(changed, version))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """One whose executions do not run."""
    with moto_company(tmp_path, environments=("dev", "prod"), execute=False) as company:
        yield Shop(company)


@pytest.mark.parametrize("merged", [True, False, None])
def test_a_release_of_an_unmerged_commit_is_refused(shop: Shop, merged: bool | None) -> None:  # noqa: FBT001  # A case.
    """Whatever its builder says of that, which may be the commit's own code that has broken out."""
    made = shop.built(shop.unmerged, merged=merged)
    with pytest.raises(AssertionError, match=f"main of file:.* does not contain the commit {shop.unmerged}"):
        shop.resolve(version=made.version)
    assert not shop.is_known(made)


def test_a_release_of_a_merged_commit_is_noted_and_not_asked_about_again(shop: Shop) -> None:
    """The repository may no longer tell, because its history is kept for some time only."""
    made = shop.built(shop.merged)
    shop.resolve(version=made.version)
    assert shop.is_known(made)
    shop.git("checkout", "--quiet", "--orphan", "fresh")
    shop.git.commit("Begin a new history")
    shop.git("branch", "--quiet", "--force", "main")
    assert shop.resolve(version=made.version)["release"]["version"] == made.version


def test_what_is_noted_of_a_release_holds_for_its_manifest(shop: Shop) -> None:
    """A session that publishes can overwrite the release's item in the ledger, so that it names another one."""
    made = shop.built(shop.merged)
    shop.resolve(version=made.version)
    release = shop.company.ledger.releases.release("clock", made.version)
    swapped = release.model_copy(update={"manifest_sha256": "1" * 64})
    assert shop.company.ledger.merges.contains(release)
    assert not shop.company.ledger.merges.contains(swapped)


def test_a_digest_in_the_input_does_not_lead_to_another_release(shop: Shop) -> None:
    """A merged commit beside it proves nothing of what the digest was built from, whoever may name one."""
    made = shop.built(shop.unmerged, merged=False)
    with pytest.raises(AssertionError, match="names branch and digest, which only a merge may name"):
        shop.resolve(commit=shop.merged, digest=made.digest, branch="main")
    release = shop.company.ledger.releases.release("clock", made.version)
    rule = MergeRule(shop.company.wiring.repository, "main")
    request = Request(commit=shop.merged, digest=made.digest, branch="main")
    with pytest.raises(UnmergedError, match="does not contain the commit"):
        check_merged(rule, shop.catalog, release, request, ["dev"])


def test_what_was_merged_by_squashing_may_go(shop: Shop) -> None:
    """The release is of a commit that the branch never contains; what is in it, is merged."""
    made = shop.built(shop.unmerged, merged=False)
    shop.git("merge", "--quiet", "--squash", "feature")
    squashed = shop.git.commit("Change the clock")
    document = shop.resolve(commit=squashed)
    assert document["release"]["version"] == made.version
    assert shop.is_known(made)


def test_an_unmerged_commit_goes_where_the_guardrails_allow_it_and_no_further(shop: Shop) -> None:
    """Plan and later steps do not find it among those that are merged."""
    made = shop.built(shop.unmerged, merged=False)
    shop.allow_unmerged("dev")
    with pytest.raises(AssertionError, match=r"is refused in prod.*only in dev"):
        shop.resolve(version=made.version)
    assert shop.resolve(version=made.version, to="dev")["release"]["version"] == made.version
    assert not shop.is_known(made)


def test_a_commit_of_a_fork_goes_nowhere(shop: Shop) -> None:
    """Though the host gives it out under its id."""
    made = shop.built(shop.fork, merged=False)
    shop.allow_unmerged("dev", "prod")
    with pytest.raises(AssertionError, match="as with commits of forks"):
        shop.resolve(version=made.version, to="dev")


def test_an_unmerged_commit_is_not_built(shop: Shop, tmp_path: Path) -> None:
    """Nothing of it is run."""
    wiring = shop.company.wiring
    tools = Tools(find_uv_bin(), sys.executable, {}, Cache(tmp_path / "cache"))
    builder = Builder(wiring.repository, wiring.store, wiring.ledger.releases, tools)
    rule = MergeRule(wiring.repository, "main", frozenset({"dev"}))
    setup = BuildSetup(builder, wiring.store)
    build = BuildTask(partial(read_catalog, wiring.repository), rule, lambda _: setup)
    execution = {"id": shop.company.execution_arn("x"), "name": "x", "started_at": "2026-06-01T12:00:00Z"}
    for commit, to, said in (
        (shop.unmerged, "prod", "is refused in prod"),
        (shop.unmerged, None, "is refused in prod"),
        (shop.fork, "dev", "as with commits of forks"),
    ):
        with pytest.raises(UnmergedError, match=said):
            build({"unit": "clock", "request": {"commit": commit, "to": to}, "execution": execution, "nonce": "n" * 43})
    assert not (tmp_path / "cache").exists()


def merge_events(shop: Shop) -> str:
    """A queue that hears all merge events."""
    queue = shop.company.sqs.create_queue(QueueName="merges")["QueueUrl"]
    events = shop.company.client_of(TOOLING, "events")
    events.put_rule(Name="merges", EventPattern='{"source": ["orchestrator"]}')
    events.put_targets(Rule="merges", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{TOOLING}:merges"}])
    return queue


def test_a_merge_event_of_an_unmerged_commit_is_refused_at_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be heard, and nothing would follow from it; a merged one is told, and the newest if none is named."""
    queue = merge_events(shop)
    for commit in (shop.unmerged, shop.fork):
        with pytest.raises(SystemExit) as ended:
            main(["--repository", str(shop.git.folder), "merge", commit])
        assert ended.value.code == 2
        said = " ".join(capsys.readouterr().err.split())
        assert f"does not contain the commit {commit}" in said
        assert "push" in said
    assert shop.company.read(queue) == []
    for arguments in ([], [shop.merged]):
        app(args=["--repository", str(shop.git.folder), "merge", *arguments], standalone_mode=False)
        (event,) = shop.company.read(queue)
        assert event["detail"] == {"branch": "main", "commit": shop.merged}


def test_where_the_repository_cannot_be_asked_the_event_is_put(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody may tell of merges without access to the repository that the orchestrator reads."""
    queue = merge_events(shop)
    elsewhere = shop.git.folder / "orchestrator.toml"
    elsewhere.write_text(f'{ORGANIZATION}\n[repository]\nurl = "file:///nowhere"\n')
    app(args=["--repository", str(shop.git.folder), "merge", shop.merged], standalone_mode=False)
    assert "cannot be asked from here" in capsys.readouterr().err
    assert len(shop.company.read(queue)) == 1


@pytest.mark.parametrize("what", ["unmerged", "fork", "quarantine", "skipped", "unknown"])
def test_promote_refuses_at_once_what_would_be_refused(
    shop: Shop, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is started."""
    shop.company.install()
    made = shop.built(shop.merged, merged=True)
    version, commit = ["--version", made.version], ["--commit"]
    if what == "quarantine":
        shop.company.ledger.controls.set_quarantine(
            Quarantine(unit="clock", version=made.version, reason="It leaks.", by="somebody")
        )
    arguments, said = {
        "unmerged": ([*commit, shop.unmerged], "does not contain the commit"),
        "fork": ([*commit, shop.fork], "does not contain the commit"),
        "quarantine": (version, f"clock@{made.version} is in quarantine: It leaks."),
        "skipped": ([*version, "--from", "prod"], "it has not passed dev"),
        "unknown": (["--version", "9.9.9"], "There is no release of clock '9.9.9'"),
    }[what]
    with pytest.raises(SystemExit) as ended:
        main(["--repository", str(shop.git.folder), "promote", "clock", *arguments])
    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
    arn = shop.company.organization.state_machine_arn("promote-clock")
    assert shop.company.wiring.stepfunctions.list_executions(stateMachineArn=arn)["executions"] == []
