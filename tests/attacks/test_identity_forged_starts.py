"""Attacks with the input of an execution: whoever starts one claims to be a merge, a train or a retry."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.aws.executions import execution_arn
from orchestrator.ledger.controls import Hold
from orchestrator.ledger.promotions import Promotion
from orchestrator.steps.contract import Execution
from tests.attacks.gate import user
from tests.merges import look, project, write
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

PLACES = ["dev", "prod"]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company in which whoever starts a promotion does not decide on it."""
    prod = {"excluded_approvers": ["starter"], "approvers": ["*"]}
    folder = tmp_path_factory.mktemp("company")
    with moto_company(folder, environments=("dev", "prod"), execute=False, prod=prod) as made:
        made.change("Begin the clock")
        yield made


def toml(company: MotoCompany) -> str:
    """The file that the guardrails were recorded from."""
    organization = company.organization
    environments = "".join(
        f'\n[[environments]]\nname = "{one.name}"\naccount = "{one.targets[0].account}"\nregion = "eu-west-1"\n'
        for one in organization.environments[:-1]
    )
    *_, prod = organization.environments
    targets = ", ".join(f'{{ account = "{one.account}", region = "{one.region}" }}' for one in prod.targets)
    last = f'name = "prod"\ntargets = [{targets}]\nrequires_approval = true\napprovers = ["*"]\n'
    return (
        f'[tooling]\naccount = "{organization.tooling.account}"\nregion = "eu-west-1"\n'
        f'[repository]\nurl = "{organization.repository.url}"\n'
        f'{environments}\n[[environments]]\n{last}excluded_approvers = ["starter"]\n'
    )


def resolve(company: MotoCompany, name: str, request: dict[str, Any]) -> Any:
    """Resolve the release of an execution that was started with something."""
    execution = Execution(id=company.execution_arn(name), name=name, started_at=datetime.now(UTC))
    step = {"unit": "clock", "environments": PLACES, "execution": execution.model_dump(mode="json")}
    return company.call("resolve_release", {**step, "request": request})


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        ({"branch": "main"}, "names branch, which only a merge may name"),
        ({"digest": "digest-of-1.0.0"}, "names digest, which only a merge may name"),
        ({"branch": "main", "digest": "digest-of-1.0.0"}, "names branch and digest, which only a merge may name"),
        ({"retry_of": "merge-1"}, "knows no failed promotion of clock under that name"),
        ({"train": "billing"}, "is not one of the promotions of a train billing"),
    ],
)
def test_what_only_a_merge_may_say_is_refused_of_anybody_else(
    company: MotoCompany, claimed: dict[str, str], said: str
) -> None:
    """Nobody becomes a merge by saying so, nor promotes one commit's release in the name of another commit."""
    if not company.ledger.releases.release_with_digest("clock", "digest-of-1.0.0"):
        company.publish("1.0.0")
    with pytest.raises(AssertionError, match=said):
        resolve(company, "by-hand", {"commit": company.repository.head, **claimed})


def test_the_name_of_a_merges_promotion_is_not_enough(company: MotoCompany) -> None:
    """It can be foreseen: somebody starts it first, with permission to skip what guards the environments."""
    asked = {"branch": "main", "commit": company.repository.head, "digest": "digest-of-1.0.1"}
    company.publish("1.0.1")
    company.ledger.starts.note("clock", company.execution_arn("merge-a"), asked)
    with pytest.raises(AssertionError, match="somebody has used its name"):
        resolve(company, "merge-a", {**asked, "override_freeze": True, "reason": "mine"})
    with pytest.raises(AssertionError, match="somebody has used its name"):
        resolve(company, "merge-a", {"version": "1.0.1"})
    assert resolve(company, "merge-a", asked)["release"]["version"] == "1.0.1"


def test_a_merges_promotion_is_not_lost_to_somebody_who_took_its_name(company: MotoCompany) -> None:
    """`start_promotion` says that the name is taken, instead of taking the execution for its own."""
    write(company, "orchestrator.toml", toml(company))
    write(company, "projects/clock/pyproject.toml", project("clock"))
    first = look(company, company.commit("Merge"))
    name = company.ledger.branches.last_starts("main")["clock"].execution.rsplit(":", 1)[-1]
    assert company.ledger.starts.noted("clock", company.execution_arn(name)) is not None
    write(company, "projects/clock/more.txt", "more")
    commit = company.commit("Merge more")
    company.call("on_merge", {"detail": {"branch": "main", "commit": commit}})
    demand = company.ledger.branches.standings("main")["clock"].demand
    assert demand is not None
    foreseen = f"merge-{demand.commit[:12]}-{demand.digest[:12]}-{demand.run}"
    machine = company.organization.state_machine_arn("promote-clock")
    company.wiring.stepfunctions.start_execution(stateMachineArn=machine, name=foreseen, input='{"version": "1.0.0"}')
    assert company.deliver_starts() != []
    last = company.ledger.branches.last_starts("main")["clock"]
    assert (last.commit, last.execution) == (first["commit"], execution_arn(machine, name))


def test_who_starts_by_hand_what_looks_like_a_merge_is_the_starter(company: MotoCompany) -> None:
    """The gate asks the ledger, whatever the input and the request say."""
    release = company.publish("1.1.0")
    steps = Steps(company, release, "prod", "as-if-merged")
    steps.input["request"] = {"branch": "main", "commit": release.commit, "digest": release.digest}
    plan = steps("plan")
    gate = company.organization.state_machine_arn("clock-approve-prod")
    steps("request_approval", plan=plan, gate_arn=gate, token="t0ken")
    alice = user("alice").replace("1" * 12, company.organization.tooling.account)
    company.record_start(company.organization.state_machine_arn("promote-clock"), "as-if-merged", alice)
    company.record_start(gate, "mine", alice)
    given = {"release": "1.1.0", "decision": "approve", "plan": plan["plan_hash"][:12], "reason": ""}
    now = datetime.now(UTC).isoformat()
    step = {"unit": "clock", "environment": "prod", "gate": execution_arn(gate, "mine"), "started_at": now}
    answer = company.call("decide", {**step, "merged": {}, "decision": given})
    assert (answer["status"], "started the promotion" in answer["message"]) == ("REFUSED", True)


def test_a_hold_stops_what_merges_started_and_what_they_noted_alone(company: MotoCompany) -> None:
    """A person may go in; who claims to be a merge does not get there at all."""
    company.ledger.controls.set_hold(Hold(unit="clock", environment="dev", version="0.9", reason="0.9 failed."))
    release = company.publish("1.2.0")
    merged, by_hand = Steps(company, release, "dev", "merge-b"), Steps(company, release, "dev", "by-hand-2")
    company.ledger.starts.note("clock", merged.execution.id, {"commit": release.commit, "branch": "main"})
    assert merged("plan")["status"] == "HELD"
    assert by_hand("plan")["status"] == "PLANNED"


def test_a_retry_is_of_a_promotion_that_failed(company: MotoCompany) -> None:
    """For the same release or commit, and no other one."""
    release = company.publish("1.3.0")
    failed = Execution(id=company.execution_arn("merge-c"), name="merge-c", started_at=datetime.now(UTC))
    begun = Promotion(
        unit="clock",
        execution=failed.id,
        name=failed.name,
        started_at=failed.order.split("#")[0],
        version="1.3.0",
        commit=release.commit,
    )
    company.ledger.promotions.record_begin(begun, failed)
    assert resolve(company, "retry-1", {"version": "1.3.0", "retry_of": "merge-c"})["request"]["retry_of"] == "merge-c"
    with pytest.raises(AssertionError, match="knows no failed promotion of clock under that name"):
        resolve(company, "retry-2", {"version": "1.0.0", "retry_of": "merge-c"})
    ended = begun.model_copy(update={"status": "SUCCEEDED", "ended_at": "2099-01-01T00:00:00.000Z"})
    company.ledger.promotions.record_end(ended, failed)
    with pytest.raises(AssertionError, match="knows no failed promotion of clock under that name"):
        resolve(company, "retry-3", {"version": "1.3.0", "retry_of": "merge-c"})


@pytest.mark.parametrize("claimed", [{"branch": "main"}, {"commit": "c", "digests": {"clock": "d"}}])
def test_a_train_that_no_merge_called_for_does_not_say_that_one_did(
    company: MotoCompany, claimed: dict[str, Any]
) -> None:
    """Nor carries on one that no merge called for."""
    machine = company.organization.state_machine_arn("orchestrator-train")
    execution = Execution(id=execution_arn(machine, "mine"), name="mine", started_at=datetime.now(UTC))
    units = {} if "digests" in claimed else {"units": ["clock@1.0.0"]}
    for request in ({**units, **claimed}, {**units, **claimed, "retry_of": "times-abc-1"}):
        with pytest.raises(AssertionError, match="which only a merge may name"):
            company.call("resolve_train", {"execution": execution.model_dump(mode="json"), "request": request})
