"""What CodeBuild itself says of a build: which promotion it was started for, and by whom."""

from typing import Any, Protocol

from orchestrator.config.infrastructure import BUILD_PROJECT, PROMOTION_ROLE
from orchestrator.errors import AccessError
from orchestrator.frozen import dataclass
from orchestrator.steps.build_request import EXECUTION_ID, NONCE, UNIT


class CodeBuild(Protocol):
    """The client of CodeBuild, as far as it is used."""

    def batch_get_builds(self, *, ids: list[str]) -> dict[str, Any]:
        """Describe builds."""


@dataclass(frozen=True)
class CodeBuildFacts:
    """Asks CodeBuild.

    Args:
        codebuild: of the tooling account.
    """

    codebuild: CodeBuild

    def require(self, build: str, expected: dict[str, str]) -> None:
        """Check that a promotion started a build, with variables such as BUILD_UNIT.

        Args:
            build: CodeBuild's id of it.
            expected: the variables that it must have been given.

        Raises:
            AccessError: it is another project's, has ended, was started by somebody else, or for something else.
        """
        found = self.codebuild.batch_get_builds(ids=[build])["builds"]
        if len(found) != 1:
            raise AccessError(f"CodeBuild does not know the build {build!r}: it cannot publish anything.")
        described = found[0]
        if described.get("projectName") != BUILD_PROJECT:
            raise AccessError(
                f"The build {build} is of the project {described.get('projectName')!r}: only those of "
                f"{BUILD_PROJECT!r} publish releases."
            )
        if described.get("buildStatus") != "IN_PROGRESS":
            raise AccessError(f"The build {build} has ended as {described.get('buildStatus')}: it publishes no more.")
        initiator = described.get("initiator", "")
        if not initiator.startswith(f"{PROMOTION_ROLE}/"):
            raise AccessError(
                f"The build {build} was started by {initiator or 'somebody unknown'}, not by a promotion (a session of "
                f"{PROMOTION_ROLE}): it publishes nothing. Start a promotion: orchestrator promote UNIT."
            )
        variables = {
            one["name"]: one["value"]
            for one in described.get("environment", {}).get("environmentVariables", ())
            if one.get("type", "PLAINTEXT") == "PLAINTEXT"
        }
        for name, value in expected.items():
            if variables.get(name) != value:
                # Not with the value: one of them is a secret.
                raise AccessError(f"The build {build} was started with another {name} than it publishes for.")


def expected_variables(unit: str, execution: str, nonce: str) -> dict[str, str]:
    """What Build gave a build as environment variables, as far as it tells what the build is for."""
    return {UNIT: unit, EXECUTION_ID: execution, NONCE: nonce}
