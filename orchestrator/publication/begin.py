"""begin_publish: open a session that one build publishes one unit with, once it is known to be that build.

Nothing is taken from the caller but what is compared with facts. Its role is a builder's, which code of every unit may
have got hold of; so the secret of the build's task counts, once: the first call of an attempt redeems it, before any
code of the unit runs, with a key that the builder keeps to itself. Later calls of that attempt need the same key.
"""

import hashlib
import hmac
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.errors import AccessError
from orchestrator.frozen import dataclass
from orchestrator.ledger.builds import BuildRecords
from orchestrator.publication.attempt import Attempt, current_attempt
from orchestrator.publication.codebuild import CodeBuildFacts, expected_variables
from orchestrator.publication.contract import BeginPublishInput, SessionCredentials
from orchestrator.publication.session_policy import session_policy

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

# Of a session that was assumed with another role's session, STS allows no longer.
SECONDS = 3600
_SESSION_NAME = 64
_NAME = r"(?P<unit>[a-z][a-z0-9_-]{0,39}):(?P<name>[A-Za-z0-9_-]{1,80})"


@dataclass(frozen=True)
class Publisher:
    """The role whose sessions are opened, and what they are limited to.

    Attributes:
        role: its ARN.
        bucket: ARN of the tooling account's artifacts bucket.
        table: ARN of the ledger.
        promotions: what ARNs of promotions' executions begin with: `arn:aws:states:...:execution:promote-`.
    """

    role: str
    bucket: str
    table: str
    promotions: str


@dataclass(frozen=True)
class BeginPublish:
    """Carries it out.

    Args:
        builds: the secrets that builds were given.
        stepfunctions: of the tooling account.
        sts: with permission to assume the publisher's role.
        publisher: the role.
        codebuild: facts of builds, None where workers of an activity build.
    """

    builds: BuildRecords
    stepfunctions: "SFNClient"
    sts: "STSClient"
    publisher: Publisher
    codebuild: CodeBuildFacts | None

    def __call__(self, asked: BeginPublishInput) -> SessionCredentials:
        """Open a session for the unit whose build the caller carries out.

        Raises:
            AccessError: the caller does not carry out a build that a promotion waits for.
        """
        unit, name = self._promotion(asked.execution)
        prepared = self.builds.prepared(unit, name)
        if prepared is None or not _is_same(prepared.nonce, asked.nonce):
            raise AccessError(
                f"This is not the secret of the build that {asked.execution} waits for: nothing is published for it. "
                "Builds are given their secret by the state 'Prepare build'."
            )
        attempt = current_attempt(self.stepfunctions, asked.execution)
        self._check_builder(asked, unit, attempt)
        redeemed = replace(prepared, attempt=attempt.number, key=_sha256(asked.key))
        if not self.builds.redeem(unit, name, redeemed):
            # Its own answer may have been lost, or its session may be about to end.
            known = self.builds.prepared(unit, name)
            if known is None or known.attempt != attempt.number or not _is_same(known.key, asked.key):
                raise AccessError(
                    f"The secret of the build that {asked.execution} waits for was used by another builder: it counts "
                    "once for each try. Start the promotion again: orchestrator promote UNIT."
                )
        return self._open(asked, unit, name)

    def _promotion(self, execution: str) -> tuple[str, str]:
        """The unit and the name of a promotion, from its ARN."""
        found = re.fullmatch(re.escape(self.publisher.promotions) + _NAME, execution)
        if found is None:
            raise AccessError(
                f"{execution!r} is not a promotion here: expected {self.publisher.promotions}<unit>:<name>."
            )
        return found["unit"], found["name"]

    def _check_builder(self, asked: BeginPublishInput, unit: str, attempt: Attempt) -> None:
        """Refuse whoever is not known to carry the attempt out."""
        if self.codebuild is not None:
            self.codebuild.require(asked.build, expected_variables(unit, asked.execution, asked.nonce))
        elif asked.build:
            raise AccessError(
                "Builds on CodeBuild publish nothing here: [build] runner of the guardrails is 'activity'."
            )
        elif attempt.worker is not None and attempt.worker != asked.worker:
            raise AccessError(
                f"The build that {asked.execution} waits for was given to the worker {attempt.worker!r}, not to "
                f"{asked.worker!r}: what {asked.worker!r} builds is not published."
            )

    def _open(self, asked: BeginPublishInput, unit: str, name: str) -> SessionCredentials:
        policy = session_policy(unit, asked.purpose, self.publisher.bucket, self.publisher.table)
        credentials = self.sts.assume_role(
            RoleArn=self.publisher.role,
            RoleSessionName=f"{unit}@{name}"[:_SESSION_NAME],
            Policy=policy,
            DurationSeconds=SECONDS,
        )["Credentials"]
        return SessionCredentials(
            unit=unit,
            access_key_id=credentials["AccessKeyId"],
            secret_access_key=credentials["SecretAccessKey"],
            session_token=credentials["SessionToken"],
            expires_at=credentials["Expiration"],
        )


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _is_same(sha256: str, secret: str) -> bool:
    return hmac.compare_digest(sha256, _sha256(secret))
