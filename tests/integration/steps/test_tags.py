"""Tags reach the stack: a unit's, an administrator's, and those that stacks are told apart by."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto.cloudformation.models import cloudformation_backends

from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps

_TEMPLATE: dict[str, Any] = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company whose administrators tag what is in prod."""
    prod = {"tags": {"Stage": "live", "Owner": "platform"}}
    with moto_company(tmp_path_factory.mktemp("company"), environments=("dev", "prod"), prod=prod) as made:
        yield made


def proposed(company: MotoCompany, environment: str) -> dict[str, str]:
    """The tags of the newest change set; moto executes them without their tags."""
    target = company.organization.environment(environment).targets[0]
    found = list(cloudformation_backends[target.account][target.region].change_sets.values())
    return dict(found[-1].tags or {})


def test_a_stack_has_the_tags_of_its_unit_and_of_its_environment(company: MotoCompany) -> None:
    """Nothing that a release says changes an administrator's."""
    mine = {"CostCenter": "4711", "Owner": "me"}
    release = company.publish("0.1.0", template=_TEMPLATE, tags={"CostCenter": "4711"})
    Steps(company, release, "dev", "first")("plan")
    own = {"orchestrator:unit": "clock", "orchestrator:environment": "dev"}
    assert proposed(company, "dev") == {"CostCenter": "4711", **own}

    # A manifest that no load of a configuration has checked.
    forged = company.publish("0.1.1", template=_TEMPLATE, tags=mine)
    Steps(company, forged, "prod", "second")("plan")
    own = {"orchestrator:unit": "clock", "orchestrator:environment": "prod"}
    assert proposed(company, "prod") == {"CostCenter": "4711", "Stage": "live", "Owner": "platform", **own}
