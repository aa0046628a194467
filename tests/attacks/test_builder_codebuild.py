"""Builds on CodeBuild that no promotion started, or that are another's: what CodeBuild says of them is what counts."""

from typing import Any

import pytest

from orchestrator.errors import AccessError
from orchestrator.publication.codebuild import CodeBuildFacts, expected_variables

BUILD = "orchestrator-build:40b92e01-0000-4000-8000-000000000000"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:promote-clock:merge-1"
EXPECTED = expected_variables("clock", EXECUTION, "n" * 43)


class CodeBuild:
    """CodeBuild, which knows one build.

    Args:
        changes: how its description differs from that of a promotion's build; None for what is missing.
    """

    def __init__(self, **changes: Any) -> None:
        variables = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in EXPECTED.items()]
        described = {
            "id": BUILD,
            "projectName": "orchestrator-build",
            "buildStatus": "IN_PROGRESS",
            "initiator": "orchestrator-promotion/aBcDeFgHiJkLmNoPqRsTuVwXyZ",
            "environment": {"environmentVariables": variables},
            **changes,
        }
        self._build = {name: value for name, value in described.items() if value is not None}

    def batch_get_builds(self, *, ids: list[str]) -> dict[str, Any]:
        """Describe it."""
        known = ids == [BUILD]
        return {"builds": [self._build] if known else [], "buildsNotFound": [] if known else ids}


def variables(**changes: str) -> dict[str, Any]:
    """An environment that differs from the one that the promotion gave."""
    given = {**EXPECTED, **changes}
    return {"environmentVariables": [{"name": name, "value": value} for name, value in given.items()]}


def test_a_build_that_its_promotion_started_is_known() -> None:
    """By its project, who started it, that it runs, and what it was given."""
    CodeBuildFacts(CodeBuild()).require(BUILD, EXPECTED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"initiator": "somebody"}, "was started by somebody, not by a promotion"),
        ({"initiator": "developer/orchestrator-promotion/"}, "not by a promotion"),
        ({"initiator": "orchestrator-promotion-of-mine/x"}, "not by a promotion"),
        ({"initiator": None}, "was started by somebody unknown"),
        ({"projectName": "mine"}, "is of the project 'mine'"),
        ({"buildStatus": "SUCCEEDED"}, "has ended as SUCCEEDED"),
        ({"buildStatus": None}, "has ended as None"),
        ({"environment": variables(BUILD_UNIT="metronome")}, "started with another BUILD_UNIT"),
        ({"environment": variables(BUILD_EXECUTION_ID="another")}, "started with another BUILD_EXECUTION_ID"),
        ({"environment": variables(BUILD_NONCE="another")}, "started with another BUILD_NONCE"),
        ({"environment": None}, "started with another BUILD_UNIT"),
    ],
)
def test_a_build_that_is_not_its_promotions_publishes_nothing(changes: dict[str, Any], reason: str) -> None:
    """Started by hand, by a role with a similar name, in another project, for another unit, or over."""
    with pytest.raises(AccessError, match=reason) as refused:
        CodeBuildFacts(CodeBuild(**changes)).require(BUILD, EXPECTED)
    assert EXPECTED["BUILD_NONCE"] not in str(refused.value)


@pytest.mark.parametrize("build", ["", "orchestrator-build:another"])
def test_a_build_that_codebuild_does_not_know_publishes_nothing(build: str) -> None:
    """What the caller calls itself is not believed."""
    with pytest.raises(AccessError, match="CodeBuild does not know the build"):
        CodeBuildFacts(CodeBuild()).require(build, EXPECTED)
