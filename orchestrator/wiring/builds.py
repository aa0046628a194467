"""Wires what lets builds publish: the steps before and during Build, and the builder's side of it."""

from typing import TYPE_CHECKING

from orchestrator.aws.session import CLIENT, lasting_session
from orchestrator.wiring.wiring import Wiring, now

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3

    from orchestrator.publication.begin import BeginPublish
    from orchestrator.publication.contract import Purpose
    from orchestrator.publication.work import Publication
    from orchestrator.releases.built_by import BuiltBy
    from orchestrator.steps.build_request import BuildInput
    from orchestrator.steps.prepare_build import BuildPreparer


class BuildWiring(Wiring):
    """Puts together Prepare build and begin_publish."""

    def prepare_build(self) -> "BuildPreparer":
        """Wire Prepare build."""
        from orchestrator.publication.contract import new_secret
        from orchestrator.steps.prepare_build import BuildPreparer

        return BuildPreparer(self.ledger.builds, new_secret, now, self.guardrails)

    def begin_publish(self) -> "BeginPublish":
        """Wire what builders call."""
        from orchestrator.publication.begin import BeginPublish, Publisher
        from orchestrator.publication.codebuild import CodeBuildFacts

        publisher = Publisher(
            role=self.settings["publisher_role"],
            bucket=f"arn:aws:s3:::{self.settings['bucket']}",
            table=self.settings["ledger_arn"],
            promotions=self.settings["promotions"],
        )
        is_codebuild = self.settings["build_runner"] == "codebuild"
        facts = CodeBuildFacts(self.session.client("codebuild", config=CLIENT)) if is_codebuild else None
        sts = self.session.client("sts", config=CLIENT)
        return BeginPublish(self.ledger.builds, self.stepfunctions, sts, publisher, facts)


class BuilderWiring(Wiring):
    """What a builder works with: a role that reads sources, and for each build sessions of one unit."""

    def publication(
        self, wanted: "BuildInput", builder: "BuiltBy", new_session: "Callable[..., boto3.Session]"
    ) -> "Publication":
        """What a build may read and publish.

        Args:
            wanted: the build, as its task describes it.
            builder: who carries it out.
            new_session: makes sessions, as `boto3.Session` does.
        """
        from orchestrator.publication.contract import SessionCredentials, new_secret
        from orchestrator.publication.work import Opened, Publication

        key = new_secret()
        who = {"build" if builder.kind == "codebuild" else "worker": builder.name}

        def opened(purpose: "Purpose") -> Opened:
            # Checked by the function: what it says of a request does not show the secrets in it.
            asked = {"execution": wanted.execution.id, "nonce": wanted.nonce, "key": key, "purpose": purpose, **who}
            begin = self.function(self.settings["begin_publish"])

            def fetch() -> dict[str, str]:
                given = SessionCredentials.model_validate(begin(asked))
                return {
                    "access_key": given.access_key_id,
                    "secret_key": given.secret_access_key,
                    "token": given.session_token,
                    "expiry_time": given.expires_at.isoformat(),
                }

            session = lasting_session(new_session, fetch, self.session.region_name)
            limited = Wiring(session, self.settings)
            return Opened(limited.store, limited.ledger)

        return Publication(opened, self.settings["bucket"])
