"""A build as CodeBuild's environment variables describe it."""

import json

import pytest

from orchestrator.errors import RequestError
from orchestrator.steps.build_request import BuildInput

GOOD = {
    "BUILD_UNIT": "orders",
    "BUILD_REQUEST": json.dumps({"commit": "a" * 40, "from": "dev"}),
    "BUILD_EXECUTION_ID": "arn:aws:states:x:1:execution:promote-orders:merge-1",
    "BUILD_EXECUTION_NAME": "merge-1",
    "BUILD_STARTED_AT": "2026-06-01T12:00:00.000Z",
    "BUILD_NONCE": "secret",
    "BUILD_NETWORK": '["models.example.com"]',
}


def test_it_is_the_same_as_an_activitys_task() -> None:
    """One way to ask, two ways to carry it."""
    execution = {"id": GOOD["BUILD_EXECUTION_ID"], "name": "merge-1", "started_at": GOOD["BUILD_STARTED_AT"]}
    request, network = {"commit": "a" * 40, "from": "dev"}, ["models.example.com"]
    task = {"unit": "orders", "request": request, "execution": execution, "nonce": "secret", "network": network}
    assert BuildInput.from_environment({**GOOD, "HOME": "/root"}) == BuildInput.from_task(task)


def test_what_is_missing_is_named_with_what_to_do() -> None:
    """Somebody may run the command by hand."""
    with pytest.raises(RequestError, match=r"BUILD_UNIT is not set.*orchestrator build UNIT"):
        BuildInput.from_environment({name: value for name, value in GOOD.items() if name != "BUILD_UNIT"})


def test_a_state_machine_of_an_earlier_version_opens_nothing() -> None:
    """It knows nothing of hosts."""
    earlier = {name: value for name, value in GOOD.items() if name != "BUILD_NETWORK"}
    assert BuildInput.from_environment(earlier).opened.of("orders") == ()
    opened = BuildInput.from_environment(GOOD).opened
    assert (opened.of("orders"), opened.of("billing")) == (("models.example.com",), ())


@pytest.mark.parametrize(
    "wrong",
    [
        {"BUILD_UNIT": "../x"},
        {"BUILD_REQUEST": "{"},
        {"BUILD_REQUEST": '{"x": 1}'},
        {"BUILD_NETWORK": '["10.0.0.1"]'},
        {"BUILD_NETWORK": '["*"]'},
    ],
)
def test_what_is_not_valid_is_refused(wrong: dict[str, str]) -> None:
    """A unit's name becomes a part of keys."""
    with pytest.raises(RequestError, match=r"do not describe a build: [\w. ]+: .*\. They are, such as: orders, "):
        BuildInput.from_environment({**GOOD, **wrong})


def test_hosts_that_are_not_json_are_refused() -> None:
    """The state writes a list."""
    with pytest.raises(RequestError, match="do not describe a build: BUILD_NETWORK is not JSON"):
        BuildInput.from_environment({**GOOD, "BUILD_NETWORK": "models.example.com"})
