"""Differences between a file and the guardrails."""

import pytest

from orchestrator.bootstrap.guardrails import drafted
from orchestrator.config.authority import Authority, authority_of
from orchestrator.config.environment import Environment
from orchestrator.config.load import load_organization
from orchestrator.guardrails.differences import STRICT_ENOUGH, differences
from orchestrator.guardrails.document import Guardrails, guarded_part, placed
from tests.organization_toml import organization_toml
from tests.recorded import recorded

TEXT = organization_toml("dev", "prod") + "requires_approval = true\nrequired_approvals = 2\n"


def test_every_combined_key_says_when_a_file_is_strict_enough() -> None:
    """A new one without that would be looked up in vain at the first merge."""
    combined = {name for name, field in Environment.model_fields.items() if authority_of(field) is Authority.COMBINED}
    assert STRICT_ENOUGH.keys() == combined


def test_a_file_is_like_the_guardrails_that_were_recorded_of_it() -> None:
    """Whatever it says of what the repository decides on."""
    file = load_organization(f'units = ["services/*"]\ntrain_parallel = 3\n{TEXT}')
    assert differences(file, recorded(file).organization) == []


def test_free_keys_are_not_recorded() -> None:
    """They have their defaults."""
    guarded = guarded_part(load_organization(f'units = ["services/*"]\n{TEXT}\n[lambda]\npython = "3.12"\n'))
    assert (guarded.units, guarded.lambda_.python) == (("projects/*",), "3.13")


def test_a_version_is_read_as_it_was_written() -> None:
    """As JSON, aliases included."""
    version = recorded(load_organization(TEXT))
    assert Guardrails.model_validate_json(version.model_dump_json(by_alias=True)) == version


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("required_approvals = 2", "required_approvals = 3", "environments.prod.required_approvals is 3"),
        ('name = "prod"', 'name = "live"', "environments.prod is not there, the guardrails say"),
        ("222222222222", "777777777777", "environments.dev.targets is"),
    ],
)
def test_a_bootstrap_is_told_of_every_difference(before: str, after: str, said: str) -> None:
    """Also of what is only stricter: the file and the guardrails are to say the same."""
    found = differences(load_organization(TEXT.replace(before, after)), recorded(load_organization(TEXT)).organization)
    assert any(str(one).startswith(said) for one in found), found


def test_a_version_tells_what_was_and_what_is() -> None:
    """In a list of versions, 'the guardrails say' would mean the ones before."""
    known = recorded(load_organization(TEXT))
    stricter = load_organization(TEXT.replace("required_approvals = 2", "required_approvals = 3"))
    made = drafted(stricter, known, "arn:aws:iam::111111111111:role/platform", known.recorded_at)
    assert made.changes == ("environments.prod.required_approvals was 2 and is 3",)


def test_another_order_is_a_difference() -> None:
    """What comes before what is the guardrails' alone."""
    dev, prod = organization_toml("dev", "prod"), organization_toml("prod", "dev")
    found = differences(load_organization(prod), load_organization(dev), looser=True)
    assert str(found[0]).startswith("the order of environments")


def test_accounts_and_roles_come_from_the_guardrails_and_the_rest_from_the_file() -> None:
    """What is made of both is what state machines and infrastructure are made of."""
    file = load_organization(
        f"train_parallel = 3\n{TEXT}".replace("222222222222", "777777777777").replace("2\n", "4\n")
    )
    made = placed(file, load_organization(TEXT))
    assert made.environment("dev").targets[0].account == "222222222222"
    assert (made.train_parallel, made.environment("prod").required_approvals) == (3, 4)
