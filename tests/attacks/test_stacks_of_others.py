"""Attack: somebody who may ask for drift and plans names the stack of another unit, and sees what is in it.

A promotion that names one, whoever made its state machine, would change it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.merges import ORGANIZATION, merge, organize, project, write
from tests.moto_company import MotoCompany, moto_company
from tests.promotion_steps import Steps


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCompany]:
    """A company with two units, each of which runs in dev in its own stack."""
    with moto_company(tmp_path_factory.mktemp("company"), execute=False, environments=("dev",)) as made:
        organize(made, ORGANIZATION)
        for name in ("clock", "calendar"):
            write(made, f"projects/{name}/pyproject.toml", project(name))
        merge(made, "Add two units")
        for name in ("clock", "calendar"):
            Steps(made, made.publish("1.0.0", unit=name), "dev", f"first-{name}", stack=f"app-{name}").deployed()
        yield made


def drift(company: MotoCompany, stack: str, unit: str = "clock", **more: Any) -> Any:
    """Ask for drift as somebody who calls the function."""
    who = {"id": "arn", "name": "drift-mallory", "started_at": "2026-01-01T00:00:00Z"}
    return company.call("drift", {"unit": unit, "environment": "dev", "stack_name": stack, "execution": who, **more})


@pytest.mark.parametrize("stack", ["app-calendar", "app-elsewhere", "network", "app-clock2"])
@pytest.mark.parametrize("step", ["drift", "preview", "plan"])
def test_another_stack_than_the_units(company: MotoCompany, step: str, stack: str) -> None:
    """A unit has the stacks that a merge has claimed for it."""
    steps = Steps(company, company.ledger.releases.release("clock", "1.0.0"), "dev", "looks", stack=stack)
    with pytest.raises(AssertionError, match=rf"no stack called|{stack} is not a stack of clock in dev"):
        steps(step) if step != "drift" else drift(company, stack, version="1.0.0")


def test_a_unit_that_has_no_stacks(company: MotoCompany) -> None:
    """Its name was released, or no merge has claimed it: nothing says that any stack is its."""
    company.publish("1.0.0", unit="mallory")
    with pytest.raises(AssertionError, match="app-clock is not a stack of mallory in dev"):
        drift(company, "app-clock", "mallory", version="1.0.0")


def test_the_units_own_stack(company: MotoCompany) -> None:
    """Without the attacks, the same calls look."""
    release = company.publish("1.0.1")
    assert drift(company, "app-clock")["version"] == "1.0.0"
    assert Steps(company, release, "dev", "own")("preview")["status"] == "PLANNED"
    assert Steps(company, release, "dev", "own")("plan")["status"] == "PLANNED"
