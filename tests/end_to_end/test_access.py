"""People with the managed policies that are documented, on the embedded cloud, which enforces them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orchestrator.aws.session import CLIENT
from orchestrator.local.cloud import LocalCloud
from tests.end_to_end.company import Company
from tests.end_to_end.shared import Shared
from tests.waiting import until

Person = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def company(installation: Shared) -> Iterator[Company]:
    """A company with one unit, of which prod asks for approval."""
    with installation.company("gnomon") as made:
        yield made


@pytest.fixture(scope="module")
def person(company: Company) -> Person:
    """Makes somebody with the policy of a role; tells the variables of the command line with their credentials."""
    iam = company.tooling.client("iam", config=CLIENT)

    def make(role: str) -> dict[str, Any]:
        iam.create_user(UserName=role)
        policy = f"arn:aws:iam::{company.organization.tooling.account}:policy/orchestrator-{role}"
        iam.attach_user_policy(UserName=role, PolicyArn=policy)
        key = iam.create_access_key(UserName=role)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    return make


def test_an_approver_sees_the_plan_decides_and_hears_what_became_of_it(
    company: Company, person: Person, cloud: LocalCloud
) -> None:
    """With that policy alone; an operator, who may start promotions, may not decide."""
    execution = company.merge(company.commit("Add the gnomon"))
    version = until(lambda: company.waits(execution))
    arguments = ("approve", company.unit, "prod", "--release", version, "--yes")
    refused = company.command(cloud, *arguments, **person("operator"))
    assert refused.returncode == 1
    assert "states:StartExecution" in refused.stderr
    done = company.command(cloud, *arguments, **person("approver"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in prod: " in done.stdout
    assert "cannot be shown" not in done.stderr
    assert company.follow(execution).status == "SUCCEEDED"


def test_a_viewer_looks_and_starts_nothing(company: Company, person: Person, cloud: LocalCloud) -> None:
    """Neither a promotion nor a merge."""
    viewer = person("viewer")
    seen = company.command(cloud, "status", **viewer)
    assert seen.returncode == 0, seen.stdout + seen.stderr
    for arguments in (("promote", company.unit), ("merge",)):
        refused = company.command(cloud, *arguments, **viewer)
        assert refused.returncode == 1
        assert "is not authorized to perform" in refused.stderr
