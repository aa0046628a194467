"""`[[trains]]`: no merge may call for two trains with one unit."""

import pytest

from orchestrator.config.load import load_organization
from orchestrator.errors import ConfigurationError
from orchestrator.trains.bom import read_bom
from orchestrator.trains.names import merged_train_name
from tests.unit.config.test_load import GOOD


def trains(*tables: str) -> str:
    """An organization with trains."""
    return GOOD + "".join(f"\n[[trains]]\n{table}\n" for table in tables)


BILLING = 'name = "billing"\nunits = ["orders", "invoices"]'


def test_a_train_is_read_with_what_holds_when_nothing_is_said() -> None:
    """All the way, stopping at a failure; a member that changes by itself goes alone."""
    (found,) = load_organization(trains(BILLING)).trains
    assert (found.units, found.single, found.to, found.on_failure) == (("orders", "invoices"), "alone", None, "stop")


def test_the_longest_name_leaves_room_for_commit_and_number() -> None:
    """What a merge starts has a name that a train may have."""
    (found,) = load_organization(trains(BILLING.replace("billing", "b" * 24))).trains
    name = merged_train_name(found.name, "0123456789ab" * 4, 1_234_567)
    assert read_bom({"name": name, "units": ["orders@latest"]}, None).name == name


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([BILLING, 'name = "reports"\nunits = ["report", "orders"]'], "'orders' is in both 'billing' and 'reports'"),
        ([BILLING, BILLING], "'billing' is there more than once"),
        (['name = "billing"\nunits = ["orders", "orders"]'], "'orders' is in 'billing' more than once"),
        ([f'{BILLING}\nto = "moon"'], "'billing' ends with 'moon', and there is none but dev, prod"),
        (['name = "billing"\nunits = ["orders"]'], "trains.0.units"),
        (['name = "Billing"\nunits = ["orders", "invoices"]'], "a train's name begins with a small letter"),
        ([f'{BILLING}\nsingle = "never"'], "trains.0.single = 'never' is not valid"),
        ([f"{BILLING}\nafter = []"], "trains.0.after is not a known key; valid are name, units, single, to"),
    ],
)
def test_a_mistake_is_told_with_what_it_is_about(tables: list[str], said: str) -> None:
    """Names, keys and values."""
    with pytest.raises(ConfigurationError) as caught:
        load_organization(trains(*tables))
    assert said in str(caught.value)
