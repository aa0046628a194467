"""A unit may not be called as release trains are."""

import pytest

from orchestrator.config.load import load_organization, unit_of
from orchestrator.config.told import NOTHING, Told
from orchestrator.errors import ConfigurationError
from orchestrator.trains.names import train_gate_name

ORGANIZATION = load_organization(
    """
    tooling = { account = "111111111111", region = "eu-west-1" }
    environments = [{ name = "prod", account = "222222222222", region = "eu-west-1" }]
    """
)
PROJECT = {"version": "0.1.0"}
NAMED = {"project": PROJECT, "tool": {"orchestrator": {"name": "train"}}}
TOLD = Told('unit."ml/orders"', {"name": "train"})


@pytest.mark.parametrize(
    ("document", "folder", "told", "where"),
    [
        ({"project": PROJECT}, "ml/train", NOTHING, "ml/train/pyproject.toml: tool.orchestrator.name ="),
        ({"project": PROJECT}, "ml/Train", NOTHING, "ml/Train/pyproject.toml: tool.orchestrator.name ="),
        (NAMED, "ml/orders", NOTHING, "ml/orders/pyproject.toml: tool.orchestrator.name ="),
        ({"project": PROJECT}, "ml/orders", TOLD, 'orchestrator.toml: unit."ml/orders".name ='),
        ({}, "ml/train", NOTHING, 'orchestrator.toml: unit."ml/train".name ='),
    ],
)
def test_a_unit_whose_gates_would_be_those_of_trains_is_refused(
    document: dict[str, object], folder: str, told: Told, where: str
) -> None:
    """Named by the file and the key that give it another name."""
    with pytest.raises(ConfigurationError) as caught:
        unit_of(document, folder, ORGANIZATION, told)
    said = str(caught.value)
    assert said.startswith(f"{where} 'train' is not valid")
    assert "such as 'unit-train'" in said


def test_the_name_that_is_proposed_instead_is_valid() -> None:
    """Its gates are its own, and so are those of a unit whose name only begins so."""
    settings = {"project": PROJECT, "tool": {"orchestrator": {"name": "unit-train"}}}
    gates = {
        unit_of(settings, "ml/train", ORGANIZATION).gate_name("prod"),
        unit_of({"project": PROJECT}, "ml/trainer", ORGANIZATION).gate_name("prod"),
    }
    assert train_gate_name("prod") not in gates


def test_shared_code_may_be_called_so() -> None:
    """It has no gates."""
    library = {"project": PROJECT, "tool": {"orchestrator": {"library": True}}}
    assert unit_of(library, "libraries/train", ORGANIZATION).name == "train"
