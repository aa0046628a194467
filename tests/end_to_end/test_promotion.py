"""A merge becomes a promotion on the embedded cloud: real events, Lambdas, state machines, builds and roles."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from orchestrator.aws.session import CLIENT
from orchestrator.config.infrastructure import DEAD_LETTERS
from orchestrator.local.cloud import LocalCloud
from tests.end_to_end.company import Company
from tests.waiting import until

ANSWER = '"healthy": True'


@pytest.fixture(scope="module")
def company(new_company: Callable[[], Company]) -> Iterator[Company]:
    """A company whose first release is in all environments; nothing that other modules merged is still under way."""
    made = new_company()
    with made.worker():
        execution = made.merge(made.commit("Add the clock"))
        assert made.decide(execution, "approve")["status"] == "SUCCEEDED"
        assert made.follow(execution).status == "SUCCEEDED"
        yield made


def source(company: Company) -> str:
    """The unit's code as it is now."""
    return (company.folder / "projects/clock/src/clock/__init__.py").read_text()


def test_the_first_merge_is_in_every_account(company: Company) -> None:
    """The deployed Lambdas answer with the version and with where they are."""
    for name in company.environments:
        good = company.ledger.environments.running("clock", name).good
        assert good[0] == "1.0.0"
        assert company.ask(name)["environment"] == name


def test_builds_begin_with_what_on_merge_found_and_cannot_forge_it(company: Company) -> None:
    """What they could write there, promotions would follow from."""
    builder = company.builder()
    found = builder.surveys.stored()
    assert found is not None
    assert list(found.surveyed.folders) == ["clock"]
    with pytest.raises(ClientError, match="AccessDenied"):
        builder.store.put(builder.surveys.key, b"forged")


def test_what_a_deployment_would_change_is_told_without_deploying(company: Company, cloud: LocalCloud) -> None:
    """By the orchestrator's own Lambda, for people who may touch no target."""
    before = company.function("prod")[0].get_function_configuration(FunctionName=company.function("prod")[1])
    done = company.command(cloud, "plan", "clock", "prod", "--version", "1.0.0", "--output", "json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)["plan"]
    assert (plan["release"], plan["replaces"], [one["empty"] for one in plan["targets"]]) == (
        "clock@1.0.0",
        "1.0.0",
        [True] * len(company.organization.environment("prod").targets),
    )
    after = company.function("prod")[0].get_function_configuration(FunctionName=company.function("prod")[1])
    assert after["LastModified"] == before["LastModified"]


def test_an_event_that_comes_twice_starts_nothing(company: Company) -> None:
    """The second event finds nothing to do; an event that follows it is dealt with all the same."""
    arn = company.organization.state_machine_arn("promote-clock")
    start = company.ledger.branches.last_starts("main")["clock"]
    before = company.wiring.stepfunctions.list_executions(stateMachineArn=arn)["executions"]
    company.put_event({"branch": "main", "commit": start.commit})
    execution = company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Twice.\n"))
    company.decide(execution, "approve")
    assert company.follow(execution).status == "SUCCEEDED"
    after = company.wiring.stepfunctions.list_executions(stateMachineArn=arn)["executions"]
    assert len(after) == len(before) + 1


def test_a_rejected_release_stops_before_prod(company: Company) -> None:
    """Staging has it, prod keeps what it had, and the execution says who was asked and what was said."""
    kept = company.ask("prod")["version"]
    execution = company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Rejected.\n"))
    assert company.decide(execution, "reject")["status"] == "SUCCEEDED"
    seen = company.follow(execution)
    assert seen.status == "FAILED"
    assert "rejected for prod: tried" in seen.message
    assert company.ask("staging")["version"] == seen.version
    assert company.ask("prod")["version"] == kept


def test_a_gate_that_is_started_for_nothing_is_refused(company: Company) -> None:
    """The gate's execution fails, and its cause says why."""
    described = company.start_gate({"release": "9.9.9", "decision": "approve"})
    assert described["status"] == "FAILED"
    assert "No approval of clock for prod is waiting" in described["cause"]


def test_a_release_that_fails_its_smoke_test_is_rolled_back(company: Company, cloud: LocalCloud) -> None:
    """Test serves what last worked, staging and prod are untouched, no lock is left, and the cause can be read."""
    kept = {name: company.ask(name)["version"] for name in company.environments}
    good = source(company)
    broken = good.replace(ANSWER, '"healthy": os.environ["ENVIRONMENT"] != "test"')
    execution = company.merge(company.change("src/clock/__init__.py", broken))
    seen = company.follow(execution)
    assert seen.status == "FAILED"
    assert "failed its smoke tests in test" in seen.message
    assert f"returned to clock@{kept['test']}, which works" in seen.message
    assert company.ask("dev")["version"] == seen.version
    assert {name: company.ask(name)["version"] for name in ("test", "staging", "prod")} == {
        name: kept[name] for name in ("test", "staging", "prod")
    }
    assert company.ledger.environments.running("clock", "test").status == "ROLLED_BACK"
    until(lambda: company.ledger.promotions.under_way("clock") == [] or None)
    for command in (("status", "clock"), ("history", "clock")):
        told = company.command(cloud, *command, "--output", "json").stdout
        assert json.dumps(seen.message) in told
    company.change("src/clock/__init__.py", good)


def test_the_next_merge_stops_before_an_environment_on_hold(company: Company) -> None:
    """Until somebody says that it may go on."""
    held = company.follow(company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Held.\n")))
    assert (held.status, "clock is on hold in test" in held.message) == ("FAILED", True)
    assert "'orchestrator resume clock test'" in held.message
    assert company.ask("dev")["version"] == held.version
    assert company.ask("test")["version"] != held.version
    company.resume("test")
    execution = company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Resumed.\n"))
    company.decide(execution, "reject")
    seen = company.follow(execution)
    assert company.ask("test")["version"] == seen.version


def test_a_roll_back_that_fails_too_says_both(company: Company) -> None:
    """The last known good release may have stopped working for a reason of its own; the lock is free all the same."""
    marker = company.folder.parent / "outage"
    first = source(company)
    good = first.replace(ANSWER, f'"healthy": not os.path.exists({str(marker)!r})')
    execution = company.merge(company.change("src/clock/__init__.py", good))
    company.decide(execution, "reject")
    version = company.follow(execution).version
    marker.touch()
    seen = company.follow(company.merge(company.change("src/clock/__init__.py", f"{good}\n# Too late.\n")))
    marker.unlink()
    assert seen.status == "FAILED"
    assert "failed its smoke tests in dev" in seen.message
    assert f"It was returned to clock@{version}, but" in seen.message
    assert company.ledger.environments.running("clock", "dev").status == "FAILED"
    company.resume("dev")
    company.change("src/clock/__init__.py", first)


def test_a_newer_request_supersedes_the_older_one(company: Company) -> None:
    """The older promotion ends well, naming the release that took over."""
    older = company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Older.\n"))
    until(lambda: company.waits(older))
    newer = company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Newer.\n"))
    seen = company.follow(older)
    company.decide(newer, "approve")
    version = company.follow(newer).version
    assert seen.status == "SUCCEEDED"
    assert seen.message == f"clock@{seen.version} is superseded in prod by clock@{version}, asked for later."
    assert company.ask("prod")["version"] == version


def test_an_approval_that_nobody_gives_times_out(company: Company) -> None:
    """With a timeout that a test can wait for; a decision that comes too late is refused."""
    arn = company.organization.state_machine_arn("promote-clock")
    stepfunctions = company.wiring.stepfunctions
    real = stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]
    impatient = json.loads(real)
    impatient["States"]["Approve prod"]["TimeoutSeconds"] = 3
    stepfunctions.update_state_machine(stateMachineArn=arn, definition=json.dumps(impatient))
    kept = company.ask("prod")["version"]
    execution = company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Nobody.\n"))
    seen = company.follow(execution)
    stepfunctions.update_state_machine(stateMachineArn=arn, definition=real)
    assert (seen.status, seen.message) == ("FAILED", "Nobody decided on prod within 168 hours.")
    late = company.start_gate({"release": seen.version, "decision": "approve"})
    assert (late["status"], late["error"]) == ("FAILED", "REFUSED")
    assert "wait" in late["cause"]
    assert company.ask("prod")["version"] == kept


def test_a_promotion_that_is_stopped_blocks_nobody(company: Company) -> None:
    """The ledger says that it was, and a newer one goes all the way."""
    stopped = company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Stopped.\n"))
    until(lambda: company.waits(stopped))
    company.wiring.stepfunctions.stop_execution(executionArn=stopped, error="ABORTED", cause="not today")
    promotions = company.ledger.promotions
    ended = until(lambda: next((one for one in promotions.promotions("clock") if one.outcome == "ABORTED"), None))
    assert (ended.execution, "not today" in ended.message) == (stopped, True)
    late = company.start_gate({"release": ended.version, "decision": "approve"})
    assert "wait" in late["cause"]
    execution = company.merge(company.change("src/clock/__init__.py", f"{source(company)}\n# Not stopped.\n"))
    company.decide(execution, "approve")
    assert company.follow(execution).status == "SUCCEEDED"


def test_the_end_of_a_promotion_is_in_the_ledger(company: Company) -> None:
    """How each promotion ended is told by the status event."""
    ended = until(lambda: company.ledger.promotions.promotions("clock") or None)
    first = ended[-1]
    assert until(lambda: company.ledger.promotions.promotions("clock")[-1].outcome or None) == "PROMOTED"
    assert first.version == "1.0.0"


def test_a_version_is_redeployed_by_start_execution_without_a_build(company: Company) -> None:
    """Only the environments that were asked for are touched."""
    arn = company.organization.state_machine_arn("promote-clock")
    request = {"version": "1.0.0", "from": "dev", "to": "dev"}
    started = company.wiring.stepfunctions.start_execution(
        stateMachineArn=arn, name="by-hand", input=json.dumps(request)
    )
    seen = company.follow(started["executionArn"])
    assert (seen.status, set(seen.cells)) == ("SUCCEEDED", {"build", "dev"})
    assert company.ask("dev")["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"version": "7.0.0"}, "There is no release of clock '7.0.0'"),
        ({"version": "1.0.0", "to": "moon"}, "There is no environment 'moon'. Known: dev, test, staging, prod."),
        ({"version": "1.0.0", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_request_fails_with_what_is_valid(company: Company, request_: dict[str, str], said: str) -> None:
    """The execution's cause is the sentence."""
    arn = company.organization.state_machine_arn("promote-clock")
    name = f"wrong-{abs(hash(said))}"
    started = company.wiring.stepfunctions.start_execution(stateMachineArn=arn, name=name, input=json.dumps(request_))
    seen = company.follow(started["executionArn"])
    assert seen.status == "FAILED"
    assert said in seen.message


def test_a_malformed_event_is_kept_with_the_reason(company: Company) -> None:
    """It goes to the dead-letter queue, and nobody tries it again."""
    company.put_event({"commit": "of no branch"})
    sqs = company.tooling.client("sqs", config=CLIENT)
    queue = sqs.get_queue_url(QueueName=DEAD_LETTERS)["QueueUrl"]
    (message,) = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    kept = json.loads(message["Body"])
    assert "detail.branch: Field required" in kept["reason"]
    assert kept["event"]["detail"] == {"commit": "of no branch"}


def test_a_build_that_fails_says_why(company: Company) -> None:
    """The last lines of its log are in the cause, with where the whole log is."""
    project = Path(company.folder, "projects/clock/pyproject.toml")
    good = project.read_text()
    execution = company.merge(company.change("pyproject.toml", good.replace("hatchling.build", "nothing.here")))
    seen = company.follow(execution)
    assert seen.status == "FAILED"
    assert "Build of clock failed" in seen.message
    assert f"s3://{company.organization.tooling.bucket}/logs/clock/" in seen.message
    company.change("pyproject.toml", good)


def test_a_template_that_cloudformation_refuses_fails_the_plan(company: Company) -> None:
    """The plan says which stack in which account, and what CloudFormation said."""
    template = Path(company.folder, "projects/clock/template.yaml")
    good = template.read_text()
    # cfn-lint would end the build before.
    unchecked = f"Metadata: {{cfn-lint: {{config: {{ignore_checks: [E]}}}}}}\n{good}"
    refused = unchecked.replace("AWS::Lambda::Function", "AWS::No::Such")
    execution = company.merge(company.change("template.yaml", refused))
    seen = company.follow(execution)
    assert seen.status == "FAILED"
    assert "app-clock" in seen.message
    company.change("template.yaml", good)


def test_what_was_changed_by_hand_is_found(company: Company, cloud: LocalCloud) -> None:
    """Settings by CloudFormation and code by its digest; the command exits with 1, and with 0 where nothing was."""
    functions, name = company.function("dev")
    assert company.command(cloud, "drift", "clock", "staging").returncode == 0
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"VERSION": "by hand"}})
    found = company.command(cloud, "drift", "clock", "--output", "json")
    assert found.returncode == 1, found.stderr
    changes = {one["environment"]: one["targets"][0]["changes"] for one in json.loads(found.stdout)}
    assert [one["resource"] for one in changes["dev"]] == ["Clock"]
    assert "/Environment" in changes["dev"][0]["what"]
    assert "by hand" not in found.stdout
    assert changes["test"] == []
